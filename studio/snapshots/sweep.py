"""Carry out retention, a few file operations at a time between two publishes.

Nothing is deleted in a session's first ten minutes, nor unless the newest state of ours that was
rehearsed came back whole: until then what the session began with may be the only copy. What our own
session wrote is known from memory and timed by a clock that nobody sets. A sweep may end anywhere:
what is left of it is done by the next.
"""

import time
from collections.abc import Callable, Iterator

from studio.snapshots import disposal, retention
from studio.snapshots.disposal import GRACE_S, Disposal
from studio.snapshots.layout import State
from studio.snapshots.past import Line
from studio.snapshots.publish import Publisher
from studio.snapshots.retention import Point
from studio.snapshots.state import LocalState
from studio.snapshots.status import Status

EVERY_S = 3600.0
_AT_ONCE = 40


def steady_clock() -> Callable[[], float]:
    """Epoch seconds that do not step when somebody sets the clock, nor pass while we are asleep."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


class Sweep:
    """Deletes what retention does not keep; a chore of the publishing loop.

    `now` gives epoch seconds and never steps. `fresh`: the link was mounted just before us.
    """

    def __init__(
        self,
        publisher: Publisher,
        known: LocalState,
        fresh: bool,
        now: Callable[[], float],
        say: Callable[[str], None],
    ) -> None:
        self._publisher, self._now, self._say = publisher, now, say
        self._link = publisher.target.link
        self._line = Line(self._link, known.contained, fresh, now)
        self._disposal = Disposal(self._link, now)
        self._written: dict[int, float] = {}
        self._next_at = now() + GRACE_S
        self._work: Iterator[None] | None = self._line.survey()

    def turn(self, status: Status, check: Callable[[], None]) -> Status:
        """Go on with the sweep, or begin the next when it is time."""
        self._note_what_was_written()
        if self._work is None and self._now() >= self._next_at:
            self._next_at = self._now() + EVERY_S
            self._work = self._sweep()
        if self._work is not None and self._verified(status):
            self._go_on(self._work, check)
        return status

    def _note_what_was_written(self) -> None:
        now = self._now()
        for manifest in reversed(self._publisher.manifests):
            if manifest.seq in self._written:
                break
            self._written[manifest.seq] = now

    def _verified(self, status: Status) -> bool:
        drill = status.drill
        return drill is not None and drill.ok and drill.state.startswith(self._publisher.session)

    def _go_on(self, work: Iterator[None], check: Callable[[], None]) -> None:
        try:
            for _ in range(_AT_ONCE):
                check()
                next(work)
        except StopIteration:
            self._work = None
        except OSError as exc:
            self._work = None
            self._say(f"states that are too old could not be deleted: {exc}")

    def _sweep(self) -> Iterator[None]:
        before = self._disposal.deleted
        yield from self._own()
        yield from self._line.sweep(self._disposal)
        if deleted := self._disposal.deleted - before:
            self._say(f"deleted {deleted} files of states that are not kept any longer")

    def _own(self) -> Iterator[None]:
        """What this process wrote itself."""
        publisher, sid = self._publisher, self._publisher.session
        yield
        pinned, _ = disposal.pins(self._link, sid)
        points = [Point(State(sid, m.seq), self._written[m.seq]) for m in publisher.manifests]
        kept = retention.keep(points, self._now())
        for state in [p.state for p in points if p.state not in kept]:
            if state.seq not in pinned:
                yield from self._disposal.manifest(state)
                publisher.forget([state.seq])
                del self._written[state.seq]
        yield
        for seq in disposal.manifests(self._link, sid):
            if points and seq < points[-1].state.seq and seq not in self._written:
                yield from self._disposal.manifest(State(sid, seq))  # half a file, a spent number
        yield
        there = disposal.packs(self._link, sid)
        chains = [manifest.chain for manifest in publisher.manifests]
        needed = {pack.name for chain in (*chains, publisher.chain) for pack in chain}
        yield from self._disposal.packs(sid, there - needed)
