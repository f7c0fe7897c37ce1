"""Prove that the write path works, changing nothing.

The database gets a transaction that is rolled back; the artifact store gets one object of a name
never used before, which is read back and removed. All workers share one answer for 30 s, and one of
them looks while the others wait, so that frequent probes cost next to nothing.
"""

import fcntl
import os
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from studio import uris
from studio.errors import one_line
from studio.home import read_json, write_json

KEEP_S = 30.0
KEEP_FAILURE_S = 2.0
NOT_SERVED = "not served"
_WRITE = "INSERT INTO registered_models (workspace, name) VALUES ('default', {name})"
_READ = "SELECT count(*) FROM registered_models WHERE name = {name}"


@dataclass(frozen=True, slots=True)
class Ready:
    """One look at the write path. `checked_at` is in seconds since the epoch."""

    ready: bool
    database: str
    artifacts: str
    checked_at: float


def check(env: Mapping[str, str], now: Callable[[], float] = time.time) -> Ready:
    """Try the stores that the workers' environment names; an error becomes its first line."""
    database = artifacts = NOT_SERVED
    if env.get("_MLFLOW_SERVER_ARTIFACTS_ONLY") != "true":
        database = _outcome(lambda: _try_database(env["_MLFLOW_SERVER_FILE_STORE"]))
    if env.get("_MLFLOW_SERVER_SERVE_ARTIFACTS") == "true":
        artifacts = _outcome(lambda: _try_artifacts(env["_MLFLOW_SERVER_ARTIFACT_DESTINATION"]))
    ready = {database, artifacts} <= {"ok", NOT_SERVED}
    return Ready(ready, database, artifacts, now())


def shared(run: Path, look: Callable[[], Ready], now: Callable[[], float] = time.time) -> Ready:
    """The answer in `run`, renewed by one process at a time when it is too old."""
    lock = os.open(run / "ready.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = read_json(run / "ready.json")
        if kept:
            answer = Ready(**kept)
            age = now() - answer.checked_at
            if 0 <= age < (KEEP_S if answer.ready else KEEP_FAILURE_S):
                return answer
        answer = look()
        with suppress(OSError):  # on a full disk the others look for themselves
            write_json(run / "ready.json", asdict(answer))
        return answer
    finally:
        os.close(lock)


def _outcome(attempt: Callable[[], None]) -> str:
    try:
        attempt()
    except Exception as exc:  # whatever a driver raises is the answer here
        return one_line(exc)
    return "ok"


def _try_database(uri: str) -> None:
    name = f"studio-ready-{uuid.uuid4().hex}"
    database = uris.database(uri)
    if database.path is None:
        _try_server(uri, name)
        return
    with closing(sqlite3.connect(database.path, timeout=10, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(_WRITE.format(name="?"), (name,))
            (found,) = connection.execute(_READ.format(name="?"), (name,)).fetchone()
        finally:
            connection.execute("ROLLBACK")
    _expect(found)


def _try_server(uri: str, name: str) -> None:
    """The table has no sequence: a rolled back insert elsewhere would leave gaps in the ids."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    engine = create_engine(uri, poolclass=NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text(_WRITE.format(name=":name")), {"name": name})
        found = connection.execute(text(_READ.format(name=":name")), {"name": name}).scalar()
        transaction.rollback()
    _expect(found)


def _expect(found: object) -> None:
    if found != 1:
        raise RuntimeError("the database did not show what was written")


def _try_artifacts(place: str) -> None:
    name = f".studio-ready-{uuid.uuid4().hex}"
    folder = uris.local_path(place)
    if folder is None:
        _try_bucket(place, name)
        return
    # Not created here: below the place of a link that went away it would be on this disk.
    path = Path(folder) / name
    try:
        path.write_bytes(name.encode())
        found = path.read_bytes()
    finally:
        path.unlink(missing_ok=True)
    _expect_same(found.decode(errors="replace"), name)


def _try_bucket(place: str, name: str) -> None:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    store = get_artifact_repository(place)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        back = Path(folder).absolute() / "back"
        back.mkdir()
        path.write_text(name, encoding="utf-8")
        store.log_artifact(str(path))
        try:
            read = store.download_artifacts(name, dst_path=str(back))
            found = Path(read).read_text(encoding="utf-8", errors="replace")
        finally:
            store.delete_artifacts(name)
    _expect_same(found, name)


def _expect_same(found: str, written: str) -> None:
    if found != written:
        raise RuntimeError("the artifact store did not give back what was written")
