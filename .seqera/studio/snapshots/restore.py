"""Get a state back from a link as an ordinary SQLite file, proven byte by byte.

A state that fails any check is rejected with its reason; trouble with our own disk is a
`LocalDiskError` instead, for it says nothing about the state.
"""

import io
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from studio.snapshots import layout, local, pack, reading, scan
from studio.snapshots.layout import State
from studio.snapshots.local import LocalDiskError
from studio.snapshots.manifest import Manifest, ManifestError, Pack

_SPARE = 16 << 20


class Rejected(Exception):
    """A state that cannot be used, in words."""


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
    """Restore the first of `states` that verifies to `destination`; tell which were rejected."""
    rejections: list[Rejection] = []
    for state in states:
        try:
            manifest = scan.manifest(link, state)
            restore(link, state.sid, manifest, destination)
            check_integrity(destination)
        except (ManifestError, Rejected) as exc:
            local.remove(destination)
            rejections.append(Rejection(state, str(exc)))
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
    """Write a state's database to a local scratch file; its length and root hash are right."""
    try:
        _ensure_room(destination, manifest.size)
        with os.fdopen(local.create(destination), "wb") as target:
            for part in manifest.chain:
                _apply(link, sid, part, manifest, target, check)
            target.truncate(manifest.size)
            target.flush()
            os.fsync(target.fileno())
        found = pack.root_of(destination, check)
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


def _apply(
    link: Path,
    sid: str,
    part: Pack,
    manifest: Manifest,
    target: BinaryIO,
    check: Callable[[], None],
) -> None:
    """Write one pack's pages where they belong, and hash the pack on the way."""
    with _opened(link, sid, part) as source:
        try:
            for offset, run in _runs(source, manifest):
                check()
                _write(target, run, offset)
            sha256 = source.sha256()
        except ValueError as exc:
            raise Rejected(f"{part.name}: {exc}") from exc
        if (source.length, sha256) != (part.len, part.sha256):
            raise Rejected(f"{part.name}: its content does not match its hash")


def _runs(source: "_Patient", manifest: Manifest) -> Iterator[tuple[int, list[memoryview]]]:
    """Neighbouring pages together, with the offset of the first."""
    size = manifest.page_size
    run: list[memoryview] = []
    first = 0
    for index, page in pack.read_pages(source, size):
        if index >= manifest.pages:
            raise ValueError(f"page {index} lies beyond the end")
        if run and (index != first + len(run) or len(run) * size >= pack.BLOCK):
            yield first * size, run
            run = []
        if not run:
            first = index
        run.append(page)
    if run:
        yield first * size, run


def _write(target: BinaryIO, run: list[memoryview], offset: int) -> None:
    target.seek(offset)
    for page in run:
        target.write(page)


class _Patient(pack.Hashing):
    """A pack being read from the link; an error that stays rejects the state."""

    def __init__(self, file: io.FileIO, name: str) -> None:
        super().__init__(file)
        self._name = name

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""
        try:
            return reading.patiently(lambda: super(_Patient, self).read(size))
        except OSError as exc:
            raise Rejected(f"{self._name}: cannot be read ({exc.strerror})") from exc


@contextmanager
def _opened(link: Path, sid: str, part: Pack) -> Iterator[_Patient]:
    path = layout.pack_file(link, sid, part.name)
    try:
        file = reading.patiently(lambda: path.open("rb", buffering=0))
    except FileNotFoundError as exc:
        raise Rejected(f"{part.name}: the file is missing") from exc
    except OSError as exc:
        raise Rejected(f"{part.name}: cannot be opened ({exc.strerror})") from exc
    with file:
        length = os.fstat(file.fileno()).st_size
        if length != part.len:
            raise Rejected(f"{part.name}: {length} bytes instead of {part.len}")
        yield _Patient(file, part.name)


def check_integrity(database: Path) -> None:
    """Set WAL mode and let SQLite check the file; Rejected says what it found.

    WAL is kept in the file's header, so every later connection uses it.
    """
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as exc:
        raise Rejected(f"SQLite cannot read the database: {exc}") from exc
    if answer != "ok":
        raise Rejected(f"SQLite finds the database damaged: {answer}")


def put_in_place(restored: Path, db: Path) -> None:
    """Make a restored file the live database; what was there must have been set aside."""
    fd = os.open(restored, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    db.with_name(db.name + "-shm").unlink(missing_ok=True)  # an index of another file's log
    restored.replace(db)
    local.sync_dir(db.parent)


def set_aside(db: Path, home: Path, now: float) -> Path:
    """Move the local database out of the way, never to be deleted; returns its new place.

    Its write-ahead log moves along. The database goes first: a crash in between must not leave a
    database here that lacks its newest commits.
    """
    folder = local.private_dir(home / "diverged")
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
