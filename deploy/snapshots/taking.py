"""Take a state from a folder: rehearse it, or get it back as an ordinary file."""

import contextlib
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import FileNotWritten, FileThere, HomeInUse, StateUnusable
from deploy.snapshots.points import Store
from studio.snapshots import local, restore, state
from studio.snapshots.layout import State
from studio.snapshots.local import LocalDiskError
from studio.snapshots.restore import Rejection, Verified

DATABASE = "mlflow.db"


@dataclass(frozen=True, slots=True)
class Taken:
    """A state that was got back, where it is, and the newer ones that could not be used."""

    verified: Verified
    place: Path
    rejected: tuple[Rejection, ...] = ()
    set_aside: Path | None = None


def rehearse(store: Store, wanted: State) -> str | None:
    """Restore a state to a scratch file, which is dropped; the reason if that fails.

    The scratch file lies in the system's folder for such files (TMPDIR), as large as the database.
    """
    with tempfile.TemporaryDirectory(prefix="studioctl-") as folder:
        try:
            verified, rejected = restore.newest_verified(
                store.link, (wanted,), Path(folder, DATABASE)
            )
        except LocalDiskError as error:
            raise FileNotWritten(Path(folder), f"{error}. TMPDIR names another folder") from error
    return None if verified else rejected[0].reason


def export(store: Store, states: tuple[State, ...], output: Path, *, force: bool) -> Taken:
    """Write the first of the states that verifies as one file, which any SQLite can open."""
    output = output.absolute()
    if output.exists() and not force:
        raise FileThere(output)
    with _restored(store, states, output.parent) as (verified, rejected, scratch):
        with closing(sqlite3.connect(scratch)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")  # a log beside it could get lost
        local.remove(output)
        scratch.replace(output)
        local.sync_dir(output.parent)
    return Taken(verified, output, rejected)


def into_home(store: Store, states: tuple[State, ...], home: Path, now: float) -> Taken:
    """Make the first of the states that verifies the database of a Studio's home on this machine.

    A database that is there is kept beside, in `diverged`. Nothing on the link is changed.
    """
    home = home.absolute()
    with _locked(home), _restored(store, states, home) as (verified, rejected, scratch):
        db, aside = home / DATABASE, None
        state.forget(home)
        if any(db.with_name(db.name + suffix).exists() for suffix in ("", "-wal")):
            aside = restore.set_aside(db, home, now)
        restore.put_in_place(scratch, db)
    return Taken(verified, db, rejected, aside)


@contextlib.contextmanager
def _restored(
    store: Store, states: tuple[State, ...], folder: Path
) -> Iterator[tuple[Verified, tuple[Rejection, ...], Path]]:
    """A verified copy beside its destination, so that it can be moved there in one step."""
    scratch = folder / f".{DATABASE}.restoring-{os.getpid()}"
    try:
        verified, rejected = restore.newest_verified(store.link, states, scratch)
        if verified is None:
            raise StateUnusable([f"{each.state}: {each.reason}" for each in rejected])
        yield verified, rejected, scratch
    except (LocalDiskError, OSError, sqlite3.Error) as error:
        raise FileNotWritten(folder, str(error)) from error
    finally:
        with contextlib.suppress(OSError):
            local.remove(scratch)


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Keep a server from starting on this home meanwhile, and refuse if one runs."""
    if sys.platform == "win32":  # the server does not run there
        local.private_dir(home)
        yield
        return
    import fcntl

    try:
        local.private_dir(home)
        lock = os.open(home / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FileNotWritten(home, error.strerror or str(error)) from error
    with os.fdopen(lock, "rb"):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HomeInUse(home) from error
        yield
