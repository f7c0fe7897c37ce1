"""Carry out a start: look, decide, restore if needed, and report in one JSON document."""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.errors import DATA_UNUSABLE, HOST_UNUSABLE
from studio.snapshots import closed, decide, idle, lineage, local, restore, scan, state
from studio.snapshots.decide import Choice, Local, Wishes
from studio.snapshots.layout import State
from studio.snapshots.local import LocalDiskError
from studio.snapshots.restore import Rejection, Verified
from studio.snapshots.scan import ScanError, Session
from studio.snapshots.state import LocalState, as_json

_MOST_REPORTED = 100
_BUSY_S = 5.0


@dataclass(frozen=True, slots=True)
class Start:
    """What a start found and did."""

    choice: Choice
    sessions: tuple[Session, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    verified: Verified | None = None
    parents: tuple[State, ...] = ()
    set_aside: Path | None = None
    seconds: float = 0.0


def begin(link: Path, db: Path, home: Path, wishes: Wishes, now: float) -> Start:
    """Make `db` what this run begins with, and note in the home what it contains.

    A refusal changes nothing, neither here nor on the link. On the link nothing is written at all.
    """
    began = time.monotonic()
    try:
        found = _begin(link, db, home, wishes, now)
    except ScanError as exc:
        found = Start(Choice("refuse", f"{exc}; nothing was changed", exit_code=DATA_UNUSABLE))
    except (LocalDiskError, OSError) as exc:
        why = f"the local disk cannot be used: {exc}"
        found = Start(Choice("refuse", why, exit_code=HOST_UNUSABLE))
    return Start(
        found.choice,
        found.sessions,
        found.rejections,
        found.verified,
        found.parents,
        found.set_aside,
        round(time.monotonic() - began, 3),
    )


def _begin(link: Path, db: Path, home: Path, wishes: Wishes, now: float) -> Start:
    scratch = db.with_name(db.name + ".restoring")
    local.private_dir(home)
    local.private_dir(db.parent)
    local.remove(scratch)
    here = look(db, home)
    there = idle.marked(link, scan.sessions(link))
    verified, rejections = None, tuple[Rejection, ...]()
    choice = decide.early(here, there, wishes)
    if choice is None:
        states = decide.candidates(there, wishes)
        verified, rejections = restore.newest_verified(link, states, scratch)
        best = verified.state if verified else None
        reasons = [f"{r.state}: {r.reason}" for r in rejections]
        choice = decide.late(here, there, wishes, best, reasons)
    noted = _noted(choice, here, there, rejections, wishes, state.name_of(db, home))
    aside = None
    if choice.kind in ("restore", "fresh"):
        # The order is crash-safe: a local file that nothing is known about is never trusted.
        state.forget(home)
        if choice.set_aside or _has_content(db.with_name(db.name + "-wal")):
            contained = (*noted.parents, *noted.ancestors)
            aside = restore.set_aside(db, home, now, decide.superseded(here, contained))
    if choice.kind == "restore":
        restore.put_in_place(scratch, db)
    local.remove(scratch)
    if choice.kind != "refuse":
        state.write(home, noted)
        closed.forget(home)
    return Start(choice, there, rejections, verified, noted.parents, aside)


def look(db: Path, home: Path) -> Local:
    """The local database file, checked by SQLite unless a clean end left it just so.

    An empty file is no database yet. LocalDiskError when it cannot be opened just now, by which
    nobody knows whether it is whole.
    """
    if not _has_content(db):
        return Local()
    damage = None
    try:
        uri = f"{db.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_S)) as connection:
            check = "schema_version" if closed.is_unchanged(home, db) else "quick_check(1)"
            answer = connection.execute(f"PRAGMA {check}").fetchone()[0]
            damage = None if answer == "ok" or isinstance(answer, int) else str(answer)
    except sqlite3.Error as exc:
        if local.is_in_the_way(exc):
            why = f"{db} cannot be opened ({exc}); does another program use it?"
            raise LocalDiskError(why) from exc
        damage = str(exc)
    return Local(present=True, damage=damage, state=state.read(home, db))


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _noted(
    choice: Choice,
    here: Local,
    there: tuple[Session, ...],
    rejections: tuple[Rejection, ...],
    wishes: Wishes,
    db: str,
) -> LocalState:
    """What is known about the database that this run begins with."""
    visible = {s.sid for s in there}
    heads = {s.sid: s.head for s in there if s.head}
    damaged = {heads[r.state.sid] for r in rejections if r.state.sid in heads}
    if choice.kind == "local":
        known = here.state or LocalState(db)
        known = known.continued(any(s.sid in heads for s in known.own))
        left = damaged.union(known.passed_over)
    elif choice.state is None:
        known, left = LocalState(db), damaged
    else:
        known, left = _restored(choice.state, there, wishes, db)
        left |= damaged
    ancestors = lineage.contained(there, (*known.parents, *known.ancestors))
    return replace(
        known,
        passed_over=tuple(sorted(s for s in left - {choice.state} if s.sid in visible)),
        ancestors=tuple(s for s in ancestors if s not in known.parents and s.sid in visible),
    )


def _restored(
    taken: State, there: tuple[Session, ...], wishes: Wishes, db: str
) -> tuple[LocalState, set[State]]:
    """What is known of a database restored from the link, and which states it knowingly leaves."""
    origin = next((s for s in there if s.sid == taken.sid), Session(taken.sid))
    named = wishes.restore_from if taken == wishes.restore_from else None
    ends = {s.head for s in lineage.leaves(there) if s.head} if named else set[State]()
    known = LocalState(
        db, parents=(taken,), depth=origin.depth + 1, restored_from=named or origin.restored_from
    )
    return known, ends.union(origin.passed_over)


def report(start: Start) -> dict[str, Any]:
    """The document that the parent process reads."""
    choice = start.choice
    parent = start.parents[0] if start.parents else None
    conflict = lineage.conflict(start.sessions)
    return {
        "v": 1,
        "choice": choice.kind,
        "exit": choice.exit_code,
        "why": choice.why,
        "state": str(choice.state) if choice.state else None,
        "parent": as_json(parent) if parent else None,
        "alembic_rev": start.verified.manifest.alembic_rev
        if choice.state and start.verified
        else None,
        "set_aside": str(start.set_aside) if start.set_aside else None,
        "rejected": [
            {"state": str(r.state), "reason": r.reason} for r in start.rejections[:_MOST_REPORTED]
        ],
        "rejected_count": len(start.rejections),
        "conflict": {
            "why": f"{conflict.why}. {conflict.remedy}",
            "leaves": [_leaf(s) for s in conflict.leaves],
        }
        if conflict
        else None,
        "schemas": _schemas(start.sessions),
        "sessions": len(start.sessions),
        "notes": [f"{s.sid}: {note}" for s in start.sessions for note in s.notes][:_MOST_REPORTED],
        "seconds": start.seconds,
    }


def _leaf(session: Session) -> dict[str, Any]:
    newest = session.newest
    assert newest is not None  # leaves have published
    return {
        "state": str(session.head),
        "published_at": newest.wall_ts,
        "ended": session.ended,
        "runs": newest.rows.runs,
        "metrics": newest.rows.metrics,
        "alembic_rev": newest.alembic_rev,
    }


def _schemas(sessions: tuple[Session, ...]) -> list[dict[str, Any]]:
    """The newest state of each schema revision, newest first: what another version could read."""
    newest: dict[str, dict[str, Any]] = {}
    heads = [(s.newest, s.head) for s in sessions if s.newest is not None]
    for manifest, head in sorted(heads, key=lambda pair: pair[0].wall_ts, reverse=True):
        newest.setdefault(
            manifest.alembic_rev,
            {
                "alembic_rev": manifest.alembic_rev,
                "state": str(head),
                "published_at": manifest.wall_ts,
            },
        )
    return list(newest.values())
