"""Where the tests of studioctl run, and on which ports."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import running


@pytest.fixture
def free_port() -> int:
    """A port on which nothing listens."""
    return running.free_port()


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
