"""How sessions descend from each other: pure functions over what `scan` found.

Two Studios on one link cannot exclude each other, and do not need to: each writes a session of its
own. Afterwards there are two newest states that nobody continues, two *leaves*. Both are kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from studio.snapshots.layout import State
from studio.snapshots.scan import Session


@dataclass(frozen=True, slots=True)
class Conflict:
    """More than one newest state: Studios that wrote at the same time, or clones of one."""

    leaves: tuple[Session, ...]

    @property
    def why(self) -> str:
        """The conflict in words."""
        heads = ", ".join(str(s.head) for s in self.leaves)
        return (
            f"{len(self.leaves)} lineages end on this data link and none continues another: "
            f"{heads}. Two Studios have used it at the same time, or one is a clone of the other. "
            "All of them are kept"
        )


def leaves(sessions: Sequence[Session]) -> tuple[Session, ...]:
    """Sessions whose newest state no other session continues or knowingly left, best first.

    The longest line comes first and wall time decides between equals, because clocks differ.
    """
    known: dict[str, int] = {}
    for session in sessions:
        if session.head is None:  # it has published nothing, so it preserves nothing
            continue
        for state in (*session.parents, *session.passed_over):
            if state.sid != session.sid:
                known[state.sid] = max(state.seq, known.get(state.sid, -1))
    return _best_first(
        s for s in sessions if s.head is not None and s.head.seq > known.get(s.sid, -1)
    )


def conflict(sessions: Sequence[Session]) -> Conflict | None:
    """The conflict on a link, None when there is at most one leaf."""
    ends = leaves(sessions)
    return Conflict(ends) if len(ends) > 1 else None


def order(sessions: Sequence[Session]) -> tuple[Session, ...]:
    """In which order to look for a state that verifies: the best leaf, then all others."""
    first = leaves(sessions)[:1]
    rest = _best_first(s for s in sessions if s not in first)
    return (*first, *rest)


def heirs(sessions: Sequence[Session], named: State) -> tuple[Session, ...]:
    """Sessions that began with a restore of the named state on demand, and their descendants."""
    line = {s.sid for s in sessions if s.restored_from == named and s.head is not None}
    while more := {
        s.sid for s in sessions if s.sid not in line and any(p.sid in line for p in s.parents)
    }:
        line |= more
    return tuple(s for s in sessions if s.sid in line)


def _best_first(sessions: Iterable[Session]) -> tuple[Session, ...]:
    def key(session: Session) -> tuple[int, float, str]:
        return session.depth, session.newest.wall_ts if session.newest else 0.0, session.sid

    return tuple(sorted(sessions, key=key, reverse=True))
