"""Databases of any size with MLflow's tables, and a load of commits like those of a server."""

import json
import random
import shutil
import sqlite3
import sys
import time
import uuid
from contextlib import closing
from pathlib import Path

COMMITS_PER_S = 50
_RUNS_AT_ONCE = 20
_STEPS, _KEYS = 100, 10
_START_MS = 1_790_000_000_000


def make(template: Path, to: Path, megabytes: int) -> None:
    """Copy the migrated template and fill it with runs of 1,000 metrics up to a size."""
    shutil.copyfile(template, to)
    chance = random.Random(megabytes)
    with closing(sqlite3.connect(to, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        while _size(connection) < megabytes * 1_000_000:
            connection.execute("BEGIN")
            for _ in range(_RUNS_AT_ONCE):
                _add_run(connection, chance)
            connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _size(connection: sqlite3.Connection) -> int:
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    size: int = connection.execute("PRAGMA page_size").fetchone()[0]
    return int(pages) * size


def _add_run(connection: sqlite3.Connection, chance: random.Random) -> None:
    run = uuid.UUID(int=chance.getrandbits(128)).hex
    connection.execute(
        "INSERT INTO runs (run_uuid, name, status, start_time, lifecycle_stage, artifact_uri,"
        " experiment_id, source_type, user_id)"
        " VALUES (?, ?, 'RUNNING', ?, 'active', ?, 0, 'LOCAL', 'bench')",
        (run, f"run-{run[:6]}", _START_MS, f"mlflow-artifacts:/0/{run}/artifacts"),
    )
    now = _START_MS + chance.randrange(10**9)
    rows = [
        (f"metric-{key}", chance.random(), now + 100 * step, run, step)
        for step in range(_STEPS)
        for key in range(_KEYS)
    ]
    connection.executemany(
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES (?, ?, ?, ?, ?, 0)",
        rows,
    )
    connection.executemany(
        "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " VALUES (?, ?, ?, ?, ?, 0)",
        rows[-_KEYS:],
    )


def commit(db: Path, seconds: float) -> list[float]:
    """Log a metric 50 times a second as MLflow's store does; how long each commit took, in ms."""
    took = []
    with closing(sqlite3.connect(db, isolation_level=None, timeout=20)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        runs = [row[0] for row in connection.execute("SELECT run_uuid FROM runs LIMIT 16")]
        began = time.monotonic()
        first = time.time_ns() // 1_000_000
        for number in range(int(seconds * COMMITS_PER_S)):
            time.sleep(max(0.0, began + number / COMMITS_PER_S - time.monotonic()))
            row = ("loss", number / 7, first + number, runs[number % len(runs)], number)
            start = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
                " VALUES (?, ?, ?, ?, ?, 0)",
                row,
            )
            connection.execute(
                "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)"
                " VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (key, run_uuid) DO UPDATE SET"
                " value = excluded.value, timestamp = excluded.timestamp, step = excluded.step",
                row,
            )
            connection.execute("COMMIT")
            took.append((time.perf_counter() - start) * 1000)
    return took


if __name__ == "__main__":  # the load is a process of its own, as a server is
    json.dump(commit(Path(sys.argv[1]), float(sys.argv[2])), sys.stdout)
