"""What tw cannot do of what the profile wants: found before it is tried."""

from dataclasses import replace
from typing import Any

import pytest

from deploy.seqera.limits import supports
from tests.deploy.wishes import CE, RUNS, Label, local, plain, secret, wish

NEWEST, OLDER, OLDEST = (0, 38, 0), (0, 36, 2), (0, 11, 0)

# What is wished, and the fields that the newest tw cannot do.
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "the usual": ({}, []),
    "all resources to the environment": ({"cpu": 0, "memory": 0, "gpu": 0}, []),
    "without a limit": ({"lifespan_h": 0}, []),
    "the workspace's lifespan": ({"lifespan_h": None}, []),
    "spot and ssh": ({"spot": False, "ssh": True}, []),
    "no mounts": ({"mounts": ()}, []),
    "a comma in a link's id": ({"mounts": (replace(RUNS, id="a,b"),)}, ["data-links"]),
    "a name with a comma": ({"name": "a, b"}, []),
    "a name with spaces around": ({"name": " a "}, []),
    "a name that is a word of tw": ({"name": "studios"}, []),
    "a name that is an option": ({"name": "-c"}, ["name"]),
    "a name that begins with a dash": ({"name": "-x"}, ["name"]),
    "a name with an umlaut": ({"name": "Prüfung"}, ["name"]),
    "a description that is an option": ({"description": "--cpu=5"}, ["description"]),
    "a description of two lines": ({"description": "a\nb"}, []),
    "a description that begins with an at": ({"description": "@notes"}, []),
    "an empty description": ({"description": ""}, []),
    "a variable that looks like an option": ({"environment": {"A": plain("--cpu=5")}}, []),
    "a variable with commas": ({"environment": {"A": plain("a,b=c")}}, []),
    "a variable with an umlaut": ({"environment": {"A": plain("ü")}}, ["environment.A"]),
    "a variable with a zero": ({"environment": {"A": plain("\0")}}, ["environment.A"]),
    "a secret": ({"environment": {"A": secret("hunter2")}}, ["environment.A"]),
    "a value of this machine": ({"environment": {"A": local("x")}}, ["environment.A"]),
    "a comma in a label": ({"labels": {"team": "a,b"}}, ["labels.team"]),
    "an equals sign in a label": ({"labels": {"a=b": "c"}}, ["labels.a=b"]),
    "a quote in a label": ({"labels": {"team": '"a"'}}, ["labels.team"]),
    "a label without a value": ({"labels": {"team": " "}}, ["labels.team"]),
    "a label with an umlaut": ({"labels": {"team": "ü"}}, ["labels.team"]),
    "a label of the compute environment": (
        {"compute_env": replace(CE, labels=(Label(1, "cost", "a,b"),))},
        ["labels.cost"],
    ),
    "all at once": (
        {"name": "-c", "environment": {"A": secret("x"), "B": secret("y")}},
        ["name", "environment.A", "environment.B"],
    ),
}


@pytest.mark.parametrize(("wished", "fields"), CASES.values(), ids=CASES)
def test_each_thing_that_it_cannot_is_named(wished: dict[str, Any], fields: list[str]) -> None:
    found = supports(wish(**wished), NEWEST)
    assert [each.field for each in found] == fields
    assert all(each.why and str(each).startswith(each.field) for each in found)
    assert "hunter2" not in str(found)


NEW = [
    ({"environment": {"A": plain("b")}}, "environment"),
    ({"ssh": False}, "session.ssh"),
    ({"spot": True}, "session.spot"),
]


@pytest.mark.parametrize(("wished", "field"), NEW)
def test_an_older_one_lacks_some_options(wished: dict[str, Any], field: str) -> None:
    (limit,) = supports(wish(**wished), OLDER)
    assert (limit.field, "0.37" in limit.why) == (field, True)
    assert supports(wish(**wished), (0, 37)) == supports(wish(**wished), NEWEST) == ()
    assert supports(wish(), OLDER) == ()


def test_the_oldest_one_is_another_program() -> None:
    assert [each.field for each in supports(wish(), OLDEST)] == ["tw"]


def test_who_accepts_secrets_in_arguments_may_have_them() -> None:
    desired = wish(environment={"A": secret("hunter2"), "B": plain("ü")})
    found = supports(desired, NEWEST, secret_arguments=True)
    assert [each.field for each in found] == ["environment.B"]


def test_the_labels_that_are_given_count_and_not_those_of_the_wish() -> None:
    found = supports(wish(labels={"team": "a,b"}), NEWEST, {"kept": "by-hand"})
    assert found == ()
