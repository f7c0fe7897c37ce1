"""Every kind of damage is noticed, and costs no more than it must."""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from studio.snapshots import layout, reading, rebuild, restore, scan
from studio.snapshots.layout import State
from studio.snapshots.local import LocalDiskError
from studio.snapshots.publish import Publisher
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place


def missing(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def lengthened(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0" * 10)


def zeroed(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


def bit_flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(bytes(data))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = [missing, empty, truncated, lengthened, zeroed, bit_flipped, a_folder]


@pytest.fixture
def states(place: Place, publisher: Publisher) -> list[State]:
    """Three states of one session, a base and two deltas: up to step 3, 4 and 5."""
    return published(place, publisher, bases=False)


@pytest.fixture
def bases(place: Place, publisher: Publisher) -> list[State]:
    """The same three states, each of them a base."""
    return published(place, publisher, bases=True)


def published(place: Place, publisher: Publisher, *, bases: bool) -> list[State]:
    """Publish steps 3, 4 and 5 one by one."""
    found = []
    for step in (3, 4, 5):
        ledger.commit(place.db, step)
        if bases:
            publisher.distrust()
        new = publisher.cycle()
        assert new is not None
        assert len(new.manifest.chain) == (1 if bases else step - 2)
        found.append(new.state)
    return found


def newest(place: Place, states: list[State]) -> tuple[State | None, list[str], Path]:
    """The newest state that verifies, why others did not, and the restored file."""
    destination = place.home / "restored.db"
    found, rejections = restore.newest_verified(place.link, states[::-1], destination)
    assert [r.state for r in rejections] == states[::-1][: len(rejections)]
    return found.state if found else None, [r.reason for r in rejections], destination


def test_a_state_comes_back_whole(place: Place, states: list[State]) -> None:
    found, rejections, restored = newest(place, states)
    assert (found, rejections) == (states[2], [])
    assert ledger.dump(restored) == ledger.dump(place.db)
    assert restored.stat().st_mode & 0o777 == 0o600


def test_the_restored_database_uses_wal_whatever_the_published_one_did(place: Place) -> None:
    with closing(ledger.connect(place.db)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    state = place.publish(3)
    _, _, restored = newest(place, [state])
    with closing(ledger.connect(restored)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert ledger.steps(restored) == [1, 2, 3]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_pack_costs_one_state(
    place: Place, states: list[State], damage: Callable[[Path], None]
) -> None:
    damage(place.pack_of(states[2]))
    found, (reason,), restored = newest(place, states)
    assert found == states[1]
    assert "packs/00000003-" in reason
    assert ledger.steps(restored) == [1, 2, 3, 4]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_manifest_costs_one_state(
    place: Place, states: list[State], damage: Callable[[Path], None]
) -> None:
    damage(layout.manifest_file(place.link, states[2]))
    found, (reason,), restored = newest(place, states)
    assert found == states[1]
    assert reason
    assert ledger.steps(restored) == [1, 2, 3, 4]


@pytest.mark.parametrize("damage", [d for d in DAMAGES if d is not a_folder])
def test_damage_before_the_newest_base_costs_nothing(
    place: Place, bases: list[State], damage: Callable[[Path], None]
) -> None:
    damage(place.pack_of(bases[0]))
    damage(place.pack_of(bases[1]))
    assert newest(place, bases)[:2] == (bases[2], [])


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_in_a_chain_costs_what_was_built_on_it(
    place: Place, states: list[State], damage: Callable[[Path], None]
) -> None:
    damage(place.pack_of(states[1]))
    found, reasons, restored = newest(place, states)
    assert found == states[0]
    assert len(reasons) == 2
    assert all("packs/00000002-" in reason for reason in reasons)
    assert ledger.steps(restored) == [1, 2, 3]


def test_when_all_are_damaged_nothing_is_restored_and_every_reason_is_told(
    place: Place, bases: list[State]
) -> None:
    for state, damage in zip(bases, (missing, truncated, bit_flipped), strict=True):
        damage(place.pack_of(state))
    found, reasons, restored = newest(place, bases)
    assert found is None
    assert [reason.partition(": ")[2] for reason in reasons] != ["", "", ""]
    assert "missing" in reasons[2]
    assert "bytes instead of" in reasons[1]
    assert not restored.exists()


def test_packs_that_changed_places_are_noticed(place: Place, states: list[State]) -> None:
    one, two = place.pack_of(states[1]), place.pack_of(states[2])
    spare = place.home / "spare"
    shutil.copy(one, spare)
    shutil.copy(two, one)
    shutil.copy(spare, two)
    assert newest(place, states)[0] == states[0]


def test_every_damaged_byte_of_a_pack_is_noticed(place: Place, states: list[State]) -> None:
    pack = place.pack_of(states[2])
    content = pack.read_bytes()
    manifest = scan.manifest(place.link, states[2])
    for position in range(0, len(content), 97):
        damaged = bytearray(content)
        damaged[position] ^= 0x80
        pack.write_bytes(bytes(damaged))
        with pytest.raises(restore.Rejected):
            restore.restore(place.link, states[2].sid, manifest, place.home / "restored.db")


def test_an_error_of_the_link_that_stays_rejects_the_state(
    place: Place, states: list[State], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_PAUSES_S", (0.0,))
    bad = place.pack_of(states[2])
    real = Path.open

    def fail(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path == bad:
            raise OSError(5, "Input/output error")
        return real(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", fail)
    found, (reason,), _ = newest(place, states)
    assert found == states[1]
    assert "Input/output error" in reason


def test_a_pack_of_which_the_link_tells_no_length_rejects_the_state(
    place: Place, states: list[State], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_PAUSES_S", (0.0,))
    bad = place.pack_of(states[2]).stat().st_ino
    real = os.fstat

    def fail(descriptor: int) -> os.stat_result:
        found = real(descriptor)
        if found.st_ino == bad:
            raise OSError(5, "Input/output error")
        return found

    monkeypatch.setattr(os, "fstat", fail)
    found, (reason,), _ = newest(place, states)
    assert found == states[1]
    assert "cannot be read (Input/output error)" in reason


def test_trouble_of_our_own_disk_rejects_no_state(
    place: Place, states: list[State], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rebuild, "_write", full)
    with pytest.raises(LocalDiskError, match="No space left"):
        newest(place, states)


def test_too_little_room_is_said_before_anything_is_written(
    place: Place, states: list[State], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(place.home)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(LocalDiskError, match="1 MB free"):
        newest(place, states)


def test_a_database_that_sqlite_finds_damaged_is_rejected(tmp_path: Path) -> None:
    ledger.create(tmp_path / "db")
    ledger.commit(tmp_path / "db", *range(200))
    data = bytearray((tmp_path / "db").read_bytes())
    data[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    (tmp_path / "db").write_bytes(bytes(data))
    with pytest.raises(restore.Rejected, match="SQLite"):
        restore.check_integrity(tmp_path / "db")


def test_a_restored_file_is_synced_as_windows_can_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.create(tmp_path / "restored.db")
    modes: list[int] = []

    def fsync(descriptor: int) -> None:
        modes.append(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE)

    monkeypatch.setattr(os, "fsync", fsync)
    restore.put_in_place(tmp_path / "restored.db", tmp_path / "mlflow.db")
    assert modes[0] == os.O_RDWR


def test_setting_aside_keeps_the_log_and_never_overwrites(place: Place) -> None:
    with closing(ledger.connect(place.db)) as keeps_the_log:
        keeps_the_log.execute("SELECT count(*) FROM runs")
        ledger.commit(place.db, 3)
        content = {s: place.db.with_name(f"mlflow.db{s}").read_bytes() for s in ("", "-wal")}
        assert content["-wal"]
        first = restore.set_aside(place.db, place.home, 0.0)
        for suffix, data in content.items():
            assert first.with_name(first.name + suffix).read_bytes() == data
    assert first.name == "19700101T000000Z-mlflow.db"
    assert ledger.steps(first) == [1, 2, 3]
    ledger.create(place.db)
    second = restore.set_aside(place.db, place.home, 0.0)
    assert second.name == "19700101T000000Z-mlflow.db.2"
    assert not list(place.home.glob("mlflow.db*"))
    assert ledger.steps(first) == [1, 2, 3]
    with closing(sqlite3.connect(second)) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (0,)
