"""Whatever the profile asks for and whatever goes wrong: no Studio is left partly replaced."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from deploy.errors import LeftHalfWay, StudioctlError
from tests.deploy.rollout.desk import NAME, NEW, OLD, Desk, a_workspace
from tests.deploy.wishes import RUNS, plain, secret
from tests.fakes.platform import BuildFailed, Errored, Started, Stuck
from tests.fakes.server import AFTER, BEFORE, HALF, Reply
from tests.fakes.sessions import LOGIN, NOT_READY, READY

WISHES = st.fixed_dictionaries(
    {"image": st.sampled_from([OLD, NEW])},
    optional={
        "cpu": st.sampled_from([2, 4]),
        "memory": st.sampled_from([0, 4096]),
        "lifespan_h": st.sampled_from([None, 0, 24]),
        "private": st.booleans(),
        "spot": st.sampled_from([None, False]),
        "ssh": st.sampled_from([None, True]),
        "auto_start": st.booleans(),
        "description": st.sampled_from([None, "Runs"]),
        "mounts": st.sampled_from([(), (RUNS,)]),
        "environment": st.sampled_from([{}, {"A": plain("1")}, {"B": secret("hunter2")}]),
        "labels": st.sampled_from([{}, {"team": "research"}]),
    },
)
REFUSED = [Reply.error(status, "no") for status in (400, 403, 404, 409, 500)]
TROUBLE = st.tuples(
    st.sampled_from(["PUT", "POST", "DELETE", "GET /api/studios"]),
    st.integers(0, 8),
    st.sampled_from([BEFORE, AFTER, HALF, Reply.page(502), Reply.error(429, "later"), *REFUSED]),
)
STARTS = st.sampled_from([None, Started(60, 10), Errored(), BuildFailed(), Stuck()])


@settings(
    max_examples=60,
    derandomize=True,
    # Each example is a whole deploy: a smaller one is not worth the minutes.
    phases=[Phase.explicit, Phase.generate],
)
@given(
    before=WISHES,
    after=WISHES,
    trouble=st.lists(TROUBLE, max_size=3),
    start=STARTS,
    page=st.sampled_from([READY, LOGIN, NOT_READY]),
    delete_previous=st.booleans(),
    # The second is over before a start is.
    limit_s=st.sampled_from([None, 15]),
)
def test_a_studio_is_the_old_one_or_the_new_one_or_both_are_named(
    before: dict[str, Any],
    after: dict[str, Any],
    trouble: list[tuple[str, int, str | Reply]],
    start: Any,
    page: str,
    delete_previous: bool,
    limit_s: float | None,
) -> None:
    with tempfile.TemporaryDirectory() as folder, a_workspace(Path(folder)) as desk:
        desk.deploy(desk.wish(**before))
        desk.clock.sleep(3600)
        there = whole(desk)
        wanted = desk.wish(**after)
        plan = desk.plan(wanted)
        desk.platform.next_start, desk.platform.sessions.usual = start, page
        for begin, skipped, what in trouble:
            desk.platform.fail(begin, what, after=skipped)
        failure: StudioctlError | None = None
        try:
            desk.carry_out(plan, delete_previous=delete_previous, limit_s=limit_s)
        except StudioctlError as error:
            failure = error
        if isinstance(failure, LeftHalfWay):
            assert trouble, "only a Platform that fails is in the way back's way"
            assert there[0] in str(failure)
            assert "studioctl" in str(failure).partition("To finish by hand:")[2]
        elif failure is not None:
            now = whole(desk)
            # A start is not undone: what did not come up stays for a look at it.
            assert now == there or (plan.action == "start" and now[2:] == there[2:])
        else:
            desk.platform.faults.clear()
            whole(desk)
            assert desk.plan(wanted).action in ("nothing", "start")


def whole(desk: Desk) -> Any:
    """Give the Studio of the name; there is one, and nothing else runs."""
    found = desk.snapshot()
    assert NAME in found
    running = [name for name, about in found.items() if about[1] in ("starting", "running")]
    assert running in ([], [NAME])
    id_, status, *rest = found[NAME]
    # One that was at rest before may have come to rest otherwise.
    return id_, "at rest" if status in ("stopped", "errored", "buildFailed") else status, *rest
