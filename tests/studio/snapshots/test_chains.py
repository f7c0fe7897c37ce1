"""A session of bases, deltas and differentials: damaged in every way, delivered in every order."""

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from studio.snapshots import layout
from studio.snapshots.decide import Wishes
from studio.snapshots.layout import State
from studio.snapshots.manifest import Manifest
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place

STATES = 30


@dataclass(frozen=True)
class History:
    """Two sessions on a link: state n of them holds the steps up to `steps[state]`."""

    place: Place
    manifests: dict[State, Manifest]
    steps: dict[State, int]

    @property
    def newest(self) -> State:
        return list(self.steps)[-1]

    def file(self, name: str) -> Path:
        """A file of the newest state's session, by what it is."""
        link, newest = self.place.link, self.newest
        chain = self.manifests[newest].chain
        if name == "newest manifest":
            return layout.manifest_file(link, newest)
        if name == "session.json":
            return layout.session_file(link, newest.sid)
        number = {"base": 0, "middle pack": len(chain) // 2, "newest pack": -1}[name]
        return layout.pack_file(link, newest.sid, chain[number].name)

    def needs(self, state: State) -> set[Path]:
        """The files without which a state is none."""
        link = self.place.link
        packs = {layout.pack_file(link, state.sid, p.name) for p in self.manifests[state].chain}
        return packs | {layout.manifest_file(link, state)}


@pytest.fixture
def history(place: Place, monkeypatch: pytest.MonkeyPatch) -> History:
    """An old session of one state, and one with differentials in its chains."""
    monkeypatch.setattr(os, "fsync", lambda _fd: None)
    ledger.fill(place.db, 1)
    manifests, steps = {}, {}
    for count in (1, STATES):
        publisher = place.publisher()
        for _ in range(count):
            step = 3 + len(steps)
            ledger.commit(place.db, step)
            published = publisher.cycle()
            assert published is not None
            manifests[published.state] = published.manifest
            steps[published.state] = step
        publisher.close()
    kinds = {(m.kind, len(m.chain)) for m in manifests.values()}
    assert {("base", 1), ("delta", 2), ("delta", 5)} <= kinds
    return History(place, manifests, steps)


def lost(path: Path) -> None:
    path.unlink()


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zeroed(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("damage", [lost, truncated, zeroed, flipped])
@pytest.mark.parametrize(
    "name", ["newest manifest", "newest pack", "middle pack", "base", "session.json"]
)
def test_damage_costs_what_it_touches_and_no_more(
    history: History, name: str, damage: Callable[[Path], None]
) -> None:
    place, victim = history.place, history.file(name)
    damage(victim)
    place.lose_home()
    begun = place.begin(Wishes(on_conflict="refuse"))
    intact = [s for s in history.steps if victim not in history.needs(s)]
    assert begun.choice.state == intact[-1], begun.choice.why
    assert ledger.steps(place.db) == list(range(1, history.steps[intact[-1]] + 1))
    rejected = [] if damage is lost and "manifest" in name else list(history.steps)[len(intact) :]
    assert [r.state for r in begun.rejections] == rejected[::-1]
    assert all(victim.name in r.reason or "manifest" in name for r in begun.rejections)


def test_a_damaged_base_is_read_once_for_all_states_that_need_it(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    flipped(history.file("base"))
    history.place.lose_home()
    opened: list[str] = []
    real = Path.open

    def counting(path: Path, *args: object, **options: object) -> object:
        opened.append(path.name)
        return real(path, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", counting)
    begun = history.place.begin()
    assert len(begun.rejections) == STATES
    assert opened.count(history.file("base").name) == 1


@pytest.mark.parametrize("seed", range(3))
def test_whatever_has_arrived_of_an_upload_some_published_state_is_restored(
    history: History, tmp_path: Path, seed: int
) -> None:
    """The files arrive in any order, and the line is cut after each of them."""
    place = history.place
    files = [p for p in place.link.rglob("*") if p.is_file()]
    random.Random(seed).shuffle(files)
    arrived = Place(tmp_path / "arrived" / "link", tmp_path / "arrived" / "home")
    arrived.link.mkdir(parents=True)
    here: set[Path] = set()
    for number, file in enumerate(files):
        target = arrived.link / file.relative_to(place.link)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        here.add(file)
        if number % 4 and number < len(files) - 3:
            continue
        whole = [s for s in history.steps if history.needs(s) <= here]
        shutil.rmtree(arrived.home, ignore_errors=True)
        begun = arrived.begin()
        if whole:
            assert begun.choice.state == whole[-1]
            assert ledger.steps(arrived.db) == list(range(1, history.steps[whole[-1]] + 1))
        else:
            assert begun.choice.kind in ("refuse", "fresh")
    assert begun.choice.state == history.newest
