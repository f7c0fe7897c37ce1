"""What we know about the local database file: `<home>/state.json`.

A Studio checkpoint keeps the local database and this file together, at some moment of the past.
The file says which published states that database contains at least, so that a start can tell
whether the link is ahead of it. It is written before each snapshot and after each restore.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.snapshots import local, reading
from studio.snapshots.layout import State, states_in

_MOST_PARENTS = 50
_MOST_ANCESTORS = 2000


@dataclass(frozen=True, slots=True)
class LocalState:
    """The local database `db` and where its content is published.

    `session` publishes it and has tried no number above `pending_seq`; both are None between a
    start and the first snapshot. `published` tells whether any of its states was written whole.

    The file also contains the `ancestors`, what came before its parents. They are carried along
    with `passed_over` and `restored_from` from session to session, because retention removes
    sessions out of the middle of a line, and then nothing else would tell.
    """

    db: str
    session: str | None = None
    pending_seq: int | None = None
    published: bool = False
    parents: tuple[State, ...] = ()
    passed_over: tuple[State, ...] = ()
    depth: int = 1
    restored_from: State | None = None
    ancestors: tuple[State, ...] = ()

    @property
    def contained(self) -> tuple[State, ...]:
        """All states that the file is known to contain, those of the nearest session first."""
        return (*self.own, *self.parents, *self.ancestors)

    @property
    def own(self) -> tuple[State, ...]:
        """The newest state that the current session can ever have published."""
        if self.session is None or self.pending_seq is None:
            return ()
        return (State(self.session, self.pending_seq),)

    def continued(self, own_is_visible: bool) -> "LocalState":
        """What holds for a next session of the same file, before it publishes anything.

        Its parent is the highest number the old session tried, not the last that arrived: an upload
        may still be under way, and the file contains that state in any case.
        """
        if not self.own:
            return self
        nobodys = replace(self, session=None, pending_seq=None, published=False)
        if not own_is_visible:
            return replace(nobodys, parents=(*self.own, *self.parents)[:_MOST_PARENTS])
        ancestors = tuple(dict.fromkeys((*self.parents, *self.ancestors)))
        return replace(
            nobodys,
            parents=self.own,
            ancestors=ancestors[:_MOST_ANCESTORS],
            depth=self.depth + 1,
        )


def as_json(state: State) -> dict[str, Any]:
    """A state as it stands in our JSON files."""
    return {"sid": state.sid, "seq": state.seq}


def path(home: Path) -> Path:
    """The file's place."""
    return home / "state.json"


def name_of(db: Path, home: Path) -> str:
    """How the file names a database, whichever links lead to it.

    It is relative in the home, so that a home can be moved.
    """
    db, home = db.resolve(), home.resolve()
    return str(db.relative_to(home) if db.is_relative_to(home) else db)


def write(home: Path, state: LocalState) -> None:
    """Replace the file; it is on disk when this returns."""
    local.write_json(
        path(home),
        {
            "v": 1,
            "db": state.db,
            "session": state.session,
            "pending_seq": state.pending_seq,
            "published": state.published,
            "parents": [as_json(s) for s in state.parents],
            "ancestors": [as_json(s) for s in state.ancestors],
            "passed_over": [as_json(s) for s in state.passed_over],
            "depth": state.depth,
            "restored_from": as_json(state.restored_from) if state.restored_from else None,
        },
    )


def forget(home: Path) -> None:
    """Remove the file, before the database it speaks of is replaced."""
    path(home).unlink(missing_ok=True)
    local.sync_dir(home)


def read(home: Path, db: Path) -> LocalState | None:
    """What is known about `db`; None for another database, or when the file cannot be used.

    None is the careful answer: where the link holds states, an unknown local file steps aside.
    """
    try:
        document = reading.json_object(path(home).read_bytes())
    except (OSError, ValueError):
        return None
    own = states_in([{"sid": document.get("session"), "seq": document.get("pending_seq")}])
    depth, restored_from = document.get("depth"), states_in([document.get("restored_from")])
    if (
        document.get("v") != 1
        or document.get("db") != name_of(db, home)
        or not isinstance(depth, int)
    ):
        return None
    return LocalState(
        db=name_of(db, home),
        session=own[0].sid if own else None,
        pending_seq=own[0].seq if own else None,
        published=document.get("published") is True,
        parents=states_in(document.get("parents")),
        passed_over=states_in(document.get("passed_over")),
        depth=depth,
        restored_from=restored_from[0] if restored_from else None,
        ancestors=states_in(document.get("ancestors")),
    )
