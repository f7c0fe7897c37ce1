"""What a change would leave behind, and that it is said first."""

from dataclasses import replace
from typing import Any

import pytest

from deploy.planning import plan_text
from deploy.planning.plan import Circumstances, decide
from deploy.planning.store import UNREAD, Store
from tests.deploy.wishes import DATA, LINK, made, wish

OTHER = Store("link", 'data link "data"', DATA, "data link", True)
CHECKPOINT = Store("checkpoint", "only the checkpoint", None, "the checkpoint", False)
POSTGRES = Store("database", "PostgreSQL at db", None, "s3://a", True)


@pytest.mark.parametrize(
    ("before", "after", "new", "loss"),
    [
        (LINK, LINK, {"image": "b:2"}, ""),
        (CHECKPOINT, CHECKPOINT, {"image": "b:2"}, "LOSES all runs"),
        (CHECKPOINT, LINK, {"image": "b:2"}, "LOSES all runs"),
        (LINK, CHECKPOINT, {"image": "b:2"}, "LEAVES all runs behind"),
        (LINK, OTHER, {"image": "b:2"}, "LEAVES all runs behind"),
        (LINK, POSTGRES, {"image": "b:2"}, "LEAVES all runs behind"),
        (POSTGRES, POSTGRES, {"image": "b:2"}, ""),
        (POSTGRES, replace(POSTGRES, artifacts="s3://b"), {"image": "b:2"}, "LEAVES all artifacts"),
        (
            replace(POSTGRES, artifacts_kept=False),
            replace(POSTGRES, artifacts_kept=False),
            {"image": "b:2"},
            "LOSES all artifacts",
        ),
        (Store("unknown", "?"), LINK, {"image": "b:2"}, "may LOSE all runs"),
        (Store("unknown", "?"), Store("unknown", "?"), {"image": "b:2"}, ""),
        (Store("none", "no runs"), CHECKPOINT, {"image": "b:2"}, ""),
        (UNREAD, LINK, {"image": "b:2"}, "may LOSE all runs"),
        (replace(POSTGRES, artifacts=""), POSTGRES, {"image": "b:2"}, "may LOSE all artifacts"),
        # In place the disk stays.
        (UNREAD, LINK, {"cpu": 4}, ""),
        (UNREAD, POSTGRES, {"cpu": 4}, "LEAVES all runs behind; where they are"),
        (CHECKPOINT, LINK, {"cpu": 4}, ""),
        (LINK, OTHER, {"cpu": 4}, ""),
        (CHECKPOINT, CHECKPOINT, {"cpu": 4}, ""),
        (CHECKPOINT, POSTGRES, {"cpu": 4}, "LEAVES all runs behind; they stay in its own"),
        (POSTGRES, LINK, {"cpu": 4}, "LEAVES all runs behind; they stay on PostgreSQL at db"),
        (CHECKPOINT, CHECKPOINT, {}, ""),
    ],
)
def test_what_would_be_left_behind_is_said_first(
    before: Store, after: Store, new: dict[str, Any], loss: str
) -> None:
    plan = decide(wish(**new), made(wish()), Circumstances(after, before))
    assert plan.loss.startswith(loss)
    assert plan.loses_data is bool(loss)
    first, *others = plan_text.lines(plan)
    assert loss in first
    assert ("--accept-data-loss" in "\n".join(others)) is bool(loss)


def test_replacing_somebody_elses_studio_may_lose_its_data() -> None:
    theirs = replace(made(wish()), labels=())
    plan = decide(wish(image="b:2"), theirs, Circumstances(LINK, LINK))
    assert plan.loss.startswith("may LOSE")


def test_artifacts_that_a_change_hides_are_warned_about() -> None:
    plan = decide(wish(cpu=4), made(wish()), Circumstances(OTHER, LINK))
    assert any("artifacts of old runs" in warning for warning in plan.warnings)
