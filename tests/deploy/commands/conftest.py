"""A user with a profile, and the workspace that it is for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.commands.calling import User
from tests.fakes.clock import FakeClock
from tests.fakes.platform import Platform


@pytest.fixture
def a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[User]:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("TOWER_WORKSPACE_ID", "WAVE_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    clock = FakeClock()
    with Platform(clock) as platform:
        platform.add_compute_env("aws-eu", platform="aws-cloud", allowBuckets=["s3://acme-runs"])
        platform.add_link("runs", "s3://acme-runs")
        user = User(platform, clock, folder)
        user.writes()
        yield user
