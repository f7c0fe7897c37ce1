"""The clean room is at work while all other tests run, and is asked last.

It takes about as long as they do, on a part of the machine that they leave idle.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests import needs

SHARE = 0.35  # of all processors
ROOT = Path(__file__).parent.parent.parent


class Room:
    """The running clean room, and what it has said."""

    def __init__(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (closed when it is left)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.clean_room", f"--cpus={SHARE * (os.cpu_count() or 1)}"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
        )

    def ends(self, limit_s: float) -> tuple[int, str]:
        """Wait for its end; give its exit code, and all that was shown in it."""
        code = self._process.wait(limit_s)
        self._said.seek(0)
        return code, self._said.read().decode(errors="replace")

    def is_left(self) -> None:
        """End it, if it still goes on; it removes its container itself."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)
        self._said.close()


_room = pytest.StashKey[Room]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("clean_room") is not None)


def pytest_collection_finish(session: pytest.Session) -> None:
    wanted = any(item.get_closest_marker("clean_room") for item in session.items)
    if wanted and not session.config.option.collectonly and not needs.docker():
        session.config.stash[_room] = Room()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _room in session.config.stash:
        session.config.stash[_room].is_left()


@pytest.fixture
def a_clean_room(pytestconfig: pytest.Config) -> Room:
    return pytestconfig.stash[_room]
