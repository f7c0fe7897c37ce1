"""A workspace, empty or with a Studio that runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.seqera.explorer import Published
from tests.deploy.rollout.desk import OLD, Desk, a_workspace
from tests.fakes.clock import START


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_workspace(tmp_path) as desk:
        yield desk


@pytest.fixture(params=["api", "tw"])
def each_way(desk: Desk, request: pytest.FixtureRequest) -> Desk:
    """The workspace, for both ways to create, start and stop."""
    desk.via = request.param
    return desk


@pytest.fixture
def running(desk: Desk) -> Desk:
    """A workspace in which the Studio runs for an hour already."""
    desk.deploy(desk.wish(image=OLD))
    # What it publishes is noted on it when it is put aside.
    desk.published = [Published("20260921T141401Z-0a1b2c3d/7", "head", START + 3000, 3)]
    desk.clock.sleep(3600)
    desk.platform.calls.clear()
    return desk
