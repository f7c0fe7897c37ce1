"""Wait for a Studio: as long as it takes, no longer, and through all kinds of trouble."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.errors import (
    CredentialMissing,
    GaveUpWaiting,
    RequestRefused,
    StudioBuildFailed,
    StudioctlError,
    StudioFailed,
    StudioGone,
)
from deploy.seqera.models import Studio
from deploy.studios import waiting
from tests.deploy.seqera.both import Both, both_ways
from tests.fakes.platform import BuildFailed, Errored, Started, Stopping, Stuck, ends
from tests.fakes.server import AFTER, BEFORE, HALF, Reply


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    with both_ways(tmp_path) as both:
        yield both


@pytest.fixture
def started(both: Both) -> str:
    """A Studio that has just been told to start."""
    return both.create(both.api, both.wish())


def wait(both: Both, id_: str, goal: waiting.Goal = "running", limit_s: float = 1800) -> Studio:
    return waiting.wait(both.studios, id_, goal, limit_s, both.clock.clock, chance=lambda: 0)


def test_it_ends_when_the_studio_runs(both: Both, started: str) -> None:
    assert wait(both, started).status == "running"
    assert 40 <= both.clock.passed < 60


def test_the_pauses_grow_from_2_to_15_seconds(both: Both, started: str) -> None:
    both.platform.studios[started].script = Started(starting_s=200)
    wait(both, started)
    assert both.clock.slept[:4] == [2, 3, 4.5, 6.75]
    assert max(both.clock.slept) == 15


def test_those_who_wait_together_do_not_ask_together(both: Both, started: str) -> None:
    waiting.wait(both.studios, started, "running", 1800, both.clock.clock, chance=lambda: 1)
    assert both.clock.slept[0] == 2.5


@pytest.mark.parametrize(
    ("script", "error", "said", "before_s"),
    [
        (Errored("no capacity", after_s=25), StudioFailed, "no capacity", 45),
        (BuildFailed(after_s=60), StudioBuildFailed, "/view/builds/", 80),
        (Started(starting_s=5, runs_s=0, stopping_s=5), StudioFailed, "it is stopped", 60),
        (Stuck(), GaveUpWaiting, "Its last status was starting", 1830),
    ],
    ids=["errored", "build failed", "stopped", "stuck"],
)
def test_it_ends_at_the_first_status_that_stays(
    both: Both,
    started: str,
    script: object,
    error: type[StudioctlError],
    said: str,
    before_s: float,
) -> None:
    both.platform.studios[started].script = script
    with pytest.raises(error, match=said) as caught:
        wait(both, started)
    # What has not ended yet can be waited for once more.
    command = "start" if error is GaveUpWaiting else "status"
    assert f"studioctl {command} mlflow" in str(caught.value)
    assert both.clock.passed < before_s


def test_a_stop_ends_with_the_stop_and_not_before(both: Both, started: str) -> None:
    wait(both, started)
    both.platform.lives.usual_stop = Stopping(100)
    both.studios.stop(started)
    assert wait(both, started, "stopped").status == "stopped"


def test_a_lifespan_that_ends_while_it_is_waited_for_is_explained(both: Both, started: str) -> None:
    both.platform.studios[started].script = ends("LIFESPAN_EXPIRED", runs_s=0)
    with pytest.raises(StudioFailed, match="Its lifespan ended"):
        wait(both, started)


def test_the_status_from_before_a_start_is_not_taken_for_its_outcome(both: Both) -> None:
    old = both.platform.add_studio("old", status="errored")
    both.clock.sleep(100)
    before = both.studios.described(old.id)
    shown = both.platform.studios[old.id]

    def begin() -> None:
        shown.script, shown.acted_at = Started(starting_s=20), both.clock.now()

    # The start shows only after a while.
    both.clock.at(both.clock.passed + 9, begin)
    found = waiting.wait(both.studios, old.id, "running", 600, both.clock.clock, before=before)
    assert found.status == "running"


def test_a_status_that_does_not_change_for_a_minute_is_the_outcome(both: Both) -> None:
    old = both.platform.add_studio("old", status="errored")
    before = both.studios.described(old.id)
    with pytest.raises(StudioFailed):
        waiting.wait(both.studios, old.id, "running", 600, both.clock.clock, before=before)
    assert both.clock.passed < 120


@pytest.mark.parametrize(
    "what",
    [BEFORE, AFTER, HALF, Reply.page(503), Reply.error(500, "oops"), Reply.error(429, "slow down")],
    ids=["lost", "answer lost", "half an answer", "503", "500", "429"],
)
def test_trouble_that_passes_does_not_end_it(both: Both, started: str, what: str | Reply) -> None:
    both.platform.fail(f"GET /api/studios/{started}", what, times=3, after=1)
    assert wait(both, started).status == "running"


def test_a_platform_that_is_away_for_minutes_is_waited_for(both: Both, started: str) -> None:
    both.platform.fail(f"GET /api/studios/{started}", Reply.page(502), times=15, after=2)
    assert wait(both, started).status == "running"
    assert both.clock.passed > 120


def test_a_refusal_ends_it(both: Both, started: str) -> None:
    both.platform.fail(f"GET /api/studios/{started}", Reply.error(400, "no"), times=99)
    with pytest.raises(RequestRefused):
        wait(both, started)


def test_a_token_that_expires_ends_it(both: Both, started: str) -> None:
    both.platform.tokens.clear()
    with pytest.raises(CredentialMissing):
        wait(both, started)


def test_a_studio_that_is_deleted_ends_it(both: Both, started: str) -> None:
    both.clock.at(20, lambda: both.platform.studios.clear())
    with pytest.raises(StudioGone):
        wait(both, started)
    assert both.clock.passed < 60


def test_one_that_is_not_known_everywhere_yet_is_asked_for_again(both: Both, started: str) -> None:
    both.platform.fail(f"GET /api/studios/{started}", Reply.error(404, "not found"), times=2)
    assert wait(both, started).status == "running"
