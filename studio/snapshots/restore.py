"""Get a state back from a link as an ordinary SQLite file, proven byte by byte.

A state that fails any check is rejected with its reason; trouble with our own disk is a
`LocalDiskError` instead, for it says nothing about the state.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from studio.snapshots import layout, local, pack, reading, scan
from studio.snapshots.layout import State
from studio.snapshots.local import LocalDiskError
from studio.snapshots.manifest import Manifest, ManifestError, Pack
from studio.snapshots.rebuild import Rebuilding

_SPARE = 16 << 20
_STEPS_BETWEEN_CHECKS = 200_000  # of SQLite's virtual machine: some milliseconds
_OUR_DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)


class Rejected(Exception):
    """A state that cannot be used, in words; `part` is the pack that is to blame, if one is."""

    def __init__(self, reason: str, part: Pack | None = None) -> None:
        super().__init__(f"{part.name}: {reason}" if part else reason)
        self.part = part


class Unreadable(Rejected):
    """The link did not give a pack: nobody knows whether the state is whole."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A state that was looked at and rejected."""

    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A state whose whole chain verified."""

    state: State
    manifest: Manifest


def newest_verified(
    link: Path, states: Sequence[State], destination: Path
) -> tuple[Verified | None, tuple[Rejection, ...]]:
    """Restore the first of `states` that verifies to `destination`; tell which were rejected.

    A damaged base spoils hundreds of states, so a pack is found bad only once.
    """
    rejections: list[Rejection] = []
    bad: dict[tuple[str, Pack], str] = {}
    for state in states:
        try:
            manifest = scan.manifest(link, state)
            reasons = (bad.get((state.sid, part)) for part in manifest.chain)
            if known := next(filter(None, reasons), None):
                raise Rejected(known)
            restore(link, state.sid, manifest, destination)
            check_integrity(destination)
        except (ManifestError, Rejected) as exc:
            local.remove(destination)
            rejections.append(Rejection(state, str(exc)))
            if isinstance(exc, Rejected) and exc.part:
                bad[state.sid, exc.part] = str(exc)
        else:
            return Verified(state, manifest), tuple(rejections)
    return None, tuple(rejections)


def restore(
    link: Path,
    sid: str,
    manifest: Manifest,
    destination: Path,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Write a state's database to a local scratch file; its length and root hash are right.

    The file may still be on its way to the disk: `put_in_place` waits for that.
    """
    try:
        _ensure_room(destination, manifest.size)
        with (
            FileIO(local.create(destination), "r+") as file,
            Rebuilding(file, manifest, check) as target,
        ):
            for part in manifest.chain:
                _apply(link, sid, part, manifest.page_size, target)
            found = target.root()
    except OSError as exc:
        raise LocalDiskError(f"{destination}: {exc.strerror or exc}") from exc
    if found != manifest.root:
        raise Rejected("the restored database does not have the hash that the manifest names")


def _ensure_room(destination: Path, size: int) -> None:
    free = shutil.disk_usage(destination.parent).free
    if free < size + _SPARE:
        raise LocalDiskError(
            f"{destination.parent} has {free >> 20} MB free; "
            f"restoring needs {(size + _SPARE) >> 20} MB"
        )


def _apply(link: Path, sid: str, part: Pack, page_size: int, target: Rebuilding) -> None:
    """Add one pack's pages, and hash the pack on the way."""
    with _opened(link, sid, part) as source:
        try:
            target.apply(pack.read_pages(source, page_size))
            sha256 = source.sha256()
        except ValueError as exc:
            raise Rejected(str(exc), part) from exc
        if (source.length, sha256) != (part.len, part.sha256):
            raise Rejected("its content does not match its hash", part)


class _Patient(pack.Hashing):
    """A pack being read from the link; an error that stays rejects the state."""

    def __init__(self, file: FileIO, part: Pack) -> None:
        super().__init__(file)
        self._part = part

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""
        try:
            return reading.patiently(lambda: super(_Patient, self).read(size))
        except OSError as exc:
            raise Unreadable(f"cannot be read ({exc.strerror})", self._part) from exc


@contextmanager
def _opened(link: Path, sid: str, part: Pack) -> Iterator[_Patient]:
    path = layout.pack_file(link, sid, part.name)
    try:
        file = reading.patiently(lambda: path.open("rb", buffering=0))
    except FileNotFoundError as exc:
        raise Rejected("the file is missing", part) from exc
    except OSError as exc:
        raise Unreadable(f"cannot be opened ({exc.strerror})", part) from exc
    with file:
        try:
            length = reading.patiently(lambda: os.fstat(file.fileno()).st_size)
        except OSError as exc:
            raise Unreadable(f"cannot be read ({exc.strerror})", part) from exc
        if length != part.len:
            raise Rejected(f"{length} bytes instead of {part.len}", part)
        yield _Patient(file, part)


def check_integrity(database: Path, check: Callable[[], None] = lambda: None) -> None:
    """Set WAL mode and let SQLite check the file; Rejected says what it found.

    WAL is kept in the file's header, so every later connection uses it. What `check` raises ends
    the work.
    """
    stopped: list[Exception] = []

    def asked_to_stop() -> bool:
        try:
            check()
        except Exception as exc:  # SQLite would swallow it
            stopped.append(exc)
        return bool(stopped)

    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.set_progress_handler(asked_to_stop, _STEPS_BETWEEN_CHECKS)
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as exc:
        if stopped:
            raise stopped[0] from None
        if exc.sqlite_errorcode & 0xFF in _OUR_DISK:
            raise LocalDiskError(f"{database}: {exc}") from exc
        raise Rejected(f"SQLite cannot read the database: {exc}") from exc
    if answer != "ok":
        raise Rejected(f"SQLite finds the database damaged: {answer}")


def put_in_place(restored: Path, db: Path) -> None:
    """Make a restored file the live database; what was there must have been set aside."""
    fd = os.open(restored, os.O_RDWR)  # Windows syncs no file that is open for reading
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    db.with_name(db.name + "-shm").unlink(missing_ok=True)  # an index of another file's log
    restored.replace(db)
    local.sync_dir(db.parent)


def set_aside(db: Path, home: Path, now: float, superseded: bool = False) -> Path:
    """Move the local database out of the way; returns its new place.

    In `diverged`, where it may be the only one to hold some runs, it is never deleted by us. What
    is `superseded`, an old copy of what takes its place, goes to a folder for one such copy: a
    Studio that is started again and again from one checkpoint must not fill its disk.

    The write-ahead log moves along. The database goes first: a crash in between must not leave a
    database here that lacks its newest commits.
    """
    folder = local.private_dir(home / ("superseded" if superseded else "diverged"))
    if superseded:
        local.remove(*folder.iterdir())
    name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}-{db.name}"
    target = folder / name
    number = 1
    while any(target.with_name(target.name + s).exists() for s in ("", "-wal", "-journal")):
        number += 1
        target = folder / f"{name}.{number}"
    for suffix in ("", "-wal", "-journal"):
        source = db.with_name(db.name + suffix)
        if source.exists():
            shutil.move(source, target.with_name(target.name + suffix))
    db.with_name(db.name + "-shm").unlink(missing_ok=True)
    local.sync_dir(folder)
    return target
