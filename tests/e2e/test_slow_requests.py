"""A request that waits for something does not hold up those that need not wait."""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.running import Studio

pytestmark = pytest.mark.mlflow

WRITERS = 12  # more than enough to fill the threads of all workers, if each kept one
SEARCH = "/api/2.0/mlflow/experiments/search"
CREATE = "/api/2.0/mlflow/experiments/create"


def test_searches_are_answered_while_writers_wait_for_the_database(
    start_studio: Callable[..., Studio], home: Path
) -> None:
    studio = start_studio()
    for _ in range(20):  # each worker opens its stores at its first request
        assert studio.request(SEARCH, {"max_results": 1}).code == 200
    codes: list[int] = []

    def write(number: int) -> None:
        codes.append(studio.request(CREATE, {"name": f"experiment-{number}"}).code)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    with closing(sqlite3.connect(home / "mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for writer in writers:
            writer.start()
        started = time.monotonic()
        for _ in range(20):
            assert studio.request(SEARCH, {"max_results": 1}).code == 200
        searched_s = time.monotonic() - started
        assert codes == []
        other.execute("ROLLBACK")
    for writer in writers:
        writer.join()
    assert codes == [200] * WRITERS
    assert searched_s < 10  # SQLite itself waits for 20 s
