"""The command lines that a plan prints: what would do the same by hand."""

import shlex
from dataclasses import replace

import pytest

from deploy.planning import plan_commands
from deploy.planning.desired import Desired
from deploy.planning.plan import decide
from deploy.seqera.models import Label, Studio
from tests.deploy.wishes import AROUND, local, made, secret, wish


def commands(desired: Desired, actual: Studio | None) -> list[str]:
    return list(plan_commands.of(decide(desired, actual, AROUND)))


def test_a_create_is_one_line_of_tw() -> None:
    desired = wish(description="it's ours; $HOME")
    (line,) = commands(desired, None)
    words = shlex.split(line)
    assert words[:4] == ["tw", "--output=json", "studios", "add"]
    assert "--description=it's ours; $HOME" in words
    labels = ",".join(f"{name}={value}" for name, value in desired.all_labels.items())
    assert f"--labels={labels}" in words


def test_secrets_and_local_values_are_named_not_shown() -> None:
    (line,) = commands(wish(environment={"A": secret("planted-1"), "B": local("planted-2")}), None)
    assert '--env=A="$A" --env=B="$B"' in line
    assert "planted" not in line


@pytest.mark.parametrize(
    "said", [{"labels": {"a": "b,c"}}, {"description": "--cpu=5"}, {"name": "é"}]
)
def test_what_tw_cannot_do_is_said_with_the_call_of_the_api(said: dict[str, object]) -> None:
    (line,) = commands(wish(**said), None)
    assert line.startswith("# through the API, POST /studios?workspaceId=71&autoStart=true: tw")


def test_each_step_has_a_line() -> None:
    stop, rename, create = commands(wish(image="b:2"), made(wish()))
    assert shlex.split(stop) == [
        *("tw", "--output=json", "studios", "stop", "--id=a1b2c3d4", "--workspace=71")
    ]
    assert rename.startswith("# through the API, PUT /studios/a1b2c3d4?workspaceId=71: rename")
    assert "--custom-template=b:2" in create
    (start,) = commands(wish(), made(wish(), "stopped"))
    assert shlex.split(start)[3] == "start"
    change, start = commands(wish(cpu=4), made(wish(), "stopped"))
    assert change.endswith(": change resources.cpu")
    assert commands(wish(cpu=4, auto_start=False), made(wish(), "stopped")) == [change]
    assert commands(wish(cpu=4), made(wish(), "stopping")) == [change, start]
    assert commands(wish(), made(wish())) == []


def test_in_the_users_own_workspace_none_is_named() -> None:
    desired = wish(workspace_id=None)
    _, rename, create = commands(replace(desired, image="b:2"), made(desired))
    assert "PUT /studios/a1b2c3d4: rename" in rename
    assert "--workspace" not in create


def test_a_replacement_keeps_the_labels_of_others() -> None:
    actual = made(wish())
    labelled = replace(actual, labels=(*actual.labels, Label(99, "owner", "ada")))
    *_, create = commands(wish(image="b:2"), labelled)
    assert "owner=ada" in create
