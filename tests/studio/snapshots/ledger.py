"""A small database shaped like MLflow's, with a ledger of what was committed to it."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from studio.snapshots.layout import State
from studio.snapshots.manifest import Manifest, Pack, Rows
from studio.snapshots.scan import Session

REVISION = "1b2c3d4e5f60"


def connect(db: Path) -> sqlite3.Connection:
    """A connection as a server would have it: autocommit here, WAL in the file."""
    return sqlite3.connect(db, isolation_level=None, timeout=20)


def create(db: Path, revision: str | None = REVISION) -> None:
    """Make a database; without a revision it looks like one that MLflow has not set up yet."""
    db.parent.mkdir(parents=True, exist_ok=True)
    with closing(connect(db)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(
            """
            CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, start_time INTEGER);
            CREATE TABLE metrics (key TEXT, value REAL, timestamp INTEGER, run_uuid TEXT,
                step INTEGER, is_nan INTEGER,
                PRIMARY KEY (key, timestamp, step, run_uuid, value, is_nan));
            """
        )
        if revision is not None:
            stamp(db, revision)


def stamp(db: Path, revision: str) -> None:
    """Give a database a revision of MLflow's schema."""
    with closing(connect(db)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))


def commit(db: Path, *steps: int) -> None:
    """Commit one transaction per step: a run and a metric of it."""
    with closing(connect(db)) as connection:
        for step in steps:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO runs VALUES (?, 'a run', 0)", (f"{step:032x}",))
            connection.execute(
                "INSERT INTO metrics VALUES ('loss', ?, ?, ?, ?, 0)",
                (step / 7, step, f"{step:032x}", step),
            )
            connection.execute("COMMIT")


def fill(db: Path, megabytes: int) -> None:
    """Grow a database with content that does not compress away."""
    with closing(connect(db)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS filling (data BLOB)")
        for _ in range(megabytes):
            connection.execute("INSERT INTO filling VALUES (?)", (os.urandom(1 << 20),))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def steps(db: Path) -> list[int]:
    """The steps a database holds, in order; its runs and metrics agree."""
    with closing(sqlite3.connect(db)) as connection:
        found = [row[0] for row in connection.execute("SELECT step FROM metrics ORDER BY step")]
        runs = connection.execute("SELECT run_uuid FROM runs ORDER BY run_uuid").fetchall()
        assert [int(row[0], 16) for row in runs] == found
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return found


def dump(db: Path) -> list[str]:
    """Everything in a database, as SQL."""
    with closing(sqlite3.connect(db)) as connection:
        return list(connection.iterdump())


def command(link: Path, home: Path, *words: str) -> list[str]:
    """A command of `python -m studio.snapshots` on a home's database."""
    places = ["--link", str(link), "--db", str(home / "mlflow.db"), "--home", str(home)]
    return [sys.executable, "-m", "studio.snapshots", words[0], *places, *words[1:]]


def until(true: Callable[[], object], what: str, limit_s: float = 20.0) -> None:
    """Wait until something holds; fail with `what` after the limit."""
    deadline = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < deadline, f"waited {limit_s:.0f} s in vain: {what}"
        time.sleep(0.02)


def terminate(process: subprocess.Popen[str], limit_s: float = 15.0) -> tuple[int, str]:
    """Stop a process as the supervisor does; its exit code and what it said."""
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=limit_s)
    return process.returncode, said


def sid(number: int) -> str:
    """A session name that sorts by its number."""
    return f"20261122T{number:06d}Z-{number:08x}"


def manifest(seq: int = 1, wall_ts: float = 0.0, revision: str = REVISION) -> Manifest:
    """A manifest of a state that nobody will restore."""
    part = Pack(f"packs/{seq:08d}-{'0' * 16}.pp", 10, "0" * 64)
    rows = Rows(1, 2)
    return Manifest(seq, "base", 3, 4096, "0" * 64, (part,), revision, wall_ts, rows)


def session(
    number: int,
    *seqs: int,
    parents: tuple[State, ...] = (),
    passed_over: tuple[State, ...] = (),
    depth: int = 1,
    wall_ts: float = 0.0,
    restored_from: State | None = None,
    ancestors: tuple[State, ...] = (),
) -> Session:
    """A session as `scan` would report it."""
    return Session(
        sid=sid(number),
        seqs=seqs,
        newest=manifest(seqs[-1], wall_ts) if seqs else None,
        parents=parents,
        passed_over=passed_over,
        depth=depth,
        restored_from=restored_from,
        ancestors=ancestors,
    )


def state(number: int, seq: int) -> State:
    """A state of a numbered session."""
    return State(sid(number), seq)
