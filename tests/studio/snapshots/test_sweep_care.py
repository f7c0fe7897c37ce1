"""What retention must leave alone, because another Studio may need it or nobody can be sure."""

from pathlib import Path

import pytest

from studio.snapshots import layout, lineage, scan
from studio.snapshots.decide import Wishes
from tests.studio.snapshots import ledger, simulation
from tests.studio.snapshots.simulation import (
    DAY,
    HOUR,
    Clock,
    Studio,
    months_later,
    run,
    sweep_thoroughly,
    whole,
)

pytestmark = pytest.mark.usefixtures("fast_disk")


def test_a_silent_studio_that_wakes_up_finds_what_it_builds_on(
    link: Path, tmp_path: Path, clock: Clock, studio: Studio
) -> None:
    """It sleeps for ten days, while a clone of it goes on, and publishes a delta then."""
    sleeper = Studio(link, tmp_path / "sleeper", clock)
    sleeper.start()
    for step in range(1, 30):
        sleeper.cycle(step)
        clock.pass_by(60)
    clock.pass_by(2 * DAY)
    months_later(studio, days=8)
    sleeper.cycle(500)
    assert whole(link, tmp_path)
    assert len(lineage.leaves(scan.sessions(link))) == 2
    months_later(studio, days=30)
    assert whole(link, tmp_path)
    heads = {s.sid: s.head for s in lineage.leaves(scan.sessions(link))}
    assert sleeper.publisher is not None
    head = heads[sleeper.publisher.session]
    assert head is not None
    assert simulation.steps_of(link, head, tmp_path / "scratch") == [*range(1, 30), 500]


def test_a_publisher_that_replaced_another_trusts_only_end_marks(
    link: Path, clock: Clock, studio: Studio
) -> None:
    """The mount may be old by then and show a living session as it was when it was mounted."""
    old = [run(studio, cleanly=number % 2 == 0) for number in range(6)]
    clock.pass_by(30 * DAY)
    studio.start()
    studio.cycle(900)
    assert studio.publisher is not None
    studio.publisher.close()
    studio.publish_with(fresh=False)
    studio.cycle(901)
    sweep_thoroughly(studio)
    there = set(simulation.states(link))
    assert set(old[1]) <= there  # cut off
    assert not set(old[0]) & there  # ended


def test_forks_and_what_was_left_behind_stay_whole(
    link: Path, tmp_path: Path, clock: Clock, studio: Studio
) -> None:
    common = run(studio)
    left, right = (Studio(link, tmp_path / name, clock) for name in ("left", "right"))
    left.start()
    right.start()
    kept = [left.cycle(100), right.cycle(200), left.cycle(101), right.cycle(201)]
    left.end()
    right.end(cleanly=False)
    studio.lose_home()
    studio.start(Wishes(restore_from=common[0]))
    studio.cycle(300)
    studio.end()
    months_later(studio)
    there = simulation.states(link)
    assert set(kept) <= set(there)
    assert whole(link, tmp_path)
    assert lineage.conflict(scan.sessions(link)) is None  # one was chosen on demand


def test_a_state_that_was_named_is_restored_only_once_though_its_line_is_thinned(
    link: Path, clock: Clock, studio: Studio
) -> None:
    """The setting stays in the Studio's environment for months."""
    named = run(studio)[-1]
    wishes = Wishes(restore_from=named)
    step = 10
    for day in range(40):
        begun = studio.start(wishes)
        if day:
            assert begun.choice.state != named
            assert step - 1 in ledger.steps(studio.db)
        studio.cycle(step)
        step += 1
        clock.pass_by(HOUR)
        studio.sweep(60)
        studio.end()
        if day % 3 == 0:
            studio.lose_home()
        clock.pass_by(DAY)
    assert named not in simulation.states(link)


def test_states_that_did_not_verify_are_left_as_they_are(
    link: Path, clock: Clock, studio: Studio, tmp_path: Path
) -> None:
    """They may only be late; and nobody but their session has what they hold."""
    states = run(studio, states=6, cleanly=False)
    pack = layout.pack_file(link, states[4].sid, scan.manifest(link, states[4]).chain[-1].name)
    late = pack.read_bytes()
    pack.unlink()
    studio.lose_home()
    assert studio.start().choice.state == states[3]
    studio.cycle(50)
    studio.end()
    months_later(studio)
    assert set(states[3:]) <= set(simulation.states(link))
    assert states[0] not in simulation.states(link)
    pack.write_bytes(late)
    assert whole(link, tmp_path)
