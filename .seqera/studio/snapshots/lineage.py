"""How sessions descend from each other: pure functions over what `scan` found.

Two Studios on one link cannot exclude each other, and do not need to: each writes a session of its
own. Afterwards there are two newest states that nobody continues, two *leaves*. Both are kept.
"""

from collections import deque
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
        heads = ", ".join(_head(s) for s in self.leaves)
        return (
            f"{len(self.leaves)} lineages end on this data link and none continues another: "
            f"{heads}. Two Studios have used it at the same time, or one is a clone of the other. "
            "All of them are kept"
        )

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return (
            "`studioctl snapshots export FOLDER SESSION/NUMBER -o FILE` gives each as an ordinary "
            "database, and STUDIO_RESTORE_FROM=SESSION/NUMBER makes one of them what Studios on "
            "this data link go on from"
        )


def leaves(sessions: Sequence[Session]) -> tuple[Session, ...]:
    """The ends that hold something of their own, best first."""
    return tuple(end for end in ends(sessions) if not end.idle)


def ends(sessions: Sequence[Session]) -> tuple[Session, ...]:
    """Sessions whose newest state no other session continues or knowingly left, best first.

    The longest line comes first and wall time decides between equals, because clocks differ.
    """
    known: dict[str, int] = {}
    for session in sessions:
        if session.head is None:  # it has published nothing, so it preserves nothing
            continue
        for state in (*session.parents, *session.ancestors, *session.passed_over):
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


def contained(sessions: Sequence[Session], begun: Sequence[State]) -> tuple[State, ...]:
    """All states that a database contains which began as `begun`, the nearest first.

    Of sessions that are not on the link any more only those of `begun` are named.
    """
    there = {s.sid: s for s in sessions}
    found: dict[str, int] = {}
    ahead = deque(begun)
    while ahead:
        state = ahead.popleft()
        seen, session = state.sid in found, there.get(state.sid)
        if session is not None or state in begun:
            found[state.sid] = max(state.seq, found.get(state.sid, -1))
        if session is not None and not seen:
            ahead.extend((*session.parents, *session.ancestors))
    return tuple(State(sid, seq) for sid, seq in found.items())


def heirs(sessions: Sequence[Session], named: State) -> tuple[Session, ...]:
    """Sessions that began with a restore of the named state on demand, and their descendants."""
    line = {s.sid for s in sessions if s.restored_from == named and s.head is not None}
    while more := {
        s.sid for s in sessions if s.sid not in line and any(p.sid in line for p in s.parents)
    }:
        line |= more
    return tuple(s for s in sessions if s.sid in line)


def _head(session: Session) -> str:
    runs = session.newest.rows.runs if session.newest else None
    return f"{session.head}" if runs is None else f"{session.head} ({runs} runs)"


def _best_first(sessions: Iterable[Session]) -> tuple[Session, ...]:
    def key(session: Session) -> tuple[bool, int, float, str]:
        return (
            not session.idle,
            session.depth,
            session.newest.wall_ts if session.newest else 0.0,
            session.sid,
        )

    return tuple(sorted(sessions, key=key, reverse=True))
