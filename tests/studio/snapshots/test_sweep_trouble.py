"""Retention when something is wrong: listings, clocks, permissions."""

import os
import random
from pathlib import Path

import pytest

from studio.snapshots import layout, scan
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


@pytest.mark.parametrize("seed", range(2))
def test_a_mount_that_lists_only_a_part_costs_nothing_that_is_needed(
    link: Path,
    tmp_path: Path,
    clock: Clock,
    studio: Studio,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    fork = Studio(link, tmp_path / "fork", clock)
    run(studio)
    fork.start()
    studio.start()
    forked = fork.cycle(1000)
    fork.end(cleanly=False)
    upgrade = studio.cycle(2000)
    assert studio.publisher is not None
    studio.publisher.pin("before-upgrade")
    studio.end()
    chance = random.Random(seed)
    listed = scan.names

    def some(folder: Path) -> list[str]:
        found = listed(folder)
        if folder.parent.parent.name != "sessions" or chance.random() < 0.5:
            return found
        return [name for name in found if chance.random() < 0.6]

    for _ in range(40):
        studio.start()
        step = 1 + max(ledger.steps(studio.db))
        last = studio.cycle(step)
        clock.pass_by(HOUR)
        with monkeypatch.context() as partly:
            partly.setattr(scan, "names", some)
            studio.sweep(60)
            clock.pass_by(HOUR)
            studio.sweep(60)
        studio.end(cleanly=chance.random() < 0.7)
        clock.pass_by(DAY)
    needed = {forked, last, upgrade} - simulation.unrestorable(link, tmp_path / "scratch").keys()
    assert needed & set(simulation.states(link)) >= {forked, last}
    studio.lose_home()
    begun = studio.start()
    assert begun.choice.state == last
    assert begun.rejections == ()


@pytest.mark.parametrize("wrong_by", [-400 * DAY, -HOUR, HOUR])
def test_a_clock_that_steps_while_we_run_changes_nothing(
    link: Path, clock: Clock, studio: Studio, tmp_path: Path, wrong_by: float
) -> None:
    studio.start()
    written = []
    for step in range(1, 100):
        written.append(studio.cycle(step))
        clock.pass_by(HOUR / 2)
        if step == 50:
            studio.wrong_by = wrong_by
        studio.sweep(20)
    assert set(written[-47:]) <= set(simulation.states(link))
    assert len(simulation.states(link)) < 60
    assert whole(link, tmp_path)


@pytest.mark.parametrize("wrong_by", [-400 * DAY, -HOUR, HOUR, 400 * DAY])
def test_a_start_with_a_wrong_clock_keeps_what_is_needed(
    link: Path, clock: Clock, studio: Studio, tmp_path: Path, wrong_by: float
) -> None:
    months_later(studio, days=20)
    before = simulation.states(link)
    recent = before[-4:]
    studio.wrong_by = wrong_by
    months_later(studio, days=1)
    studio.wrong_by = 0
    there = simulation.states(link)
    assert set(recent) <= set(there)
    assert len(there) >= 14
    assert whole(link, tmp_path)
    studio.lose_home()
    assert max(ledger.steps(_started(studio))) == 21


def _started(studio: Studio) -> Path:
    studio.start()
    return studio.db


def test_a_link_that_forbids_deleting_is_told_and_publishing_goes_on(
    link: Path, clock: Clock, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    months_later(studio, days=20)
    studio.start()
    studio.cycle(500)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as forbidden:
        forbidden.setattr(layout, "drop", refuse)
        clock.pass_by(HOUR)
        studio.sweep(60)
    assert "could not be deleted" in studio.said[-1]
    assert "Permission denied" in studio.said[-1]
    before = len(simulation.states(link))
    studio.cycle(501)
    sweep_thoroughly(studio)
    assert len(simulation.states(link)) <= before


def test_every_delete_goes_through_one_door_and_hits_no_other_lineage(
    link: Path, tmp_path: Path, clock: Clock, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(studio)
    fork = Studio(link, tmp_path / "fork", clock)
    fork.start()
    studio.start()
    theirs = fork.cycle(700).sid
    studio.cycle(20)
    fork.end()
    studio.end()
    (layout.root(link) / "artifacts").mkdir()
    (layout.root(link) / "artifacts" / "model.pkl").write_bytes(b"m")
    dropped: list[Path] = []
    real_drop, real_unlink = layout.drop, os.unlink

    def drop(path: Path) -> None:
        dropped.append(path)
        real_drop(path)

    def unlink(path: str | Path, **options: int) -> None:
        assert not Path(path).is_relative_to(link) or Path(path) in dropped
        real_unlink(path, **options)

    monkeypatch.setattr(layout, "drop", drop)
    monkeypatch.setattr(os, "unlink", unlink)
    months_later(studio)
    assert len(dropped) > 5
    assert all(layout.sessions_dir(link) in path.parents for path in dropped)
    assert not any(theirs in path.parts for path in dropped)
    assert (layout.root(link) / "artifacts" / "model.pkl").exists()
