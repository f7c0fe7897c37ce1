"""Retention on a link, on a clock that we set: what stays, what goes, and what never may."""

import random
from pathlib import Path

import pytest

from studio.snapshots import layout, lineage, scan
from studio.snapshots.layout import State
from tests.studio.snapshots import ledger, simulation
from tests.studio.snapshots.simulation import DAY, HOUR, Clock, Studio, sweep_thoroughly

MINUTE = 60.0


pytestmark = pytest.mark.usefixtures("fast_disk")


def run_sessions(studio: Studio, *cleanly: bool, hours: float = 8) -> list[State]:
    """Run a session after the other, each with a state at its beginning and its end."""
    found = []
    for clean in cleanly:
        studio.start()
        step = 1 + max(ledger.steps(studio.db), default=0)
        found.append(studio.cycle(step))
        studio.clock.pass_by(hours * HOUR)
        found.append(studio.cycle(step + 1))
        studio.end(cleanly=clean)
    return found


def test_a_thousand_cycles_of_one_session(studio: Studio, clock: Clock, tmp_path: Path) -> None:
    studio.start()
    of_a_day: list[State] = []
    for step in range(1, 1001):
        of_a_day = [*of_a_day[-47:], studio.cycle(step)]
        clock.pass_by(HOUR / 2)
        studio.sweep(5)
        if step % 100 == 0:
            there = simulation.states(studio.link)
            assert set(of_a_day) <= set(there)
            assert len(there) <= 48 + 14 + 4
    sweep_thoroughly(studio)
    there = simulation.states(studio.link)
    needed = {
        f"{state.sid}/{part.name}"
        for state in there
        for part in scan.manifest(studio.link, state).chain
    }
    assert simulation.packs(studio.link) == needed
    assert simulation.unrestorable(studio.link, tmp_path / "scratch") == {}
    days = {int(scan.manifest(studio.link, s).wall_ts // DAY) for s in there}
    assert len(days) == 14


@pytest.mark.parametrize("seed", range(2))
def test_months_of_sessions(
    studio: Studio, clock: Clock, link: Path, tmp_path: Path, seed: int
) -> None:
    """Stopped or killed, disks kept or lost, clocks an hour wrong; two forks and a pin."""
    chance = random.Random(seed)
    published: dict[State, float] = {}
    step = 0
    pinned = None
    for number in range(40):
        studio.wrong_by = chance.uniform(-HOUR, HOUR)
        studio.start()
        for _ in range(6):
            step += 1
            published[studio.cycle(step)] = clock.now
            clock.pass_by(chance.uniform(0.5, 3) * HOUR)
            studio.sweep(20)
        assert studio.publisher is not None
        if number == 5:
            studio.publisher.pin("before-upgrade")
            assert studio.publisher.published is not None
            pinned = studio.publisher.published.state
        if number in (3, 20):
            other = Studio(link, tmp_path / f"fork-{number}", clock)
            other.start()
            published[other.cycle(100_000 + number)] = clock.now
            published[studio.cycle(200_000 + number)] = clock.now
            other.end(cleanly=number == 3)
        studio.end(cleanly=chance.random() < 0.6)
        if chance.random() < 0.5:
            studio.lose_home()
        clock.pass_by(chance.uniform(0, 6) * HOUR)
        there = set(simulation.states(link))
        fresh = {s for s, at in published.items() if clock.now - at < DAY}
        assert fresh <= there
        assert pinned is None or pinned in there
    assert simulation.unrestorable(link, tmp_path / "scratch") == {}
    found = scan.sessions(link)
    ends = [s.head for s in lineage.leaves(found) if s.head]
    assert len(ends) == 3
    assert max(published, key=lambda s: published[s]) in ends
    kept = {step for end in ends for step in simulation.steps_of(link, end, tmp_path / "scratch")}
    assert kept == {*range(1, 241), 100_003, 100_020, 200_003, 200_020}
    assert len(there) < 100  # of 244
    assert len(found) < 35  # of 42
    assert len({int(published[s] // DAY) for s in there}) >= 14


def test_of_a_long_gone_session_nothing_is_left(studio: Studio, clock: Clock, link: Path) -> None:
    states = run_sessions(studio, *[True] * 3)
    clock.pass_by(3 * DAY)
    for _ in range(20):
        run_sessions(studio, True)
        clock.pass_by(DAY)
    studio.start()
    studio.cycle(500)
    sweep_thoroughly(studio)
    there = scan.names(layout.sessions_dir(link))
    assert not {s.sid for s in states} & set(there)
    assert len(there) <= 14 + 3 + 1
    times = [scan.manifest(link, state).wall_ts for state in simulation.states(link)]
    assert len({int(at // DAY) for at in times}) >= 14


@pytest.fixture
def long_history(studio: Studio, clock: Clock) -> list[State]:
    """Six clean sessions of one day, a month ago, and a running one that has published."""
    states = run_sessions(studio, *[True] * 6, hours=2)
    clock.pass_by(30 * DAY)
    studio.start()
    studio.cycle(1000)
    return states


def test_nothing_goes_in_the_first_ten_minutes(
    studio: Studio, clock: Clock, link: Path, long_history: list[State]
) -> None:
    before = simulation.states(link)
    for _ in range(9):
        clock.pass_by(MINUTE)
        studio.sweep(50)
    assert simulation.states(link) == before
    clock.pass_by(2 * MINUTE)
    studio.sweep(50)
    assert len(simulation.states(link)) < len(before)


@pytest.mark.parametrize("drilled", [False, None])
def test_nothing_goes_before_a_state_of_ours_has_come_back_whole(
    studio: Studio, link: Path, long_history: list[State], drilled: bool | None
) -> None:
    before = simulation.states(link)
    if drilled is False:
        studio.cycle(1001, verified=False)
        before = simulation.states(link)
    else:
        studio.status = simulation.undrilled(studio.status)
    sweep_thoroughly(studio)
    assert simulation.states(link) == before


def test_manifests_go_before_packs_and_packs_later(
    studio: Studio, clock: Clock, link: Path, long_history: list[State], tmp_path: Path
) -> None:
    before = simulation.packs(link)
    clock.pass_by(11 * MINUTE)
    studio.sweep(50)
    assert len(simulation.states(link)) < len(long_history)
    assert simulation.packs(link) == before
    sweep_thoroughly(studio)
    assert len(simulation.packs(link)) < len(before)


def test_a_sweep_may_end_at_any_step(tmp_path: Path) -> None:
    """Each time the publisher is lost a step later; then everything left can still be restored."""

    class Lost(Exception):
        pass

    left = -1
    for steps in range(0, 400, 11):
        clock = Clock()
        folder = tmp_path / str(steps)
        (folder / "link").mkdir(parents=True)
        studio = Studio(folder / "link", folder / "home", clock)
        run_sessions(studio, True, False, True, True, False, True, hours=2)
        clock.pass_by(30 * DAY)
        studio.start()
        last = studio.cycle(1000)
        budget = iter(range(steps))

        def check(budget: object = budget) -> None:
            if next(budget, None) is None:  # type: ignore[call-overload]
                raise Lost

        try:
            for _ in range(5):
                clock.pass_by(1.1 * HOUR)
                studio.sweep(20, check)
        except Lost:
            pass
        else:
            break
        studio.end(cleanly=False)
        assert simulation.unrestorable(folder / "link", folder / "scratch") == {}
        assert lineage.conflict(scan.sessions(folder / "link")) is None
        studio.lose_home()
        assert studio.start().choice.state == last
        left = len(simulation.states(folder / "link"))
        studio.end()
    else:
        pytest.fail("the sweep did not come to an end")
    assert left == 1 + 6 + 1
