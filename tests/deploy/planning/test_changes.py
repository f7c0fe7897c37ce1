"""What differs between a Studio as it should be and as it is, field by field."""

import json
from dataclasses import replace
from typing import Any

import pytest

from deploy.planning import plan_text
from deploy.planning.changes import Change
from deploy.planning.desired import SPEC
from deploy.planning.plan import Plan, decide
from deploy.seqera.models import Mount
from tests.deploy.wishes import AROUND, DATA, OTHER_CE, RUNS, local, made, plain, secret, wish


def said(plan: Plan) -> str:
    return "\n".join(plan_text.lines(plan)) + json.dumps(plan.to_json())


@pytest.mark.parametrize(
    ("new", "old", "change"),
    [
        ({}, {"description": "x"}, Change("description", "x", "Runs of everybody")),
        ({}, {"description": None}, Change("description", "not set", "Runs of everybody")),
        ({"description": ""}, {}, Change("description", "Runs of everybody", '""')),
        ({}, {"cpu": 1}, Change("resources.cpu", "1", "2")),
        ({}, {"memory": 4096}, Change("resources.memory", "4096 MiB", "8192 MiB")),
        (
            {"memory": 0},
            {},
            Change("resources.memory", "8192 MiB", "the compute environment's own"),
        ),
        ({}, {"gpu": 1}, Change("resources.gpu", "1", "0")),
        ({}, {"lifespan_h": 8}, Change("session.lifespan", "8 h", "unlimited")),
        ({"lifespan_h": 8}, {"lifespan_h": None}, Change("session.lifespan", "not set", "8 h")),
        ({"ssh": True}, {"ssh": False}, Change("session.ssh", "false", "true")),
        ({"ssh": True}, {}, Change("session.ssh", "not set", "true")),
        ({"private": True}, {}, Change("session.private", "false", "true", "replace")),
        ({"spot": True}, {}, Change("session.spot", "not readable", "true", "at start")),
        (
            {"spot": False},
            {"spot": True},
            Change("session.spot", "not readable", "false", "at start"),
        ),
        ({}, {"mounts": ()}, Change("data-links", "none", "runs")),
        ({"mounts": ()}, {}, Change("data-links", "runs", "none")),
        ({"mounts": (RUNS, DATA)}, {}, Change("data-links", "runs", "data, runs")),
        ({"environment": {"A": plain("1")}}, {}, Change("environment.A", "not set", "1")),
        ({}, {"environment": {"A": plain("1")}}, Change("environment.A", "1", "not set")),
        (
            {"environment": {"A": plain("2\n3")}},
            {"environment": {"A": plain("")}},
            Change("environment.A", '""', '"2\\n3"'),
        ),
        ({"labels": {"team": "x"}}, {}, Change("labels.team", "research", "x")),
        ({}, {"labels": {}}, Change("labels.team", "not set", "research")),
        ({"image": "b:2"}, {}, Change("image", "ghcr.io/acme/mlflow:1", "b:2", "replace")),
        ({"compute_env": OTHER_CE}, {}, Change("compute-env", "env ce1", "aws-us", "replace")),
    ],
)
def test_each_field_is_a_change_of_its_own(
    new: dict[str, Any], old: dict[str, Any], change: Change
) -> None:
    plan = decide(wish(**new), made(wish(**old)), AROUND)
    assert plan.changes == (change,)
    assert plan.action == ("replace" if change.how == "replace" else "update")
    assert f"{change.field}: {change.old} -> {change.new}" in said(plan)


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"description": None}, {}),
        ({"lifespan_h": None}, {"lifespan_h": 8}),
        ({"ssh": None}, {"ssh": True}),
        ({"spot": None}, {"spot": True}),
        # A label that is not in the profile may be anybody's.
        ({"labels": {}}, {}),
        ({"mounts": (DATA, RUNS)}, {"mounts": (RUNS, DATA)}),
        ({}, {"environment": {"STUDIO_RESTORE_FROM": plain("a/1")}}),
        ({"origin": replace(wish().origin, git="f" * 40)}, {}),
    ],
)
def test_no_opinion_is_no_change(new: dict[str, Any], old: dict[str, Any]) -> None:
    plan = decide(wish(**new), made(wish(**old)), AROUND)
    assert (plan.action, plan.changes) == ("nothing", ())


def test_what_the_platform_does_not_tell_is_as_the_last_deploy_left_it() -> None:
    desired = wish(spot=True, ssh=False, lifespan_h=0, cpu=0, memory=0)
    actual = made(desired)
    assert actual.configuration is not None
    silent = replace(actual.configuration, ssh=None, lifespan_h=None, cpu=4, memory=16384)
    actual = replace(actual, configuration=silent)
    assert decide(desired, actual, AROUND).action == "nothing"
    labels = tuple(each for each in actual.labels if each.name != SPEC)
    plan = decide(desired, replace(actual, labels=labels), AROUND)
    assert [change.field for change in plan.changes] == [
        "resources.cpu",
        "resources.memory",
        "session.lifespan",
        "session.spot",
        "session.ssh",
    ]


def test_a_mount_of_one_folder_is_another_mount() -> None:
    actual = made(wish())
    assert actual.configuration is not None
    part = replace(actual.configuration, mounts=(Mount(RUNS.id, "2024"),))
    plan = decide(wish(), replace(actual, configuration=part), AROUND)
    assert plan.changes == (Change("data-links", "runs/2024", "runs"),)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ({}, {"TOKEN": secret("planted-1")}, ("not set", "***")),
        ({"TOKEN": plain("planted-0")}, {}, ("***", "not set")),
        (
            {"TOKEN": plain("planted-0")},
            {"TOKEN": secret("planted-1")},
            ("***", "*** (another value)"),
        ),
        ({"A": plain("planted-0")}, {"A": local("planted-1")}, ("***", "*** (another value)")),
        ({"A": plain("pg://u:planted-0@h/d")}, {"A": plain("pg://h/d")}, ("***", "pg://h/d")),
        ({"A": plain("has planted-9 in it")}, {}, ("***", "not set")),
        ({"MLFLOW_SERVER_SECRETS_CACHE_TTL": plain("20")}, {}, ("20", "not set")),
    ],
)
def test_secrets_are_masked_old_and_new(
    old: dict[str, Any], new: dict[str, Any], shown: tuple[str, str]
) -> None:
    around = replace(AROUND, secrets=("planted-9",))
    plan = decide(wish(environment=new), made(wish(environment=old)), around)
    assert [(change.old, change.new) for change in plan.changes] == [shown]
    assert "planted" not in said(plan)
