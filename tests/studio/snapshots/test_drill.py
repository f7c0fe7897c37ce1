"""Rehearsed restores: when, and what follows from a failed one."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from studio.snapshots import drill, layout, restore, scan
from studio.snapshots.drill import Drill, NotRehearsed
from studio.snapshots.publish import Publisher
from studio.snapshots.status import Status
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place
from tests.studio.snapshots.simulation import Clock


class Drilling:
    """A drill with its clock, and what it reported."""

    def __init__(self, publisher: Publisher) -> None:
        self.clock, self.said = Clock(), list[str]()
        self.status = Status(1, publisher.session, "link", 15.0)
        self._chore = Drill(publisher, self.said.append, lambda: self.clock.now)

    def turn(self, check: Callable[[], None] = lambda: None) -> bool:
        """Take a turn; whether there was a rehearsal."""
        before = self.status
        self.status = self._chore.turn(self.status, check)
        return self.status is not before

    @property
    def reason(self) -> str | None:
        """Why the last rehearsal failed."""
        assert self.status.drill is not None
        assert self.status.drill.ok == (self.status.drill.reason is None)
        return self.status.drill.reason


@pytest.fixture
def drilling(publisher: Publisher) -> Drilling:
    return Drilling(publisher)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def test_a_drill_passes_on_what_was_published(publisher: Publisher) -> None:
    assert drill.rehearse(publisher) is None
    publisher.cycle()
    assert drill.rehearse(publisher) is None


def test_a_drill_finds_a_damaged_pack_and_the_next_cycle_writes_a_base(
    place: Place, publisher: Publisher
) -> None:
    new = publisher.cycle()
    assert new is not None
    truncate(place.pack_of(new.state))
    reason = drill.rehearse(publisher)
    assert reason is not None
    assert "bytes instead of" in reason
    assert publisher.dirty()
    again = publisher.cycle()
    assert again is not None
    assert again.manifest.kind == "base"
    assert drill.rehearse(publisher) is None
    assert place.restored() == [1, 2]


def test_a_rehearsal_follows_every_base_and_then_every_twenty_minutes(
    place: Place, publisher: Publisher, drilling: Drilling
) -> None:
    assert not drilling.turn()
    publisher.cycle()
    assert drilling.turn()
    assert drilling.reason is None
    ledger.commit(place.db, 3)
    publisher.cycle()
    assert not drilling.turn()
    drilling.clock.pass_by(1199)
    assert not drilling.turn()
    drilling.clock.pass_by(2)
    assert drilling.turn()
    assert drilling.status.drill is not None
    assert drilling.status.drill.state == f"{publisher.session}/2"
    publisher.distrust()
    assert not drilling.turn()
    publisher.cycle()
    assert drilling.turn()
    assert len(drilling.said) == 2  # one for each base


def test_a_planted_corrupt_pack_is_reported_and_a_new_base_is_written(
    place: Place, publisher: Publisher, drilling: Drilling
) -> None:
    publisher.cycle()
    drilling.turn()
    ledger.commit(place.db, 3)
    new = publisher.cycle()
    assert new is not None
    assert new.manifest.kind == "delta"
    pack = layout.pack_file(place.link, new.state.sid, new.manifest.chain[0].name)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.write_bytes(data)
    drilling.clock.pass_by(1300)
    assert drilling.turn()
    assert drilling.reason is not None
    assert Path(pack).name in drilling.reason
    assert "cannot be restored" in drilling.said[-1]
    assert publisher.dirty()
    again = publisher.cycle()
    assert again is not None
    assert again.manifest.kind == "base"
    assert drilling.turn()
    assert drilling.reason is None
    assert place.restored() == [1, 2, 3]


def test_a_link_that_does_not_answer_is_not_taken_for_damage(
    place: Place, publisher: Publisher, drilling: Drilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.cycle()

    def fail(_part: object, _size: int = -1) -> bytes:
        raise restore.Unreadable("cannot be read (Input/output error)")

    with monkeypatch.context() as cut:
        cut.setattr(restore._Patient, "read", fail)
        assert drilling.turn()
    assert drilling.reason == "not rehearsed: cannot be read (Input/output error)"
    assert not publisher.dirty()
    assert not drilling.turn()
    drilling.clock.pass_by(61)
    assert drilling.turn()
    assert drilling.reason is None
    with monkeypatch.context() as cut:
        cut.setattr(scan, "parse", lambda _: (_ for _ in ()).throw(OSError(5, "away")))
        with pytest.raises(NotRehearsed, match="away"):
            drill.rehearse(publisher)


def test_too_little_room_is_not_taken_for_damage(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.cycle()
    monkeypatch.setattr(restore, "_SPARE", 1 << 60)
    with pytest.raises(NotRehearsed, match="MB free"):
        drill.rehearse(publisher)
    assert not publisher.dirty()


def test_a_live_database_that_is_damaged_is_told_and_not_published_over_and_over(
    place: Place, publisher: Publisher
) -> None:
    with closing(sqlite3.connect(place.db)) as connection:
        connection.execute("CREATE TABLE torn (x)")
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("UPDATE sqlite_master SET rootpage=3 WHERE name='torn'")
        connection.commit()
    publisher.cycle()
    reason = drill.rehearse(publisher)
    assert reason is not None
    assert reason.endswith("so is the live database")
    assert not publisher.dirty()


@pytest.mark.parametrize("calls", range(8))
def test_a_rehearsal_stops_when_asked_to_and_leaves_nothing(
    place: Place,
    publisher: Publisher,
    drilling: Drilling,
    calls: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Stop(Exception):
        pass

    monkeypatch.setattr(restore, "_STEPS_BETWEEN_CHECKS", 10)
    publisher.cycle()
    left = iter(range(calls))

    def check() -> None:
        if next(left, None) is None:
            raise Stop

    with pytest.raises(Stop):
        drilling.turn(check)
    assert list((place.home / "spool").iterdir()) == []
    assert drilling.turn()
    assert drilling.reason is None
