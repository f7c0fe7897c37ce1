"""Private files on the local disk, where renaming and overwriting are safe."""

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

BINARY: int = getattr(os, "O_BINARY", 0)  # Windows changes line ends without it


# Somebody else has the file, or this user may not open it: that says nothing about its content.
_IN_THE_WAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_FULL,
    }
)


class LocalDiskError(Exception):
    """Our own disk cannot do its part: no fault of the state that was being read or written."""


def is_in_the_way(error: sqlite3.Error) -> bool:
    """Whether a database could not be used for a reason that lies outside of its file."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _IN_THE_WAY


def private_dir(path: Path) -> Path:
    """Make a folder only we can enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def create(path: Path) -> int:
    """Open a new, empty, private file for reading and writing; an old one is dropped."""
    path.unlink(missing_ok=True)
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | BINARY, 0o600)


def write_json(path: Path, document: dict[str, Any], sync: bool = True) -> None:
    """Replace a JSON file as a whole; with `sync` it is on disk when this returns."""
    private_dir(path.parent)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with open(create(beside), "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
        if sync:
            file.flush()
            os.fsync(file.fileno())
    beside.replace(path)
    if sync:
        sync_dir(path.parent)


def sync_dir(path: Path) -> None:
    """Make the names in a folder survive a power cut."""
    if os.name == "nt":  # where a folder cannot be opened
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def remove(*paths: Path) -> None:
    """Drop spool and scratch files, with what SQLite keeps beside them."""
    for path in paths:
        for suffix in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
