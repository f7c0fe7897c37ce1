"""Where the tests of studioctl run, and on which ports."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which this test itself listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield int(holder.getsockname()[1])


@pytest.fixture
def a_folder(tmp_path: Path) -> Path:
    """Where the user stands: an empty folder."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    return folder
