"""What a session has published on a data link, and what that means for going back to an older one.

A Studio that is put aside gets a label with the newest state that it published. When it comes back
after a newer session has changed the schema of the database, that state is what its image can read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from studio.snapshots.layout import State

if TYPE_CHECKING:
    from deploy.seqera.explorer import Published
    from deploy.seqera.models import Studio

RESTORE = "STUDIO_RESTORE_FROM"


def as_label(state: str) -> str:
    """Write a state as the value of a label, which has no slash and no capitals.

    >>> as_label("20261122T233012Z-0a1b2c3d/7")
    '20261122t233012z-0a1b2c3d-7'
    """
    return state.lower().replace("/", "-")


def from_label(text: str | None) -> str | None:
    """Read it back; None if it is none.

    >>> from_label("20261122t233012z-0a1b2c3d-7")
    '20261122T233012Z-0a1b2c3d/7'
    >>> from_label("latest")
    """
    session, _, number = (text or "").rpartition("-")
    begin, dash, end = session.rpartition("-")
    if not re.fullmatch(r"[0-9]{8}t[0-9]{6}z", begin):
        return None
    try:
        return str(State.parse(f"{begin.upper()}{dash}{end}/{number}"))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Return:
    """What going back to a state takes: where to start from, and the sessions in between."""

    restore_from: str | None = None
    between: tuple[Published, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Name what was written in between: it stays on the data link."""
        if not self.between:
            return ()
        listed = [f"{each.state}{_count(each.runs)}" for each in self.between]
        if self.restore_from is None:
            return (f"what was written in between is carried on: {', '.join(listed)}",)
        return (
            f"it starts from {self.restore_from}: the newer session has changed the database's"
            " schema, which the older image cannot read",
            f"what was written in between stays on the data link: {', '.join(listed)}; get it with"
            " studioctl snapshots export",
        )


def returning(to: str | None, published: Sequence[Published] | None) -> Return:
    """Say what going back to the state `to` takes, from the newest state of each session."""
    if to is None or not published:
        return Return()
    there = State.parse(to)
    old = next((each for each in published if State.parse(each.state).sid == there.sid), None)
    if old is None:
        return Return()
    between = tuple(each for each in published if each.at > old.at and each is not old)
    changed = any(each.alembic_rev != old.alembic_rev for each in between)
    return Return(to if changed else None, between)


def last_of(studio: Studio, published: Sequence[Published] | None) -> str | None:
    """Tell which of the sessions on a data link was this Studio's last; None if that is not sure.

    A session's name begins with the time of its start, to the second.
    """
    since = studio.last_started or 0
    found = [each for each in published or () if _began(each) >= int(since)]
    return found[0].state if len(found) == 1 or (found and not since) else None


def _began(published: Published) -> float:
    stamp = published.state[: len("20261122T233012Z")]
    return datetime.strptime(stamp, "%Y%m%dT%H%M%S%z").timestamp()


def _count(runs: int | None) -> str:
    return "" if runs is None else f" ({runs} run{'' if runs == 1 else 's'})"
