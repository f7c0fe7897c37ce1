"""Earlier sessions of our own line: look at them, and take out what retention does not keep."""

import calendar
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path

from studio.snapshots import disposal, layout, reading, retention, scan
from studio.snapshots.disposal import Disposal
from studio.snapshots.layout import State
from studio.snapshots.manifest import Manifest, ManifestError
from studio.snapshots.retention import Past, Point


class Line:
    """The sessions that our database contains, the nearest first; no others are ever opened.

    `now` gives epoch seconds and never steps. `fresh`: the link was mounted just before us, so that
    what lies on it can be trusted to be all there is. The methods are generators; each step is
    about one file operation.
    """

    def __init__(
        self, link: Path, contained: Iterable[State], fresh: bool, now: Callable[[], float]
    ) -> None:
        self._link, self._fresh, self._now = link, fresh, now
        self._begun = now()
        self._contained: dict[str, int] = {}
        for state in contained:
            self._contained[state.sid] = max(state.seq, self._contained.get(state.sid, 0))
        self._first_look: dict[str, Past] = {}
        self._times: dict[State, float | None] = {}

    def survey(self) -> Iterator[None]:
        """Look at every session once, before anything is deleted."""
        for sid in self._contained:
            yield
            self._first_look[sid] = self._look(sid)

    def sweep(self, disposal: Disposal) -> Iterator[None]:
        """Take the old states out of the sessions that may shrink."""
        shrinking = yield from self._shrinking()
        points: list[Point] = []
        for past in shrinking:
            for seq in past.seqs:
                at = yield from self._time_of(State(past.sid, seq))
                if at is not None:
                    points.append(Point(State(past.sid, seq), at))
        kept = retention.keep(points, self._now())
        for past in shrinking:
            staying = retention.staying(past, kept, self._now())
            yield from self._shrink(past, staying, disposal)

    def _shrinking(self) -> Generator[None, None, list[Past]]:
        """The sessions that may shrink, the oldest first."""
        found: list[Past] = []
        untouched = 0
        for sid in self._contained:
            yield
            past = self._look(sid)
            if untouched < retention.UNTOUCHED:
                untouched += bool(past.seqs)
                continue
            first = self._first_look.get(sid)  # none if the link did not answer then
            silent = self._fresh and first is not None and retention.is_stale(first, self._begun)
            if retention.may_shrink(past, silent, self._now()):
                found.append(past)
        return found[::-1]

    def _shrink(
        self, past: Past, staying: frozenset[int], disposal_: Disposal
    ) -> Generator[None, None, None]:
        for seq in past.seqs:
            if seq not in staying:
                yield from disposal_.manifest(State(past.sid, seq))
        chains: dict[int, Sequence[str]] = {}
        for seq in sorted(staying):
            yield
            try:
                manifest = scan.manifest(self._link, State(past.sid, seq))
            except ManifestError:
                if seq <= past.contained:
                    return  # nobody can tell which packs it needs
            else:
                chains[seq] = [pack.name for pack in manifest.chain]
        yield
        packs = disposal.packs(self._link, past.sid)
        yield from disposal_.packs(past.sid, retention.unneeded(packs, chains, past))
        if not (packs or staying or past.pinned):
            yield from disposal_.session(past.sid)
            self._contained.pop(past.sid)

    def _look(self, sid: str) -> Past:
        link = self._link
        pinned, odd = disposal.pins(link, sid)
        first = self._first_look.get(sid)
        seqs = tuple(disposal.manifests(link, sid))
        newest = _newest(link, sid, seqs)
        try:
            final_seq = _final_seq(link, sid)
        except ValueError:
            final_seq, odd = None, True
        return Past(
            sid=sid,
            contained=self._contained[sid],
            seqs=seqs,
            newest_at=newest.wall_ts if newest else _beginning(sid),
            pinned=pinned | (first.pinned if first else frozenset()),
            final_seq=final_seq,
            odd=odd,
        )

    def _time_of(self, state: State) -> Generator[None, None, float | None]:
        """When a state was published; None when it is none. Each manifest is read once."""
        if state not in self._times:
            yield
            try:
                self._times[state] = scan.manifest(self._link, state).wall_ts
            except scan.Unreadable as exc:
                raise OSError(str(exc)) from exc
            except ManifestError:
                self._times[state] = None
        return self._times[state]


def _newest(link: Path, sid: str, seqs: Sequence[int]) -> Manifest | None:
    for seq in reversed(seqs):
        try:
            return scan.manifest(link, State(sid, seq))
        except scan.Unreadable as exc:
            raise OSError(str(exc)) from exc
        except ManifestError:
            continue
    return None


def _final_seq(link: Path, sid: str) -> int | None:
    """The number in a session's end mark, None without one; ValueError when it says nothing."""
    try:
        document = reading.json_object(reading.small(layout.end_file(link, sid)))
    except FileNotFoundError:
        return None
    final = document.get("final_seq")
    if not isinstance(final, int):
        raise ValueError("the end mark names no state")
    return final


def _beginning(sid: str) -> float:
    """When a session began, by its name; never, if that is no date."""
    try:
        return calendar.timegm(time.strptime(sid[:16], "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return float("inf")
