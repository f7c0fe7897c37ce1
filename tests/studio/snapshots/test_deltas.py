"""Deltas: few bytes, and whatever happens to the database, exactly that comes back."""

import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from studio.snapshots import chain, layout, restore, scan
from studio.snapshots.layout import State
from studio.snapshots.publish import Published, Publisher
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place


@pytest.fixture
def large(place: Place) -> Place:
    """A place with a database of some 3 MB, and so bases that deltas are short against."""
    ledger.fill(place.db, 3)
    return place


def publish(publisher: Publisher) -> Published:
    """Publish what has changed, which must be something."""
    new = publisher.cycle()
    assert new is not None
    return new


def kind(new: Published) -> str:
    """Whether a state stands alone."""
    assert new.manifest.kind == ("base" if len(new.manifest.chain) == 1 else "delta")
    return new.manifest.kind


def content(place: Place, state: State) -> bytes:
    """The file of a state, as a restore writes it."""
    found = place.home / "compared.db"
    restore.restore(place.link, state.sid, scan.manifest(place.link, state), found)
    return found.read_bytes()


def live(place: Place) -> bytes:
    """What SQLite's own backup makes of the live database: the file that a state has to be."""
    found = place.home / "live.db"
    found.unlink(missing_ok=True)
    with closing(ledger.connect(place.db)) as source, closing(sqlite3.connect(found)) as target:
        target.execute("PRAGMA journal_mode=OFF")
        source.backup(target)
    return found.read_bytes()


def sql(place: Place, *statements: str) -> None:
    """Change the live database."""
    with closing(ledger.connect(place.db)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_commit_costs_a_few_pages_and_every_state_comes_back_exactly(large: Place) -> None:
    publisher = large.publisher()
    states = [(publish(publisher), live(large))]
    for step in range(3, 15):
        ledger.commit(large.db, step)
        states.append((publish(publisher), live(large)))
    publisher.close()
    assert {kind(new) for new, _ in states[1:]} == {"delta"}
    assert all(len(new.manifest.chain) == new.state.seq for new, _ in states)
    assert max(new.link_bytes for new, _ in states[1:]) < 6_000
    for new, expected in states:
        assert content(large, new.state) == expected


def test_a_differential_replaces_twenty_deltas(large: Place) -> None:
    publisher = large.publisher()
    publish(publisher)
    packs = []
    for step in range(3, 30):
        ledger.commit(large.db, step)
        packs.append(publish(publisher))
    publisher.close()
    assert {kind(new) for new in packs} == {"delta"}
    assert [len(new.manifest.chain) for new in packs] == [*range(2, 22), *range(2, 9)]
    assert content(large, packs[-1].state) == live(large)
    for lost in packs[3], packs[15]:
        large.pack_of(lost.state).unlink()
    assert large.restored() == list(range(1, 30)), "the newest needs none of them"


def vacuum(place: Place) -> None:
    sql(place, "DELETE FROM runs WHERE rowid % 2", "VACUUM")


def shrink_and_grow(place: Place) -> None:
    sql(place, "DELETE FROM filling", "VACUUM")
    ledger.fill(place.db, 1)


def grow(place: Place) -> None:
    ledger.fill(place.db, 1)


def larger_pages(place: Place) -> None:
    replaced(place, "PRAGMA page_size=8192", "VACUUM", "PRAGMA journal_mode=WAL")


def without_a_log(place: Place) -> None:
    replaced(place, "INSERT INTO runs VALUES ('without a log', 'x', 0)")


def replaced(place: Place, *statements: str) -> None:
    """Put another file in the database's place; a publisher's lock forbids changing the mode."""
    sql(place, "PRAGMA wal_checkpoint(TRUNCATE)")
    other = place.elsewhere("other")
    other.home.mkdir()
    shutil.copy(place.db, other.db)
    sql(other, "PRAGMA journal_mode=DELETE", *statements)
    for suffix in ("-wal", "-shm"):
        place.db.with_name(place.db.name + suffix).unlink(missing_ok=True)
    other.db.replace(place.db)
    other.home.rmdir()


def auto_vacuum(place: Place) -> None:
    sql(place, "PRAGMA auto_vacuum=FULL", "VACUUM", "DELETE FROM filling WHERE rowid = 2")


def restart_the_log(place: Place) -> None:
    sql(place, "PRAGMA wal_checkpoint(RESTART)", "INSERT INTO runs VALUES ('after', 'x', 0)")
    sql(place, "PRAGMA wal_checkpoint(TRUNCATE)", "INSERT INTO runs VALUES ('again', 'x', 0)")


def overwrite_in_place(place: Place) -> None:
    sql(place, "UPDATE filling SET data = randomblob(length(data)) WHERE rowid = 1")


UPHEAVALS = [
    vacuum,
    shrink_and_grow,
    grow,
    larger_pages,
    auto_vacuum,
    restart_the_log,
    without_a_log,
    overwrite_in_place,
]


@pytest.mark.parametrize("upheaval", UPHEAVALS)
@pytest.mark.parametrize("final", [False, True], ids=["", "at the end"])
def test_what_an_upheaval_leaves_is_what_comes_back(
    large: Place, upheaval: Callable[[Place], None], final: bool
) -> None:
    publisher = large.publisher()
    publish(publisher)
    ledger.commit(large.db, 3)
    before = publish(publisher), live(large)
    upheaval(large)
    assert publisher.dirty()
    new = publisher.cycle(final=final)
    assert new is not None
    after = new, live(large)
    ledger.commit(large.db, 4)
    last = publish(publisher), live(large)
    publisher.close()
    for state, expected in (before, after, last):
        assert content(large, state.state) == expected
    restore.check_integrity(large.home / "compared.db")


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_changes_comes_back_at_every_step(large: Place, seed: int) -> None:
    chance = random.Random(seed)
    publisher = large.publisher()
    states = [(publish(publisher).state, live(large))]
    for step in range(3, 12):
        ledger.commit(large.db, step)
        if chance.random() < 0.4:
            chance.choice(UPHEAVALS)(large)
        new = publisher.cycle(final=chance.random() < 0.2)
        assert new is not None
        states.append((new.state, live(large)))
    publisher.close()
    for state, expected in chance.sample(states, 5):
        assert content(large, state) == expected


def test_other_page_sizes_make_a_base_even_at_the_end(large: Place) -> None:
    publisher = large.publisher()
    publish(publisher)
    larger_pages(large)
    new = publisher.cycle(final=True)
    assert new is not None
    assert (kind(new), new.manifest.page_size) == ("base", 8192)
    ledger.commit(large.db, 3)
    assert kind(publish(publisher)) == "delta"
    publisher.close()


def test_a_database_cut_short_is_a_delta_at_the_end(large: Place) -> None:
    publisher = large.publisher()
    base = publish(publisher)
    sql(large, "DELETE FROM filling", "VACUUM")
    new = publisher.cycle(final=True)
    assert new is not None
    assert kind(new) == "delta"
    assert new.manifest.pages < base.manifest.pages
    assert content(large, new.state) == live(large)
    publisher.close()


def test_a_new_base_comes_when_what_followed_the_last_one_outweighs_it(large: Place) -> None:
    publisher = large.publisher()
    length = publish(publisher).link_bytes
    kinds, added = [], 0
    for _ in range(9):
        sql(large, f"INSERT INTO filling VALUES (randomblob({length // 4}))")
        new = publish(publisher)
        kinds.append(kind(new))
        if kinds[-1] == "base":
            break
        added += new.link_bytes
    publisher.close()
    assert kinds == ["delta", "delta", "delta", "base"]
    assert length * 0.7 < added < length


def test_at_the_end_a_heavy_delta_is_still_a_delta(large: Place) -> None:
    publisher = large.publisher()
    publish(publisher)
    sql(large, "UPDATE filling SET data = randomblob(length(data))")
    new = publisher.cycle(final=True)
    assert new is not None
    assert kind(new) == "delta"
    assert content(large, new.state) == live(large)
    publisher.close()


def test_a_small_database_is_a_base_each_time_when_that_is_hardly_longer(place: Place) -> None:
    publisher = place.publisher()
    publish(publisher)
    ledger.commit(place.db, *range(3, 200))
    assert kind(publish(publisher)) == "base"
    publisher.close()


def test_a_base_serves_for_a_day(large: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = large.publisher()
    publish(publisher)
    ledger.commit(large.db, 3)
    monkeypatch.setattr(chain, "LONGEST_USE_S", -1.0)
    assert kind(publish(publisher)) == "base"
    publisher.close()


def test_a_wall_clock_that_is_set_back_does_not_make_a_base_younger(
    large: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = large.publisher()
    publish(publisher)
    tomorrow = time.monotonic() + 90_000
    monkeypatch.setattr(time, "monotonic", lambda: tomorrow)
    monkeypatch.setattr(publisher, "_now", lambda: 0.0)
    ledger.commit(large.db, 3)
    assert kind(publish(publisher)) == "base"
    publisher.close()


def test_distrust_makes_a_base_though_nothing_changed(large: Place) -> None:
    publisher = large.publisher()
    publish(publisher)
    assert not publisher.dirty()
    publisher.distrust()
    assert publisher.chain == ()
    assert publisher.dirty()
    assert kind(publish(publisher)) == "base"
    publisher.close()


def stopping_at_the_next_write(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A `check` that asks to stop as soon as something is on its way to the link."""
    under_way: list[Path] = []
    real = layout.put

    def put(path: Path, source: bytes | layout.Readable) -> None:
        under_way.append(path)
        real(path, source)

    def check() -> None:
        if under_way:
            raise InterruptedError

    monkeypatch.setattr(layout, "put", put)
    return check


def test_an_interrupted_base_is_abandoned_and_the_old_chain_goes_on(
    large: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = large.publisher()
    publish(publisher)
    sql(large, "UPDATE filling SET data = randomblob(length(data)) WHERE rowid < 3")
    check = stopping_at_the_next_write(monkeypatch)
    with pytest.raises(InterruptedError):
        publisher.cycle(check)
    new = publisher.cycle(final=True)
    publisher.close()
    assert new is not None
    assert (new.state.seq, kind(new)) == (3, "delta")
    assert content(large, new.state) == live(large)


def test_the_first_base_is_finished_once_it_is_on_its_way(
    large: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = large.publisher()
    new = publisher.cycle(stopping_at_the_next_write(monkeypatch))
    publisher.close()
    assert new is not None
    assert content(large, new.state) == live(large)


def test_what_was_published_is_listed_until_it_is_forgotten(large: Place) -> None:
    publisher = large.publisher()
    made = [publish(publisher).manifest]
    for step in (3, 4):
        ledger.commit(large.db, step)
        made.append(publish(publisher).manifest)
    assert publisher.manifests == tuple(made)
    assert publisher.chain == made[-1].chain
    publisher.forget([1, 2])
    assert publisher.manifests == (made[-1],)
    publisher.close()
    assert list((large.home / "spool").iterdir()) == []
