"""An engine that pretends, and the environment that leads to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.docker.fake_engine import FakeEngine, running


@pytest.fixture
def an_engine() -> Iterator[FakeEngine]:
    with running(FakeEngine()) as engine:
        yield engine


@pytest.fixture
def env(an_engine: FakeEngine, tmp_path: Path) -> dict[str, str]:
    """An environment with this engine, and without a docker command."""
    return {"DOCKER_HOST": an_engine.address, "HOME": str(tmp_path), "PATH": str(tmp_path / "no")}
