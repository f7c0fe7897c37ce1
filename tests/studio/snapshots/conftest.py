"""A data link, a home with a database, and a publisher between them."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from studio.snapshots import layout, scan, start, status
from studio.snapshots import state as local_state
from studio.snapshots.decide import Wishes
from studio.snapshots.layout import State
from studio.snapshots.publish import Publisher, Target
from studio.snapshots.start import Start
from studio.snapshots.state import LocalState
from studio.snapshots.watch import Watch
from tests.studio.snapshots import ledger
from tests.studio.snapshots.simulation import Clock, Studio


@pytest.fixture(autouse=True)
def nothing_stays_open(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what a Studio that just dies in a test has open: from 3.13 on Python complains."""
    opened: list[Watch] = []
    real_open = Watch._open

    def remembered(watch: Watch, inode: int) -> None:
        opened.append(watch)
        real_open(watch, inode)

    monkeypatch.setattr(Watch, "_open", remembered)
    yield
    for watch in opened:
        watch.close()


@dataclass(frozen=True)
class Place:
    """A link and a home, and the short words for what tests do with them."""

    link: Path
    home: Path

    @property
    def db(self) -> Path:
        """The live database."""
        return self.home / "mlflow.db"

    def elsewhere(self, name: str) -> "Place":
        """The same link seen by another Studio."""
        return Place(self.link, self.home.with_name(name))

    def publisher(self) -> Publisher:
        """A new session that publishes the live database."""
        known = local_state.read(self.home, self.db) or LocalState("mlflow.db")
        known = known.continued(known.published)
        return Publisher(Target(self.link, self.db, self.home), time.time, known)

    def publish(self, *steps: int) -> State:
        """Commit some steps, publish them in a new session, and end."""
        publisher = self.publisher()
        ledger.commit(self.db, *steps)
        published = publisher.cycle()
        publisher.close()
        assert published is not None
        return published.state

    def begin(self, wishes: Wishes | None = None) -> Start:
        """Start on this link."""
        return start.begin(self.link, self.db, self.home, wishes or Wishes(), time.time())

    def files(self) -> list[str]:
        """All files on the link, by name."""
        found = (p for p in self.link.rglob("*") if p.is_file())
        return sorted(p.relative_to(self.link).as_posix() for p in found)

    def restored(self) -> list[int]:
        """The steps of what a Studio with an empty disk would start with."""
        fresh = self.elsewhere("fresh-home")
        shutil.rmtree(fresh.home, ignore_errors=True)
        begun = fresh.begin()
        assert begun.choice.kind == "restore", begun.choice.why
        return ledger.steps(fresh.db)

    def published_runs(self) -> int:
        """How many runs the newest state on the link holds."""
        newest = [s.newest for s in scan.sessions(self.link) if s.newest]
        return max((m.rows.runs or 0 for m in newest), default=0)

    def status(self) -> dict[str, Any]:
        """The publisher's status file, empty while there is none."""
        try:
            found: dict[str, Any] = json.loads(status.path(self.home).read_text())
        except FileNotFoundError:
            return {}
        return found

    def lose_home(self) -> None:
        """Lose the local disk."""
        self.home.rename(self.home.with_name(f"lost-{time.monotonic_ns()}"))

    def pack_of(self, state: State) -> Path:
        """The pack that a state added; those before it in its chain came with older states."""
        part = scan.manifest(self.link, state).chain[-1]
        return layout.pack_file(self.link, state.sid, part.name)


@pytest.fixture
def empty_place(tmp_path: Path) -> Place:
    """A link with nothing on it, a home without a database."""
    (tmp_path / "link").mkdir()
    return Place(tmp_path / "link", tmp_path / "home")


@pytest.fixture
def place(empty_place: Place) -> Place:
    """A link with nothing on it, a home with a database of steps 1 and 2."""
    ledger.create(empty_place.db)
    ledger.commit(empty_place.db, 1, 2)
    return empty_place


@pytest.fixture
def publisher(place: Place) -> Iterator[Publisher]:
    """A publisher of the place's database."""
    publisher = place.publisher()
    yield publisher
    publisher.close()


Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def run(place: Place) -> Iterator[Run]:
    """Starts publishers of the place; none of them outlives the test."""
    running: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> "subprocess.Popen[str]":
        command = ledger.command(place.link, place.home, "publish", "--nice", "0", *words)
        running.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def fast_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody cuts the power here, and thousands of files are written."""
    monkeypatch.setattr(os, "fsync", lambda _fd: None)


@pytest.fixture
def clock() -> Clock:
    """The true time."""
    return Clock()


@pytest.fixture
def studio(empty_place: Place, clock: Clock) -> Studio:
    """A Studio that has not been started yet."""
    return Studio(empty_place.link, empty_place.home, clock)


@pytest.fixture
def link(empty_place: Place) -> Path:
    """The folder of an empty link."""
    return empty_place.link
