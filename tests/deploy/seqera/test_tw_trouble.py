"""A replacement through tw that comes to no end: as with the API, the Studio is left as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.errors import StudioctlError
from deploy.rollout import carry_out
from deploy.seqera.explorer import Published
from deploy.seqera.models import Studio
from tests.deploy.rollout.desk import NAME, NEW, OLD, Desk, a_workspace, interrupted
from tests.deploy.rollout.test_together import both_at_once
from tests.fakes.clock import START

# Stop, label, rename; and of the new Studio one label that is not there yet, and the create.
WRITES = 5
BY_TW = (1, 4, 5)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Desk]:
    """A workspace in which the Studio runs for an hour already."""
    with a_workspace(tmp_path) as desk:
        desk.deploy(desk.wish(image=OLD))
        desk.published = [Published("20260921T141401Z-0a1b2c3d/7", "head", START + 3000, 3)]
        desk.clock.sleep(3600)
        desk.platform.calls.clear()
        desk.via = "tw"
        yield desk


def seen(desk: Desk) -> list[object]:
    """Give what makes the Studios that are there. tw writes nulls where there was nothing."""

    def told(studio: Studio) -> object:
        labels = sorted((label.name, label.value) for label in studio.labels)
        return studio.id, studio.name, studio.status, studio.image, labels, studio.configuration

    return [told(desk.both.studios.described(id_)) for id_ in desk.platform.studios]


@pytest.mark.parametrize("is_done", [False, True], ids=["not done", "done"])
@pytest.mark.parametrize("write", BY_TW)
def test_ctrl_c_at_a_write_undoes_what_was_done(running: Desk, write: int, is_done: bool) -> None:
    before = seen(running)
    running.platform.at_write, running.platform.is_done = write, is_done
    with pytest.raises(KeyboardInterrupt):
        running.deploy(running.wish(image=NEW))
    assert seen(running) == before


def test_these_are_all_the_writes(running: Desk) -> None:
    running.deploy(running.wish(image=NEW))
    # The last one tidies up the labels.
    writes = [call for call in running.platform.writes() if call.method != "DELETE"]
    assert len(writes) == WRITES


@pytest.mark.parametrize("second", [15, 60])
def test_ctrl_c_in_a_wait_undoes_what_was_done(running: Desk, second: int) -> None:
    before = seen(running)
    running.clock.at(running.clock.passed + second, interrupted)
    with pytest.raises(KeyboardInterrupt):
        running.deploy(running.wish(image=NEW))
    assert seen(running) == before


@pytest.mark.parametrize("second", [1, 20])
def test_a_token_that_expires_midway_says_what_is_where(running: Desk, second: int) -> None:
    running.clock.at(running.clock.passed + second, running.platform.tokens.clear)
    with pytest.raises(StudioctlError, match="What is where") as caught:
        running.deploy(running.wish(image=NEW))
    assert "TOWER_ACCESS_TOKEN" in str(caught.value)
    command = "start" if second == 1 else "rollback"
    assert f"studioctl {command} mlflow" in str(caught.value)


@pytest.mark.parametrize("other", [NEW, "ghcr.io/acme/mlflow:3"], ids=["same", "other"])
@pytest.mark.parametrize("first", [True, False], ids=["create", "replace"])
def test_of_two_deploys_at_once_there_is_one_studio(running: Desk, first: bool, other: str) -> None:
    if first:
        running.platform.studios.clear()
    wishes = [running.wish(image=image) for image in (NEW, other)]
    plans = [(running.plan(wish), running.means(wish)) for wish in wishes]
    found = both_at_once(running, *(lambda each=each: carry_out(*each) for each in plans))
    assert running.platform.names().count(NAME) == 1
    up = [name for name in running.platform.names() if running.platform.status(name) == "running"]
    assert up == [NAME]
    losers = [each for each in found if isinstance(each, StudioctlError)]
    assert all(error.exit_code == 6 for error in losers)
    # Of two replacements that differ, each may see the other at work.
    assert len(losers) < 2 or not (first or other == NEW)
    assert losers or other == NEW
