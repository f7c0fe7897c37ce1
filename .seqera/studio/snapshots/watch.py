"""The live database, seen by a reader: has it changed, and what is in it now."""

import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from studio.snapshots import local
from studio.snapshots.manifest import Rows

_BUSY_S = 20.0


class NoSchema(Exception):
    """The database has no tables of MLflow yet: there is nothing to keep."""


@dataclass(frozen=True, slots=True)
class Version:
    """Which content of the database we saw. Two that are equal: nothing was committed between."""

    opened: int
    inode: int
    data_version: int


@dataclass(frozen=True, slots=True)
class Content:
    """What a snapshot holds."""

    alembic_rev: str
    rows: Rows


class Watch:
    """A lasting read connection to the live database.

    `PRAGMA data_version` compares commits of others with what this very connection saw, so the
    connection stays open. Between calls it holds no transaction: checkpoints of the write-ahead log
    go on. A rolled back transaction is no change.
    """

    def __init__(self, db: Path) -> None:
        self.db = db
        self._connection: sqlite3.Connection | None = None
        self._opened = 0
        self._inode = 0

    def version(self) -> Version | None:
        """Which content is there now; None when there is no database file."""
        try:
            inode = self.db.stat().st_ino
        except FileNotFoundError:
            self.close()
            return None
        if self._connection is None or inode != self._inode:
            self._open(inode)
        return Version(self._opened, inode, self._ask("PRAGMA data_version"))

    def has_schema(self) -> bool:
        """Whether MLflow has made its tables."""
        return _revision(self._live()) is not None

    def size(self) -> int:
        """Bytes of the database with its write-ahead log."""
        wal = self.db.with_name(self.db.name + "-wal")
        return self.db.stat().st_size + (wal.stat().st_size if wal.exists() else 0)

    def copy(self, shadow: Path) -> None:
        """Write a consistent copy to a new file with the Online Backup API; writers go on."""
        deadline = time.monotonic() + _BUSY_S

        def give_up_when_late(status: int, remaining: int, total: int) -> None:
            if remaining and time.monotonic() > deadline:
                raise TimeoutError(f"the database was locked for {_BUSY_S:.0f} s")

        local.remove(shadow)
        os.close(local.create(shadow))
        with closing(sqlite3.connect(shadow, isolation_level=None)) as target:
            target.execute("PRAGMA synchronous=OFF")
            target.execute("PRAGMA journal_mode=OFF")
            self._live().backup(target, pages=-1, progress=give_up_when_late)

    def close(self) -> None:
        """Let go of the database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self, inode: int) -> None:
        self.close()
        uri = f"{self.db.absolute().as_uri()}?mode=rw"  # rw: may recover a log, never makes a file
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_S)
        self._connection.execute("PRAGMA query_only=ON")
        self._opened += 1
        self._inode = inode

    def _ask(self, query: str) -> int:
        return int(self._live().execute(query).fetchone()[0])

    def _live(self) -> sqlite3.Connection:
        if self._connection is None:
            raise FileNotFoundError(f"{self.db} is not there")
        return self._connection


def content(shadow: Path) -> Content:
    """What a closed copy holds; NoSchema when it has no revision of MLflow's schema."""
    uri = f"{shadow.absolute().as_uri()}?immutable=1"  # the copy's header says WAL: make no log
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        revision = _revision(connection)
        if revision is None:
            raise NoSchema
        rows = Rows(_rows(connection, "runs"), _rows(connection, "metrics"))
        return Content(revision, rows)


def _revision(connection: sqlite3.Connection) -> str | None:
    if not _has_table(connection, "alembic_version"):
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _rows(connection: sqlite3.Connection, table: str) -> int | None:
    if not _has_table(connection, table):
        return None
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type='table' AND name=?"
    return connection.execute(query, (name,)).fetchone() is not None
