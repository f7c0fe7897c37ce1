"""Which published states stay: pure, and careful where it cannot know.

Everything stays for a day. Then the last state of each day stays, for the fourteen newest days that
have one: counted so, neither an idle month nor a clock that is wrong by years leaves nothing. What
is pinned stays, and so does the newest state.

Of other sessions only those come into question that our own line contains. The ends of other
lineages are not even looked at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from studio.snapshots import layout
from studio.snapshots.layout import State

DAY_S = 86400.0
DAYS = 14
UNTOUCHED = 3  # the newest sessions of our line before our own
# Sessions are timed by clocks of other machines: a day, and two clocks that are an hour wrong.
OLD_S = DAY_S + 2 * 3600.0
# A session without an end mark may have been cut off or may be idle for weeks: its newest state is
# what it would go on from, so that stays until nobody can be waiting for it any more.
ABANDONED_S = (DAYS + 1) * DAY_S


@dataclass(frozen=True, slots=True)
class Point:
    """A state, and when it was published in epoch seconds."""

    state: State
    at: float


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier session of our line, as it lies on the link.

    `contained` is the highest number that our line has; states above it (they did not verify, or
    came late) are nobody's but this session's. `newest_at` is the time of the newest state that can
    be read, or the session's beginning. `final_seq` stands in the end mark. `odd`: there is
    something in it that we do not know.
    """

    sid: str
    contained: int
    seqs: tuple[int, ...]
    newest_at: float
    pinned: frozenset[int] = frozenset()
    final_seq: int | None = None
    odd: bool = False

    @property
    def beyond(self) -> bool:
        """Whether it has states that our line does not contain."""
        return bool(self.seqs) and self.seqs[-1] > self.contained

    @property
    def ended(self) -> bool:
        """Whether it will never publish again, and all of it is visible."""
        return self.final_seq is not None and (not self.seqs or self.seqs[-1] == self.final_seq)


def keep(points: Sequence[Point], now: float) -> frozenset[State]:
    """Which of these states stay; they come in the order in which they were published."""
    of_day = {int(point.at // DAY_S): point.state for point in points}
    daily = {of_day[day] for day in sorted(of_day)[-DAYS:]}
    young = {point.state for point in points if now - point.at < DAY_S}
    return frozenset(daily | young | {point.state for point in points[-1:]})


def is_stale(past: Past, now: float) -> bool:
    """Whether a session has been silent for longer than any publisher that has work to do.

    This must be asked right after the link was mounted: later on, a mount that never looks at the
    bucket again shows a living session as if it were silent.
    """
    return now - past.newest_at > OLD_S


def may_shrink(past: Past, silent: bool, now: float) -> bool:
    """Whether old states may be taken out of a session. `silent`: it was stale at our start."""
    if past.odd or now - past.newest_at <= OLD_S:
        return False
    return past.ended or (past.final_seq is None and silent)


def staying(past: Past, kept: frozenset[State], now: float) -> frozenset[int]:
    """The numbers that stay of a session which may shrink; `kept` is what `keep` says."""
    seqs = {s for s in past.seqs if s in past.pinned or s > past.contained}
    seqs |= {s for s in past.seqs if State(past.sid, s) in kept}
    if past.beyond:
        seqs |= set([s for s in past.seqs if s <= past.contained][-1:])
    elif not past.ended and now - past.newest_at <= ABANDONED_S:
        seqs |= set(past.seqs[-1:])
    return frozenset(seqs)


def unneeded(
    packs: Iterable[str], chains: Mapping[int, Sequence[str]], past: Past
) -> frozenset[str]:
    """Which of a session's packs no state needs; `chains` are those of the states that stay.

    States beyond what our line contains may not be readable. They can need whatever the newest
    contained state builds on and all that came later: a session's chains only move on to newer
    bases.
    """
    needed = {name for chain in chains.values() for name in chain}
    floor = float("inf")
    if past.beyond:
        contained = [seq for seq in chains if seq <= past.contained]
        floor = _number(chains[max(contained)][0]) if contained else 0
    return frozenset(p for p in packs if p not in needed and _number(p) < floor)


def _number(pack: str) -> int:
    number = layout.pack_seq(pack)
    return 0 if number is None else number
