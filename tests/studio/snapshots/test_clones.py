"""Copies of a home: clones that run beside it, and checkpoints that bring it back."""

import subprocess
from pathlib import Path

from studio.snapshots import start
from studio.snapshots.decide import Wishes
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place


def test_of_copies_out_of_old_checkpoints_only_one_is_kept(place: Place, tmp_path: Path) -> None:
    """A Studio may be started from one checkpoint day after day."""
    publisher = place.publisher()
    publisher.cycle()
    subprocess.run(["cp", "-a", place.home, tmp_path / "checkpoint"], check=True)
    ledger.commit(place.db, 3)
    publisher.cycle()
    publisher.close()
    again = place.elsewhere("again")
    for _ in range(3):
        subprocess.run(["cp", "-aT", tmp_path / "checkpoint", again.home], check=True)
        begun = again.begin()
        assert begun.set_aside is not None
        assert ledger.steps(begun.set_aside) == [1, 2]
        assert ledger.steps(again.db) == [1, 2, 3]
    assert [p.name for p in (again.home / "superseded").iterdir()] == [begun.set_aside.name]
    assert not (again.home / "diverged").exists()


def test_an_idle_clone_is_no_fork_and_hides_nothing(place: Place) -> None:
    publisher = place.publisher()
    first = publisher.cycle()
    assert first is not None
    clone = place.elsewhere("clone")
    clone.begin()
    idle = clone.publisher()
    assert idle.cycle() is not None
    idle.close()
    ledger.commit(place.db, 3)
    newest = publisher.cycle()
    assert newest is not None
    publisher.close()
    third = place.elsewhere("third")
    begun = third.begin(Wishes(on_conflict="refuse"))
    assert begun.choice.state == newest.state, begun.choice.why
    assert start.report(begun)["conflict"] is None
    assert clone.begin().choice.kind == "local"  # its own line has nothing newer


def test_two_idle_clones_do_not_hide_each_other(place: Place) -> None:
    place.publish(3)
    clones = [place.elsewhere(name) for name in ("one", "two")]
    for clone in clones:
        clone.begin()
    for clone in clones:
        publisher = clone.publisher()
        publisher.cycle()
        publisher.close()
    third = place.elsewhere("third")
    begun = third.begin(Wishes(on_conflict="refuse"))
    assert begun.choice.kind == "restore"
    assert ledger.steps(third.db) == [1, 2, 3]
    ledger.commit(clones[0].db, 10)
    clones[0].begin()
    clones[0].publish(11)
    third.lose_home()
    third.begin(Wishes(on_conflict="refuse"))
    assert ledger.steps(third.db) == [1, 2, 3, 10, 11]
