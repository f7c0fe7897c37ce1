"""A Wave, a Platform and a clock for the tests, and studioctl set up to use them."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from deploy.cli.world import World
from deploy.web import Patience
from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.server import SLOW, Reply
from tests.fakes.wave import Wave

REPOSITORY = "registry.example.com/acme/studio"


@pytest.fixture
def a_clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def a_platform(a_clock: FakeClock) -> Iterator[Platform]:
    with Platform(a_clock) as platform:
        platform.own_registries = ["registry.example.com"]
        platform.workspaces[0].registries = ["https://registry.example.com/v2/", "docker.io"]
        yield platform


@pytest.fixture
def a_wave(a_clock: FakeClock, a_platform: Platform) -> Iterator[Wave]:
    with Wave(a_clock) as wave:
        wave.paired = {a_platform.endpoint}
        wave.tokens = {a_platform.endpoint: {TOKEN}}
        yield wave


@dataclass
class Outcome:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def reference(self) -> str:
        """The only line of stdout."""
        (line,) = self.stdout.splitlines()
        return line

    @property
    def document(self) -> Any:
        return json.loads(self.stdout)


@dataclass
class Studioctl:
    """studioctl in a folder of its own, with a clock that does not wait."""

    wave: Wave
    platform: Platform
    clock: FakeClock
    folder: Path
    state: Path
    context: Path
    read_s: float = 5

    def __call__(self, *arguments: str, **env: str) -> Outcome:
        given = {
            "WAVE_ENDPOINT": self.wave.url,
            "TOWER_API_ENDPOINT": self.platform.endpoint,
            "XDG_STATE_HOME": str(self.state),
            **env,
        }
        patience = Patience(connect_s=2, read_s=self.read_s, answer_s=20)
        result = CliRunner().invoke(
            app, list(arguments), env=given, obj=World(self.clock.clock, patience)
        )
        return Outcome(result.exit_code, result.stdout, result.stderr)

    def expects(self, what: str | Reply) -> None:
        """Give a short patience to what uses it up, and to nothing else."""
        if what == SLOW:
            self.read_s = 0.8

    def build(self, *arguments: str, **env: str) -> Outcome:
        return self("build", "--wave", "--context", str(self.context), *arguments, **env)

    def freeze(self, *arguments: str, **env: str) -> Outcome:
        return self.build(
            *("--freeze", "--repository", REPOSITORY, *arguments),
            **{"TOWER_ACCESS_TOKEN": TOKEN, **env},
        )

    def everything_written(self) -> str:
        """All text that a run has left on the disk."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return "\n".join(path.read_text(errors="replace") for path in files)


@pytest.fixture
def studioctl(
    a_wave: Wave,
    a_platform: Platform,
    a_clock: FakeClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Studioctl:
    for name in list(os.environ):
        if name not in ("PATH", "HOME", "TMPDIR"):
            monkeypatch.delenv(name)
    temporary = tmp_path / "tmp"
    context = tmp_path / "context"
    for folder in (temporary, context):
        folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.chdir(tmp_path)
    (context / "Dockerfile").write_text("ARG BASE=scratch\nFROM ${BASE}\nCOPY app.py /\n")
    (context / "app.py").write_text("print('hello')\n")
    return Studioctl(a_wave, a_platform, a_clock, tmp_path, tmp_path / "state", context)
