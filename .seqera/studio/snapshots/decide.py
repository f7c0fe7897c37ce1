"""With which database a start begins: pure, in words, the same for the same facts.

Nobody may lose sight of a run, so: what the link holds is used unless the local file provably
contains it; a local file that has to give way is kept aside; and where something should be but
nothing verifies, the start is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from studio.errors import CONFLICT_REFUSED, DATA_UNUSABLE
from studio.snapshots import lineage
from studio.snapshots.layout import State
from studio.snapshots.scan import Session
from studio.snapshots.state import LocalState


@dataclass(frozen=True, slots=True)
class Local:
    """The local database file: is it there, what is wrong with it, what is known about it."""

    present: bool = False
    damage: str | None = None
    state: LocalState | None = None

    @property
    def usable(self) -> bool:
        """Whether a server could run on it."""
        return self.present and self.damage is None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for."""

    restore_from: State | None = None
    allow_empty: bool = False
    on_conflict: Literal["fork", "refuse"] = "fork"


@dataclass(frozen=True, slots=True)
class Choice:
    """What to start with, and why. `set_aside`: a local file has to be moved out of the way."""

    kind: Literal["local", "restore", "fresh", "refuse"]
    why: str
    state: State | None = None
    set_aside: bool = False
    exit_code: int = 0


def early(local: Local, sessions: Sequence[Session], wishes: Wishes) -> Choice | None:
    """The choice that needs no look into any pack; None when states have to be verified."""
    named = wishes.restore_from
    if named is not None:
        sessions = lineage.heirs(sessions, named)
        if not sessions:
            return _unpublished_heir(local, named)
    conflict = lineage.conflict(sessions)
    if conflict and wishes.on_conflict == "refuse":
        why = f"{conflict.why}. STUDIO_ON_CONFLICT=refuse: nothing was started. {conflict.remedy}"
        return Choice("refuse", why, exit_code=CONFLICT_REFUSED)
    if any(s.seqs for s in sessions):
        return _provably_newest(local, sessions)
    if local.usable:
        return Choice("local", "the data link holds no state; the local database is used")
    if local.present:
        why = f"the local database cannot be used ({local.damage}) and the data link holds no state"
        return _empty(local, why, wishes)
    return Choice("fresh", "there is no local database and the data link holds no state")


def late(
    local: Local,
    sessions: Sequence[Session],
    wishes: Wishes,
    verified: State | None,
    rejected: Sequence[str],
) -> Choice:
    """The choice once states have been verified: `verified` is the best that did, if any.

    `rejected` are the reasons why others were not taken.
    """
    named = wishes.restore_from
    skipped = f" ({_count(rejected)})" if rejected else ""
    if named is not None and verified != named and not lineage.heirs(sessions, named):
        why = f"STUDIO_RESTORE_FROM={named} cannot be used{skipped}; nothing was changed"
        return Choice("refuse", why, exit_code=DATA_UNUSABLE)
    if verified is None:
        if local.usable:
            why = f"no state on the data link verifies{skipped}; the local database is used"
            return Choice("local", why)
        return _empty(local, f"the data link holds states, but none verifies{skipped}", wishes)
    if local.usable and verified != named and contains(local, verified):
        why = f"the local database contains {verified}, the newest state that verifies{skipped}"
        return Choice("local", why)
    why = f"{verified} is the newest state on the data link that verifies{skipped}"
    if verified == named:
        why = f"STUDIO_RESTORE_FROM names {named}"
    if local.present:
        why += f"; the local database is kept aside, because {_distrust(local)}"
    return Choice("restore", why, verified, set_aside=local.present)


def candidates(sessions: Sequence[Session], wishes: Wishes) -> tuple[State, ...]:
    """The states to verify, best first, until one does."""
    named = wishes.restore_from
    if named is not None:
        line = lineage.heirs(sessions, named)
        if not line:
            return (named,)
        sessions = line
    return tuple(state for s in lineage.order(sessions) for state in s.states)


def contains(local: Local, state: State) -> bool:
    """Whether the local file is known to contain a state."""
    known = local.state.contained if local.state else ()
    return any(k.sid == state.sid and state.seq <= k.seq for k in known)


def superseded(local: Local, contained: Sequence[State]) -> bool:
    """Whether a database that contains these states surely has all that the local file holds.

    It has when the session that published this very file tried a later number: the local file is
    an older copy, out of a checkpoint, and that snapshot was taken of what it became.
    """
    own = local.state.own if local.usable and local.state else ()
    return any(c.sid == o.sid and c.seq > o.seq for o in own for c in contained)


def _unpublished_heir(local: Local, named: State) -> Choice | None:
    """A named state is restored once: the setting stays when the Studio is started again."""
    state = local.state
    if local.usable and state is not None and state.restored_from == named:
        return Choice("local", f"the local database began as {named} and is not published yet")
    return None


def _provably_newest(local: Local, sessions: Sequence[Session]) -> Choice | None:
    """Use the local file if it contains the end of its own line: nothing on the link is ahead."""
    if not local.usable or local.state is None:
        return None
    ends = {s.sid: s.head for s in sessions if s.head}
    anchors = [s for s in local.state.own if s.sid in ends]
    anchors = anchors or [s for s in local.state.parents if s.sid in ends]
    last = {s.sid for s in lineage.ends(sessions)}
    if not anchors or any(a.sid not in last or ends[a.sid].seq > a.seq for a in anchors):
        return None
    heads = ", ".join(str(ends[a.sid]) for a in anchors)
    why = f"the local database contains {heads}, the newest state of its line on the data link"
    return Choice("local", why)


def _distrust(local: Local) -> str:
    if local.damage:
        return f"it is damaged: {local.damage}"
    if local.state is None:
        return "nothing tells how it relates to this data link"
    return "it does not contain that state"


def _empty(local: Local, why: str, wishes: Wishes) -> Choice:
    if wishes.allow_empty:
        why += "; STUDIO_ALLOW_EMPTY: an empty database is started, and nothing is deleted"
        return Choice("fresh", why, set_aside=local.present)
    why += (
        ". Nothing was changed. STUDIO_RESTORE_FROM=<session>/<number> chooses a state, "
        "STUDIO_ALLOW_EMPTY=true starts with an empty database beside what is there"
    )
    return Choice("refuse", why, exit_code=DATA_UNUSABLE)


def _count(rejected: Sequence[str]) -> str:
    states = "1 state was" if len(rejected) == 1 else f"{len(rejected)} states were"
    return f"{states} rejected; the first because: {rejected[0]}"
