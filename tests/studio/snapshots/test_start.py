"""Starting: what the home and the link look like afterwards."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from studio.snapshots import closed, rebuild, restore, scan, start
from studio.snapshots import state as local_state
from studio.snapshots.decide import Wishes
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place


def content_of(folder: Path) -> dict[str, tuple[int, int]]:
    """All files below a folder with size and time of change."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_nothing_anywhere_is_a_fresh_start(empty_place: Place) -> None:
    begun = empty_place.begin()
    assert begun.choice.kind == "fresh"
    assert not empty_place.db.exists()
    assert list(empty_place.link.iterdir()) == []
    assert empty_place.home.stat().st_mode & 0o777 == 0o700


def test_a_lost_home_comes_back_from_the_link(place: Place) -> None:
    state = place.publish(3)
    place.lose_home()
    before = content_of(place.link)
    begun = place.begin()
    assert (begun.choice.kind, begun.choice.state, begun.set_aside) == ("restore", state, None)
    assert ledger.steps(place.db) == [1, 2, 3]
    assert content_of(place.link) == before


def test_starting_again_uses_the_restored_file_with_what_came_since(place: Place) -> None:
    place.publish(3)
    place.lose_home()
    place.begin()
    ledger.commit(place.db, 4)
    begun = place.begin()
    assert begun.choice.kind == "local"
    assert ledger.steps(place.db) == [1, 2, 3, 4]
    state = place.publish(5)
    assert scan.session(place.link, state.sid).depth == 2


def test_an_unknown_local_file_is_kept_aside(place: Place) -> None:
    place.publish(3)
    other = place.elsewhere("other-home")
    ledger.create(other.db)
    ledger.commit(other.db, 77)
    begun = other.begin()
    assert begun.choice.kind == "restore"
    assert begun.set_aside is not None
    assert begun.set_aside.parent == other.home / "diverged"
    assert ledger.steps(begun.set_aside) == [77]
    assert ledger.steps(other.db) == [1, 2, 3]
    assert other.begin().choice.kind == "local"


def test_a_local_file_that_somebody_else_has_locked_is_not_taken_for_damaged(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "_BUSY_S", 0.1)
    place.publish(3)
    place.lose_home()
    place.begin()
    with closing(ledger.connect(place.db)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        other.execute("COMMIT")
        begun = place.begin()
    assert (begun.choice.kind, begun.choice.exit_code) == ("refuse", 73)
    assert f"{place.db} cannot be opened (database is locked)" in begun.choice.why
    assert begun.set_aside is None
    assert ledger.steps(place.db) == [1, 2, 3]


def test_a_stale_copy_of_the_home_gives_way(place: Place, tmp_path: Path) -> None:
    place.publish(3)
    subprocess.run(["cp", "-a", place.home, tmp_path / "checkpoint"], check=True)
    place.publish(4)
    stale = place.elsewhere("checkpoint")
    begun = stale.begin()
    assert begun.choice.kind == "restore"
    assert ledger.steps(stale.db) == [1, 2, 3, 4]


def test_two_clones_of_a_home_both_keep_their_own(place: Place, tmp_path: Path) -> None:
    place.publish(3)
    subprocess.run(["cp", "-a", place.home, tmp_path / "clone"], check=True)
    clone = place.elsewhere("clone")
    assert place.begin().choice.kind == "local"
    assert clone.begin().choice.kind == "local"
    place.publish(10)
    clone.publish(20)
    for one, expected in ((place, [1, 2, 3, 10]), (clone, [1, 2, 3, 20])):
        begun = one.begin()
        assert begun.choice.kind == "local"
        assert ledger.steps(one.db) == expected
        report = start.report(begun)
        assert len(report["conflict"]["leaves"]) == 2
    refused = place.begin(Wishes(on_conflict="refuse"))
    assert refused.choice.exit_code == 75


def test_a_fork_is_settled_by_naming_one_side(place: Place) -> None:
    first = place.publish(3)
    other = place.elsewhere("other-home")
    other.begin()
    one, two = place.publish(10), other.publish(20)
    wishes = Wishes(restore_from=one, on_conflict="refuse")
    third = place.elsewhere("third-home")
    assert third.begin(wishes).choice.state == one
    state = third.publish(30)
    assert set(scan.session(place.link, state.sid).passed_over) == {two}
    assert first != one
    fourth = place.elsewhere("fourth-home")
    begun = fourth.begin(Wishes(on_conflict="refuse"))
    assert begun.choice.state == state
    assert ledger.steps(fourth.db) == [1, 2, 3, 10, 30]


def test_a_named_state_is_restored_once_however_often_it_is_named(place: Place) -> None:
    named = place.publish(3)
    place.publish(4)
    wishes = Wishes(restore_from=named)
    assert place.begin(wishes).choice.state == named
    assert ledger.steps(place.db) == [1, 2, 3]
    ledger.commit(place.db, 50)
    assert place.begin(wishes).choice.kind == "local"
    place.publish(51)
    assert place.begin(wishes).choice.kind == "local"
    place.lose_home()
    assert place.begin(wishes).choice.kind == "restore"
    assert ledger.steps(place.db) == [1, 2, 3, 50, 51]
    place.lose_home()
    place.begin()
    assert ledger.steps(place.db) == [1, 2, 3, 50, 51]


def test_states_that_do_not_verify_refuse_an_empty_start(place: Place) -> None:
    state = place.publish(3)
    place.lose_home()
    place.pack_of(state).unlink()
    before = content_of(place.link)
    begun = place.begin()
    assert (begun.choice.kind, begun.choice.exit_code) == ("refuse", 78)
    assert "the file is missing" in begun.choice.why
    assert content_of(place.link) == before
    assert content_of(place.home) == {}


def test_an_empty_start_can_be_forced_and_its_line_is_used_from_then_on(place: Place) -> None:
    state = place.publish(3)
    place.lose_home()
    place.pack_of(state).unlink()
    assert place.begin(Wishes(allow_empty=True)).choice.kind == "fresh"
    ledger.create(place.db)
    new = place.publish(9)
    assert scan.session(place.link, new.sid).passed_over == (state,)
    place.lose_home()
    assert place.begin(Wishes(on_conflict="refuse")).choice.state == new
    assert ledger.steps(place.db) == [9]


def test_after_walking_back_the_damaged_state_is_no_conflict(place: Place) -> None:
    first = place.publish(3)
    second = place.publish(4)
    place.lose_home()
    place.pack_of(second).unlink()
    assert place.begin().choice.state == first
    third = place.publish(5)
    assert scan.session(place.link, third.sid).parents == (first,)
    assert place.begin(Wishes(on_conflict="refuse")).choice.kind == "local"


def test_a_damaged_local_file_is_replaced_and_kept(place: Place) -> None:
    place.publish(3)
    place.db.write_bytes(b"this is no database" * 1000)
    begun = place.begin()
    assert begun.choice.kind == "restore"
    assert begun.set_aside is not None
    assert begun.set_aside.read_bytes().startswith(b"this is no database")
    assert ledger.steps(place.db) == [1, 2, 3]


def spoilt(db: Path) -> None:
    """Damage a page in the middle, with the file's times as they were."""
    before = db.stat()
    data = bytearray(db.read_bytes())
    data[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    db.write_bytes(bytes(data))
    os.utime(db, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_file_that_a_clean_end_left_is_not_read_again(place: Place) -> None:
    place.publish(*range(3, 300))
    assert start.look(place.db, place.home).damage is None
    spoilt(place.db)
    assert start.look(place.db, place.home).damage is None, "nothing but damage on disk can do this"
    os.utime(place.db)
    assert start.look(place.db, place.home).damage is not None


def test_a_file_that_was_used_since_is_checked(place: Place) -> None:
    place.publish(*range(3, 300))
    with closing(ledger.connect(place.db)) as killed:
        killed.execute("INSERT INTO runs VALUES ('x', 'x', 0)")
        subprocess.run(["cp", "-a", place.home, place.home.with_name("checkpoint")], check=True)
    checkpoint = place.elsewhere("checkpoint")
    assert checkpoint.db.with_name("mlflow.db-wal").stat().st_size > 0
    spoilt(checkpoint.db)
    assert start.look(checkpoint.db, checkpoint.home).damage is not None


def test_a_publisher_that_ends_while_the_database_is_in_use_takes_nothing_for_closed(
    place: Place,
) -> None:
    with closing(ledger.connect(place.db)) as in_use:
        in_use.execute("SELECT count(*) FROM runs")
        place.publish(3)
        assert not closed.is_unchanged(place.home, place.db)
    place.publish(4)
    assert closed.is_unchanged(place.home, place.db)


def test_a_start_takes_the_file_for_used_from_then_on(place: Place) -> None:
    place.publish(3)
    assert closed.is_unchanged(place.home, place.db)
    assert place.begin().choice.kind == "local"
    assert not closed.is_unchanged(place.home, place.db)


def test_an_orphaned_log_never_meets_the_restored_database(place: Place) -> None:
    place.publish(3)
    with sqlite3.connect(place.db) as holds_the_log:
        holds_the_log.execute("SELECT count(*) FROM runs")
        ledger.commit(place.db, 4)
        place.db.unlink()
        log = place.db.with_name("mlflow.db-wal").read_bytes()
        begun = place.begin()
    holds_the_log.close()
    assert log
    assert begun.set_aside is not None
    assert begun.set_aside.with_name(begun.set_aside.name + "-wal").read_bytes() == log
    assert ledger.steps(place.db) == [1, 2, 3]


def test_a_start_killed_at_any_step_is_repeated_without_loss(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.publish(3)
    other = place.elsewhere("other-home")

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    steps = [
        (local_state, "forget"),
        (restore, "set_aside"),
        (restore, "put_in_place"),
        (local_state, "write"),
    ]
    for module, name in steps:
        ledger.create(other.db) if not other.db.exists() else None
        ledger.commit(other.db, 77)
        with monkeypatch.context() as killed:
            killed.setattr(module, name, die)
            with pytest.raises(Killed):
                other.begin()
        assert other.begin().choice.kind == "restore"
        assert ledger.steps(other.db) == [1, 2, 3]
        local_state.forget(other.home)
        other.db.unlink()
    kept = [ledger.steps(p) for p in (other.home / "diverged").iterdir() if p.suffix == ".db"]
    assert kept.count([77]) >= 1


def test_a_home_that_cannot_be_written_is_its_own_refusal(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.publish(3)
    place.lose_home()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rebuild, "_write", full)
    begun = place.begin()
    assert (begun.choice.kind, begun.choice.exit_code) == ("refuse", 73)
    assert "No space left" in begun.choice.why
