"""Studios whose days pass at once: real databases and files, a clock that we set."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from studio.snapshots import disposal, layout, restore, scan, start, status
from studio.snapshots import state as local_state
from studio.snapshots.decide import Wishes
from studio.snapshots.layout import State
from studio.snapshots.publish import Publisher, Target
from studio.snapshots.start import Start
from studio.snapshots.state import LocalState
from studio.snapshots.status import Status
from studio.snapshots.sweep import Sweep
from tests.studio.snapshots import ledger

HOUR = 3600.0
DAY = 24 * HOUR
BEGINNING = 20000 * DAY


class Clock:
    """The true time; every Studio may be wrong about it."""

    def __init__(self) -> None:
        self.now = BEGINNING

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class Studio:
    """A Studio on a link: its own disk, and a clock that is `wrong_by` so many seconds."""

    def __init__(self, link: Path, home: Path, clock: Clock, wrong_by: float = 0.0) -> None:
        self.link, self.home, self.clock, self.wrong_by = link, home, clock, wrong_by
        self.db = home / "mlflow.db"
        self.said: list[str] = []
        self.publisher: Publisher | None = None

    def wall(self) -> float:
        """What this Studio takes for the time."""
        return self.clock.now + self.wrong_by

    def start(self, wishes: Wishes | None = None) -> Start:
        """Begin a run as the container does, up to a publisher that has written nothing yet."""
        begun = start.begin(self.link, self.db, self.home, wishes or Wishes(), self.wall())
        assert begun.choice.kind != "refuse", begun.choice.why
        if begun.choice.kind == "fresh":
            ledger.create(self.db)
        self.publish_with(fresh=True)
        return begun

    def publish_with(self, *, fresh: bool) -> None:
        """A new publisher; the first after a start is `fresh`."""
        known = local_state.read(self.home, self.db) or LocalState("mlflow.db")
        known = known.continued(known.published)
        self.publisher = Publisher(Target(self.link, self.db, self.home), self.wall, known)
        begun, wall = self.clock.now, self.wall()
        self._sweep = Sweep(
            self.publisher,
            known,
            fresh,
            now=lambda: wall + self.clock.now - begun,
            say=self.said.append,
        )
        self.status = Status(1, self.publisher.session, str(self.link), 15.0)

    def cycle(self, *steps: int, verified: bool = True) -> State:
        """Commit, publish, and take it for rehearsed."""
        assert self.publisher is not None
        ledger.commit(self.db, *steps)
        published = self.publisher.cycle()
        assert published is not None
        self.rehearsed(verified)
        return published.state

    def rehearsed(self, ok: bool) -> None:
        """A rehearsed restore of the newest state went well or not."""
        assert self.publisher is not None
        assert self.publisher.published is not None
        state = str(self.publisher.published.state)
        self.status = replace(self.status, drill=status.Drill(state, ok, self.wall(), 0.1, None))

    def sweep(self, turns: int = 1, check: Callable[[], None] = lambda: None) -> None:
        """So many turns of the loop."""
        for _ in range(turns):
            self._sweep.turn(self.status, check)

    def end(self, *, cleanly: bool = True) -> None:
        """End the run, or lose it."""
        assert self.publisher is not None
        if cleanly:
            self.publisher.end()
        self.publisher.close()
        self.publisher = None

    def lose_home(self) -> None:
        """Lose the local disk."""
        self.home.rename(self.home.with_name(f"lost-{time.monotonic_ns()}"))


def states(link: Path) -> list[State]:
    """All states on a link that have a manifest, oldest session first."""
    found = [s for session in scan.sessions(link) for s in session.states]
    return sorted(found)


def packs(link: Path) -> set[str]:
    """All packs on a link."""
    sids = scan.names(layout.sessions_dir(link))
    return {f"{sid}/{name}" for sid in sids for name in disposal.packs(link, sid)}


def unrestorable(link: Path, scratch: Path) -> dict[State, str]:
    """Restore every state there is; those that fail, with the reason."""
    failed = {}
    for state in states(link):
        try:
            restore.restore(link, state.sid, scan.manifest(link, state), scratch)
        except (restore.Rejected, ValueError) as exc:
            failed[state] = str(exc)
    return failed


def steps_of(link: Path, state: State, scratch: Path) -> list[int]:
    """What a state holds."""
    restore.restore(link, state.sid, scan.manifest(link, state), scratch)
    return ledger.steps(scratch)


def undrilled(status: Status) -> Status:
    """The status of a publisher that has not rehearsed a restore yet."""
    return replace(status, drill=None)


def run(studio: Studio, *, cleanly: bool = True, states: int = 3) -> list[State]:
    """One session of some hours, with sweeps as they come."""
    studio.start()
    step = 1 + max(ledger.steps(studio.db), default=0)
    found = []
    for number in range(states):
        found.append(studio.cycle(step + number))
        studio.clock.pass_by(HOUR)
        studio.sweep(20)
    studio.end(cleanly=cleanly)
    return found


def sweep_thoroughly(studio: Studio) -> None:
    """Let the running session do all that retention has to do now."""
    for _ in range(4):
        studio.sweep(40)
        studio.clock.pass_by(1.1 * HOUR)


def whole(link: Path, tmp_path: Path) -> bool:
    """Whether every state on the link can be restored."""
    return unrestorable(link, tmp_path / "scratch") == {}


def months_later(studio: Studio, days: int = 25) -> None:
    """A Studio that is used every day, and ends each time."""
    for _ in range(days):
        run(studio, states=1)
        studio.clock.pass_by(DAY - HOUR)
