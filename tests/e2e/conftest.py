"""Shared pieces of the tests that run a real server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.running import Studio, copy_database, running


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of the current schema, made once by a real first start."""
    home = tmp_path_factory.mktemp("first") / "home"
    with running(home) as studio:
        assert studio.stop() == 0
    return home / "mlflow.db"


@pytest.fixture
def home(tmp_path: Path, migrated_database: Path) -> Path:
    """A home with an empty, migrated database."""
    return copy_database(migrated_database, tmp_path / "home")


@pytest.fixture
def start_studio(home: Path) -> Iterator[Callable[..., Studio]]:
    """Start servers on this test's home; whatever still runs at the end is killed."""
    with ExitStack() as stack:
        yield lambda env=None, at=home: stack.enter_context(running(at, env))
