"""`<home>/closed.json`: the database file as it was when its last user closed it.

SQLite checks a database of 1 GB for a second, from a cold disk for ten. A file that a clean end
left behind, and that nobody has touched since, need not be checked again: what the check looks for
comes from copies of a file in use, as a Studio checkpoint makes them. Those are never taken for
closed: every start removes this note.
"""

from pathlib import Path
from typing import Any

from studio.snapshots import local, reading, state


def note(home: Path, db: Path) -> None:
    """Take down how the file looks, if nobody uses it; OSError when that cannot be written."""
    seen = _seen(home, db)
    if seen is None:
        _path(home).unlink(missing_ok=True)
    else:
        local.write_json(_path(home), seen)


def forget(home: Path) -> None:
    """The file is about to be used."""
    _path(home).unlink(missing_ok=True)


def is_unchanged(home: Path, db: Path) -> bool:
    """Whether the file is just as its last user left it."""
    seen = _seen(home, db)
    if seen is None:
        return False
    try:
        return reading.json_object(_path(home).read_bytes()) == seen
    except (OSError, ValueError):
        return False


def _seen(home: Path, db: Path) -> dict[str, Any] | None:
    """None while there is a log or a journal: then the file alone is not the database."""
    if any(_length(db.with_name(db.name + suffix)) for suffix in ("-wal", "-journal")):
        return None
    try:
        found = db.stat()
    except FileNotFoundError:
        return None
    name = state.name_of(db, home)
    return {"v": 1, "db": name, "size": found.st_size, "mtime_ns": found.st_mtime_ns}


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _path(home: Path) -> Path:
    return home / "closed.json"
