"""Going back to the kept Studio, and what happens when that fails half-way."""

import pytest

from deploy.errors import StudioctlError
from tests.deploy.rollout.desk import NAME, NEW, OLD, Desk
from tests.fakes.platform import Errored
from tests.fakes.server import AFTER, BEFORE
from tests.fakes.sessions import NOT_READY, READY


@pytest.fixture
def replaced(running: Desk) -> Desk:
    """A workspace in which the second Studio runs, and the first is kept."""
    running.deploy(running.wish(image=NEW))
    running.clock.sleep(3600)
    running.platform.calls.clear()
    return running


def test_the_kept_studio_runs_again_under_its_name(replaced: Desk) -> None:
    outcome = replaced.roll_back()
    assert replaced.platform.studio(NAME).image == OLD
    assert (outcome.studio.id, outcome.ready.state) == ("a1b2c301", "ready")
    (away,) = set(replaced.platform.names()) - {NAME}
    assert replaced.platform.status(away) == "stopped"


@pytest.mark.parametrize("write", range(1, 7))
@pytest.mark.parametrize("is_done", [False, True], ids=["not done", "done"])
def test_ctrl_c_at_a_write_leaves_all_as_it_was(replaced: Desk, write: int, is_done: bool) -> None:
    before = replaced.snapshot()
    replaced.platform.at_write, replaced.platform.is_done = write, is_done
    try:
        replaced.roll_back()
    except KeyboardInterrupt:
        if replaced.platform.hit.startswith("DELETE /api/labels"):
            # All is done by then, but for the tidying up.
            assert replaced.platform.studio(NAME).image == OLD
        else:
            assert replaced.snapshot() == before
    else:
        assert replaced.platform.written < write
        assert write > 4


@pytest.mark.parametrize("write", range(1, 5))
@pytest.mark.parametrize("what", [BEFORE, AFTER], ids=["not done", "done"])
def test_a_lost_answer_is_looked_up(replaced: Desk, write: int, what: str) -> None:
    replaced.platform.fail("PUT /api/studios", what, after=write - 1)
    replaced.roll_back()
    assert replaced.platform.studio(NAME).image == OLD
    assert replaced.platform.status(NAME) == "running"


def test_a_kept_studio_that_never_gets_ready_is_put_aside_again(replaced: Desk) -> None:
    before = replaced.snapshot()
    replaced.platform.sessions.pages["a1b2c301"] = NOT_READY
    with pytest.raises(StudioctlError, match="To go back, this was done"):
        replaced.roll_back()
    assert replaced.snapshot() == before


def test_a_kept_studio_that_errors_is_put_aside_again(replaced: Desk) -> None:
    before = replaced.snapshot()
    replaced.platform.next_start = Errored()
    with pytest.raises(StudioctlError, match="To go back, this was done"):
        replaced.roll_back()
    assert replaced.snapshot().keys() == before.keys()
    assert replaced.snapshot()[NAME] == before[NAME]


@pytest.mark.parametrize("page", [READY, NOT_READY])
def test_a_kept_studio_that_somebody_has_started_is_stopped_first(
    replaced: Desk, page: str
) -> None:
    replaced.both.studios.start("a1b2c301")
    replaced.clock.sleep(60)
    before = replaced.snapshot()
    replaced.platform.sessions.pages["a1b2c301"] = page
    if page == READY:
        assert replaced.roll_back().studio.id == "a1b2c301"
    else:
        with pytest.raises(StudioctlError, match="To go back, this was done"):
            replaced.roll_back()
        assert replaced.snapshot() == before


def test_an_interrupted_replacement_is_finished_by_a_rollback(running: Desk) -> None:
    """As after a crash: the old Studio is away, and the name is free."""
    running.deploy(running.wish(image=NEW))
    running.clock.sleep(60)
    running.both.studios.stop(running.platform.studio(NAME).id)
    running.clock.sleep(60)
    running.both.studios.delete(running.platform.studio(NAME).id)
    running.roll_back()
    assert running.platform.names() == [NAME]
    assert running.platform.status(NAME) == "running"
