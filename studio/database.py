"""Make the live SQLite database ready before any worker opens it.

One process does this, because MLflow's own start creates tables without a lock and several workers
on a fresh file leave it half migrated for good. The usual cases, a fresh start from the template
and a database of the current schema, are done here with `sqlite3` alone; MLflow is imported only in
a child process, to create or upgrade a schema.
"""

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.errors import DATA_UNUSABLE, HOST_UNUSABLE, StartRefused, one_line
from studio.schema import Schema
from studio.snapshots import local

_BUSY_S = 20.0
_CHECKED_UP_TO = 256 << 20  # bytes; a full check costs 0.14 s for 100 MB

State = Literal["missing", "empty", "current", "older", "newer", "foreign", "corrupt", "in use"]
Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What a database file holds, seen without changing it."""

    state: State
    revision: str = ""
    detail: str = ""


def inspect(path: Path, schema: Schema) -> Found:
    """Look into a SQLite file: its revision against this MLflow's, and whether it is sound."""
    if not path.exists():
        return Found("missing")
    if path.stat().st_size == 0:
        return Found("empty")
    try:
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_S)) as connection:
            connection.execute("PRAGMA query_only = ON")
            return _look_inside(connection, path, schema)
    except sqlite3.DatabaseError as exc:
        state: State = "in use" if local.is_in_the_way(exc) else "corrupt"
        return Found(state, detail=one_line(exc))


def _look_inside(connection: sqlite3.Connection, path: Path, schema: Schema) -> Found:
    query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    tables = {name for (name,) in connection.execute(query)}
    if path.stat().st_size <= _CHECKED_UP_TO:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            return Found("corrupt", detail=verdict)
    if not tables:
        return Found("empty")
    if not {"alembic_version", "experiments"} <= tables:
        return Found("foreign", detail=f"it has the tables {', '.join(sorted(tables)[:4])}")
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    revision = row[0] if row else ""
    if revision == schema.head:
        return Found("current", revision)
    return Found("older" if revision in schema.known else "newer", revision)


def prepare(
    path: Path,
    schema: Schema,
    *,
    template: Path | None,
    pinned: Path,
    upgrade: bool,
    migrate: Callable[[str, Path], None],
    log: Log,
    hint: str = "",
    before_upgrade: Callable[[], None] = lambda: None,
) -> None:
    """Bring the file at `path` to the current schema, or raise `StartRefused` and change nothing.

    `template` is a migrated database to start from. `migrate("init" | "upgrade", file)` runs MLflow
    on a file. An older database is copied into `pinned` first; the upgrade happens on a copy that
    takes the file's place only when it is complete. `hint` tells what newer data could be read.
    `before_upgrade` has the old database kept elsewhere as well.
    """
    found = inspect(path, schema)
    if found.state == "in use":
        raise _in_use(path, found.detail)
    if found.state == "corrupt":
        raise _refused(path, f"it is damaged ({found.detail})", "Restore it from a snapshot")
    if found.state == "foreign":
        raise _refused(path, f"it is not MLflow's: {found.detail}", "Name another file")
    if found.state == "newer":
        raise _refused(
            path,
            f"a newer MLflow wrote it (schema {found.revision}, this image knows {schema.head})",
            f"Use that MLflow's image again. {hint}".rstrip(),
        )
    if found.state in ("missing", "empty"):
        _create(path, template, migrate, log)
    elif found.state == "older":
        if not upgrade:
            raise _refused(
                path,
                f"its schema {found.revision} is older than this MLflow's {schema.head} "
                "and STUDIO_DB_UPGRADE=never",
                "Set STUDIO_DB_UPGRADE=auto to upgrade it (a copy is kept)",
            )
        before_upgrade()
        _upgrade(path, found.revision, schema, pinned, migrate, log)
    _use_wal(path)


def _create(
    path: Path, template: Path | None, migrate: Callable[[str, Path], None], log: Log
) -> None:
    partial = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        local.remove(partial)
        if template:
            shutil.copyfile(template, partial)
            _date_now(partial)
        else:
            log("creating the database (a few seconds)")
            migrate("init", partial)
        partial.chmod(0o600)
    except (sqlite3.Error, OSError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else one_line(exc)
        raise StartRefused(
            HOST_UNUSABLE, f"the database {path} cannot be created: {reason}"
        ) from exc
    _replace(partial, path)


def _date_now(path: Path) -> None:
    """The template's `Default` experiment was made when the image was built; it starts now."""
    with closing(sqlite3.connect(path)) as connection, connection:
        now = (int(time.time() * 1000),) * 2
        connection.execute("UPDATE experiments SET creation_time = ?, last_update_time = ?", now)


def _upgrade(
    path: Path,
    revision: str,
    schema: Schema,
    pinned: Path,
    migrate: Callable[[str, Path], None],
    log: Log,
) -> None:
    kept = pinned / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{revision}-{path.name}"
    work = path.with_name(f".{path.name}.upgrade")
    log(f"upgrading the database from schema {revision} to {schema.head}; a copy is kept: {kept}")
    try:
        local.remove(work)
        pinned.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy(path, kept)
        _copy(kept, work)
        migrate("upgrade", work)
        if inspect(work, schema).state != "current":
            raise StartRefused(DATA_UNUSABLE, f"the upgrade of {path} did not complete")
    except (StartRefused, sqlite3.Error, OSError) as exc:
        local.remove(work, kept)  # else each attempt would leave one more
        left = f"The database was left as it was: {path}"
        if isinstance(exc, StartRefused):
            raise StartRefused(exc.code, f"{exc}\n{left}".lstrip()) from exc
        why = f"the database cannot be copied for its upgrade: {one_line(exc)}.\n{left}"
        raise StartRefused(HOST_UNUSABLE, why) from exc
    _replace(work, path)


def _copy(source: Path, target: Path) -> None:
    """Copy a database with all that is committed, also what is only in its write-ahead log."""
    with closing(sqlite3.connect(source)) as reader, closing(sqlite3.connect(target)) as writer:
        reader.backup(writer)
    target.chmod(0o600)


def _replace(new: Path, path: Path) -> None:
    """Put a finished file in the place of `path`; an old log beside it belongs to the old file."""
    with closing(sqlite3.connect(new)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    new.replace(path)
    local.remove(new)


def _use_wal(path: Path) -> None:
    """Switch to write-ahead logging once; the file remembers it."""
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_S)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as exc:
        raise _in_use(path, one_line(exc)) from exc


def _in_use(path: Path, why: str) -> StartRefused:
    return StartRefused(
        HOST_UNUSABLE,
        f"the database {path} cannot be opened for writing ({why}).\n"
        "Does another program use it? May this user write to it, and is there room on the disk?",
    )


def _refused(path: Path, why: str, remedy: str) -> StartRefused:
    return StartRefused(
        DATA_UNUSABLE,
        f"the database {path} cannot be used: {why}.\nNothing was changed. {remedy.rstrip('.')}.",
    )
