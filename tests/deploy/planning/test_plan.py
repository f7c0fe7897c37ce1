"""What a deploy decides to do: every status, every image, and nothing twice."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.planning import plan_text
from deploy.planning.changes import Change
from deploy.planning.desired import OURS, Desired
from deploy.planning.plan import Circumstances, Seen, decide
from deploy.planning.store import Store
from deploy.seqera.models import Label
from tests.deploy.wishes import (
    AROUND,
    CE,
    DATA,
    LINK,
    OTHER_CE,
    RUNS,
    made,
    plain,
    secret,
    updated,
    wish,
)

DIGEST = "sha256:" + "ab" * 32


def test_where_there_is_no_studio_one_is_created() -> None:
    plan = decide(wish(), None, AROUND)
    assert (plan.action, plan.changes, plan.loss) == ("create", (), "")
    assert plan.steps == (
        'create "mlflow" and start it',
        "wait until it runs",
        "ask whether it is ready",
    )
    assert decide(wish(auto_start=False), None, AROUND).steps == ('create "mlflow"',)


def test_the_second_time_there_is_nothing_to_do() -> None:
    plan = decide(wish(), made(wish()), AROUND)
    assert (plan.action, plan.changes, plan.steps, plan.warnings) == ("nothing", (), (), ())


def test_a_compute_environment_with_the_same_work_directory_can_take_the_studio_over() -> None:
    plan = decide(wish(compute_env=OTHER_CE), made(wish()), replace(AROUND, movable=True))
    assert (plan.action, plan.changes[0].how) == ("update", "in place")


@pytest.mark.parametrize(
    ("status", "auto_start", "changes", "action", "first"),
    [
        ("running", True, False, "nothing", None),
        ("starting", True, False, "nothing", None),
        ("building", True, False, "nothing", None),
        ("stopped", True, False, "start", 'start "mlflow"'),
        ("errored", True, False, "start", 'start "mlflow"'),
        ("buildFailed", True, False, "start", 'start "mlflow"'),
        ("stopping", True, False, "start", "wait until it is stopped"),
        ("stopped", False, False, "nothing", None),
        ("running", False, False, "nothing", None),
        ("running", True, True, "update", 'stop "mlflow"'),
        ("stopping", True, True, "update", "wait until it is stopped"),
        ("stopped", True, True, "update", 'change "mlflow"'),
    ],
)
def test_the_status_decides_what_comes_first(
    status: str, auto_start: bool, changes: bool, action: str, first: str | None
) -> None:
    desired = wish(auto_start=auto_start, cpu=4 if changes else 2)
    plan = decide(desired, made(wish(), status), AROUND)
    assert plan.action == action
    assert (plan.steps[0] if plan.steps else None) == first


@pytest.mark.parametrize(
    ("status", "auto_start", "starts"),
    [("running", False, True), ("stopped", False, False), ("stopped", True, True)],
)
def test_what_ran_before_a_change_runs_after_it(
    status: str, auto_start: bool, starts: bool
) -> None:
    plan = decide(wish(cpu=4, auto_start=auto_start), made(wish(), status), AROUND)
    assert ('start "mlflow"' in plan.steps) is starts


def test_a_replacement_puts_the_old_studio_aside_and_keeps_it() -> None:
    plan = decide(wish(image="b:2"), made(wish()), AROUND)
    assert plan.why == "image cannot be changed in a Studio"
    assert plan.steps == (
        'stop "mlflow"',
        "wait until it is stopped",
        'rename it to "mlflow-previous-<time>"',
        'create "mlflow" and start it',
        "wait until it runs",
        "ask whether it is ready",
        "keep the old Studio, stopped, for studioctl rollback",
    )


TEMPORARY = ["wave.seqera.io/wt/one/x:1", "wave.seqera.io/wt/two/x:1"]


@pytest.mark.parametrize(
    ("status", "expired", "said", "action"),
    [
        ("running", False, {}, "nothing"),
        ("running", True, {}, "nothing"),
        ("running", True, {"cpu": 4}, "replace"),
        ("running", False, {"cpu": 4}, "update"),
        ("stopped", False, {}, "start"),
        ("stopped", True, {}, "replace"),
        ("stopped", True, {"auto_start": False}, "nothing"),
        ("stopped", True, {"auto_start": False, "cpu": 4}, "update"),
    ],
)
def test_an_image_of_the_same_content_is_replaced_only_when_it_has_to_start_and_cannot(
    status: str, expired: bool, said: dict[str, Any], action: str
) -> None:
    old, new = (wish(image=image, context_digest=DIGEST) for image in TEMPORARY)
    around = replace(AROUND, expired=expired)
    plan = decide(replace(new, **said), made(old, status), around)
    assert plan.action == action
    assert any(change.field == "image" for change in plan.changes) is (action == "replace")


def test_an_image_that_was_removed_is_replaced_by_another_of_its_content() -> None:
    old, new = (wish(image=f"ghcr.io/acme/x:{n}", context_digest=DIGEST) for n in (1, 2))
    plan = decide(new, made(old, "stopped"), replace(AROUND, expired=True))
    assert (plan.action, "is gone" in plan.why) == ("replace", True)
    # Built again under its own name, it is there for the next start.
    assert decide(old, made(old, "stopped"), replace(AROUND, expired=True)).action == "start"


def test_what_an_image_was_made_from_is_remembered() -> None:
    built = wish(context_digest=DIGEST, spot=True)
    plan = decide(replace(built, context_digest=None), made(built), AROUND)
    assert plan.action == "nothing"
    assert plan.desired.own_labels == built.own_labels


def test_other_content_is_another_image() -> None:
    old, new = (wish(image=f"{n}:1", context_digest=f"sha256:{n * 64}") for n in "ab")
    assert decide(new, made(old), AROUND).action == "replace"


def test_somebody_elses_studio_is_taken_over_with_a_warning() -> None:
    theirs = replace(made(wish()), labels=(Label(9, "team", "research"),), creator="ada")
    plan = decide(wish(), theirs, AROUND)
    assert plan.changes == (Change(f"labels.{OURS}", "not set", "mlflow"),)
    assert plan.action == "update"
    assert "was not made by studioctl" in plan.warnings[0]
    assert "ada" in plan.warnings[0]


def test_a_studio_that_was_put_aside_is_named_where_its_successor_is_missing() -> None:
    # Its replacement was interrupted, or the successor was deleted: nobody can tell.
    aside = made(wish(), "stopped", name="mlflow-previous-20260101T000000Z")
    plan = decide(wish(), None, replace(AROUND, previous=(aside,)))
    assert (plan.action, plan.why) == ("create", decide(wish(), None, AROUND).why)
    assert f'"{aside.name}" (a1b2c3d4)' in plan.warnings[0]
    assert "studioctl rollback" in plan.warnings[0]


@pytest.mark.parametrize(("said", "kind"), [({}, "checkpoint"), ({"cpu": 4}, "link")])
def test_the_store_is_the_one_that_the_session_will_use(said: dict[str, Any], kind: str) -> None:
    around = Circumstances(LINK, Store("checkpoint", "only the checkpoint"))
    assert decide(wish(**said), made(wish()), around).store.kind == kind


def test_a_plan_remembers_what_it_was_made_for() -> None:
    actual = made(wish(), last_updated=12.5)
    seen = decide(wish(), actual, AROUND).seen
    assert seen == Seen("a1b2c3d4", "running", wish().spec, 12.5)
    assert Seen.of(replace(actual, status="stopped")) != seen


def test_the_document_has_stable_keys() -> None:
    keys = [
        *("action", "why", "name", "workspace", "workspace_id", "studio", "profile"),
        *(
            "compute_env",
            "image",
            "spec",
            "changes",
            "store",
            "loses_data",
            "loss",
            "warnings",
            "steps",
            "via",
        ),
        *("via_why", "commands", "findings"),
    ]
    for actual in (None, made(wish()), made(wish(image="b:2"))):
        assert list(decide(wish(), actual, AROUND).to_json()) == keys


def test_a_plan_without_a_way_names_none() -> None:
    plan = decide(wish(), None, AROUND)
    assert not any("by:" in line for line in plan_text.lines(plan))
    by_tw = replace(plan, via="tw", via_why="it is there")
    assert "  by: tw (it is there)" in plan_text.lines(by_tw)


def test_what_others_wrote_cannot_move_the_cursor() -> None:
    actual = replace(made(wish()), image="x\x1b[2Jy\n", creator="a\rb", labels=())
    for line in plan_text.lines(decide(wish(), actual, AROUND)):
        assert line.isprintable()


names = st.text("ABC_", min_size=1, max_size=3)
values = st.text(max_size=4)
wishes = st.builds(
    lambda **said: wish(**said),
    description=st.none() | values,
    compute_env=st.sampled_from([CE, OTHER_CE]),
    image=st.sampled_from(["a:1", "b:1"]),
    context_digest=st.none() | st.sampled_from(["sha256:" + c * 64 for c in "ab"]),
    cpu=st.integers(0, 3),
    memory=st.sampled_from([0, 4096, 8192]),
    gpu=st.integers(0, 1),
    lifespan_h=st.none() | st.integers(0, 9),
    private=st.booleans(),
    spot=st.none() | st.booleans(),
    ssh=st.none() | st.booleans(),
    auto_start=st.booleans(),
    mounts=st.sampled_from([(), (RUNS,), (RUNS, DATA), (DATA, RUNS)]),
    environment=st.dictionaries(names, st.builds(plain, values) | st.builds(secret, values)),
    labels=st.dictionaries(st.sampled_from(["team", "cost"]), st.sampled_from(["x", "y"])),
)


@settings(max_examples=200, deadline=None)
@given(before=wishes, desired=wishes, status=st.sampled_from(["running", "stopped", "errored"]))
def test_carrying_out_a_plan_leaves_nothing_to_do(
    before: Desired, desired: Desired, status: str
) -> None:
    around = replace(AROUND, movable=True)
    actual = made(before, status)
    plan = decide(desired, actual, around)
    ran = "running" if desired.auto_start or status == "running" else status
    after = {
        "nothing": actual,
        "start": replace(actual, status="running"),
        "update": updated(plan.desired, actual, ran),
        "replace": made(desired),
        "create": made(desired),
    }[plan.action]
    again = decide(desired, after, around)
    assert (again.action, again.changes) == ("nothing", ()), plan
