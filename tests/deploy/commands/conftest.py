"""A user with a profile, and the workspace that it is for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.commands.calling import User
from tests.fakes.building import Pretended
from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.tw.installed import install
from tests.fakes.wave import Wave


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


@pytest.fixture
def a_wave(a_user: User) -> Iterator[Wave]:
    """A Wave that builds in no time, for the Platform of the user."""
    with Wave(a_user.clock, Pretended(a_user.clock, takes_s=0)) as wave:
        wave.paired = {a_user.platform.endpoint}
        wave.tokens = {a_user.platform.endpoint: {TOKEN}}
        a_user.env["WAVE_ENDPOINT"] = wave.url
        yield wave


@pytest.fixture(params=["api", "tw"])
def a_deployer(a_user: User, tmp_path: Path, request: pytest.FixtureRequest) -> User:
    """A user who deploys by one way or by the other."""
    if request.param == "tw":
        a_user.env["PATH"] = os.pathsep.join((str(install(tmp_path / "bin").folder), os.defpath))
    return a_user
