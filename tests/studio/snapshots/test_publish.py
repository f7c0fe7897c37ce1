"""One session: what is written to the link, and when."""

import errno
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from studio.snapshots import about, drill, layout, pack, restore, scan
from studio.snapshots import state as local_state
from studio.snapshots.layout import State
from studio.snapshots.publish import Publisher
from studio.snapshots.watch import NoSchema, Watch, content
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place


def test_the_first_publish_writes_a_session_a_pack_and_a_manifest(
    place: Place, publisher: Publisher
) -> None:
    new = publisher.cycle()
    assert new is not None
    base = f"mlflow-studio/sessions/{publisher.session}"
    (part,) = new.manifest.chain
    store, *rest = place.files()[::-1]
    assert layout.is_store_name(Path(store).name)
    assert rest[::-1] == [
        f"{base}/manifests/00000001.json",
        f"{base}/{part.name}",
        f"{base}/session.json",
    ]
    told = json.loads(layout.session_file(place.link, publisher.session).read_text())
    assert told["parents"] == []
    assert told["alembic_rev"] == ledger.REVISION
    assert told["page_size"] == 4096
    assert set(told) == {
        "v",
        "sid",
        "parents",
        "ancestors",
        "passed_over",
        "depth",
        "restored_from",
        "wall_ts",
        "mlflow_version",
        "alembic_rev",
        "page_size",
        "studio_version",
    }
    assert new.manifest.rows.runs == 2
    assert new.manifest.kind == "base"
    assert scan.manifest(place.link, new.state) == new.manifest


def test_the_next_publish_adds_two_files(place: Place, publisher: Publisher) -> None:
    publisher.cycle()
    before = place.files()
    ledger.commit(place.db, 3)
    new = publisher.cycle()
    assert new is not None
    assert new.state == State(publisher.session, 2)
    assert len(set(place.files()) - set(before)) == 2


def test_it_is_dirty_exactly_when_something_was_committed(
    place: Place, publisher: Publisher
) -> None:
    assert publisher.dirty()
    publisher.cycle()
    assert not publisher.dirty()
    with closing(ledger.connect(place.db)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO runs VALUES ('x', 'x', 0)")
        connection.execute("ROLLBACK")
        assert not publisher.dirty()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO runs VALUES ('x', 'x', 0)")
        assert not publisher.dirty()
        connection.execute("COMMIT")
        assert publisher.dirty()


def test_a_checkpoint_of_the_log_publishes_nothing(place: Place, publisher: Publisher) -> None:
    publisher.cycle()
    before = place.files()
    with closing(ledger.connect(place.db)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert publisher.cycle() is None
    assert not publisher.dirty()
    assert place.files() == before


def test_a_commit_during_the_cycle_is_published_by_the_next(
    place: Place, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Watch.copy

    def copy_then_commit(watch: Watch, shadow: Path) -> None:
        copy(watch, shadow)
        ledger.commit(place.db, 3)

    monkeypatch.setattr(Watch, "copy", copy_then_commit)
    publisher.cycle()
    monkeypatch.undo()
    assert place.restored() == [1, 2]
    assert publisher.dirty()
    publisher.cycle()
    assert place.restored() == [1, 2, 3]


def test_writers_do_not_wait_for_a_snapshot(place: Place, publisher: Publisher) -> None:
    with closing(ledger.connect(place.db)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO runs VALUES ('x', 'x', 0)")
        assert publisher.cycle() is not None
        connection.execute("COMMIT")
    assert place.restored() == [1, 2]


def test_a_database_without_a_schema_is_not_published(empty_place: Place) -> None:
    publisher = empty_place.publisher()
    assert not publisher.dirty()
    ledger.create(empty_place.db, revision=None)
    assert not publisher.dirty()
    with pytest.raises(NoSchema):
        publisher.cycle()
    assert empty_place.files() == []
    ledger.stamp(empty_place.db, "abc")
    assert publisher.dirty()
    assert publisher.cycle() is not None
    publisher.close()


def test_a_database_that_has_gone_is_an_error_and_one_that_returns_is_published(
    place: Place, publisher: Publisher
) -> None:
    publisher.cycle()
    place.db.unlink()
    with pytest.raises(FileNotFoundError, match="has gone"):
        publisher.dirty()
    ledger.create(place.db)
    ledger.commit(place.db, 8)
    assert publisher.dirty()
    publisher.cycle()
    assert place.restored() == [8]


def test_the_attempt_is_noted_before_the_snapshot_is_taken(
    place: Place, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.cycle()
    ledger.commit(place.db, 3)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Watch, "copy", die)
    with pytest.raises(KeyboardInterrupt):
        publisher.cycle()
    known = local_state.read(place.home, place.db)
    assert known is not None
    assert known.own == (State(publisher.session, 2),)


def test_too_little_room_is_said_and_nothing_is_written(
    place: Place, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(place.home)._replace(free=60 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OSError, match="60 MB free, a snapshot needs 64 MB"):
        publisher.cycle()
    assert place.files() == []
    assert not (place.home / "spool").exists()


def test_an_abandoned_snapshot_leaves_no_trace_and_is_made_up_for(
    place: Place, publisher: Publisher
) -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        publisher.cycle(stop)
    assert place.files() == []
    assert publisher.dirty()
    new = publisher.cycle()
    assert new is not None
    assert new.state.seq == 2, "the first number is spent"
    assert place.restored() == [1, 2]


def test_a_number_that_a_checkpoint_may_claim_is_never_used_for_more(
    place: Place, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.cycle()
    ledger.commit(place.db, 3)
    with monkeypatch.context() as full:
        full.setattr(pack, "write", _no_space)
        with pytest.raises(OSError, match="No space left"):
            publisher.cycle()
    # The Platform copies the disk now: this copy claims to hold the state whose number was noted.
    claimed = local_state.read(place.home, place.db)
    assert claimed is not None
    ledger.commit(place.db, 4)
    new = publisher.cycle()
    assert new is not None
    assert all(new.state.seq > state.seq for state in claimed.own)


def test_a_session_that_gets_another_name_is_known_by_it_before_it_publishes(
    place: Place, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(about, "write", _no_space)
        with pytest.raises(OSError, match="No space left"):
            publisher.cycle()
    new = publisher.cycle()
    assert new is not None
    known = local_state.read(place.home, place.db)
    assert known is not None
    assert known.own == (new.state,)


def _no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_nothing_private_is_left_behind_and_all_of_it_was_private(
    place: Place, publisher: Publisher
) -> None:
    publisher.cycle()
    drill.rehearse(publisher)
    assert list((place.home / "spool").iterdir()) == []
    assert (place.home / "spool").stat().st_mode & 0o777 == 0o700


def test_a_restarted_publisher_continues_the_line(place: Place) -> None:
    states = [place.publish(step) for step in (3, 4, 5)]
    sessions = {s.head: s for s in scan.sessions(place.link)}
    assert [sessions[s].parents for s in states] == [(), (states[0],), (states[1],)]
    assert [sessions[s].depth for s in states] == [1, 2, 3]


def test_a_locked_database_is_given_up_on_after_a_while(
    place: Place, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(ledger.connect(place.db)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        monkeypatch.setattr("studio.snapshots.watch._BUSY_S", 0.2)
        publisher.dirty()
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises((TimeoutError, sqlite3.OperationalError), match="lock"):
            publisher.cycle()
        connection.execute("ROLLBACK")
    assert publisher.cycle() is not None


def test_rows_are_counted_only_where_there_are_tables(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as connection:
        connection.executescript(
            "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('a')"
        )
    found = content(tmp_path / "db")
    assert (found.rows.runs, found.rows.metrics) == (None, None)


def test_a_state_of_the_published_kind_is_what_restore_reads(
    place: Place, publisher: Publisher
) -> None:
    new = publisher.cycle()
    assert new is not None
    restore.restore(place.link, new.state.sid, new.manifest, place.home / "again.db")
    assert ledger.dump(place.home / "again.db") == ledger.dump(place.db)
