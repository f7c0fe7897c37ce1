"""What an error costs: a name, never data, and no name is written to twice."""

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from studio.snapshots import layout
from studio.snapshots.layout import put
from studio.snapshots.publish import Publisher
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place


def test_a_drill_passes_on_what_was_published(publisher: Publisher) -> None:
    publisher.cycle()
    assert publisher.drill_due
    assert publisher.drill() is None
    assert not publisher.drill_due


def test_a_drill_finds_a_damaged_pack_and_the_next_cycle_repairs_it(
    place: Place, publisher: Publisher
) -> None:
    new = publisher.cycle()
    assert new is not None
    pack = place.pack_of(new.state)
    pack.write_bytes(pack.read_bytes()[:-1])
    reason = publisher.drill()
    assert reason is not None
    assert "bytes instead of" in reason
    assert publisher.dirty()
    assert publisher.cycle() is not None
    assert publisher.drill() is None
    assert place.restored() == [1, 2]


class Failing:
    """A `put` that fails now and then, at times with half a file left behind."""

    def __init__(self, seed: int, share: float) -> None:
        self.random = random.Random(seed)
        self.share = share
        self.failed = 0

    def __call__(self, path: Path, source: object) -> None:
        if self.random.random() >= self.share:
            put(path, source)  # type: ignore[arg-type]
            return
        self.failed += 1
        if self.random.random() < 0.5:
            data = source if isinstance(source, bytes) else source.read()  # type: ignore[attr-defined]
            put(path, data[: self.random.randrange(len(data))])
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize("seed", range(5))
def test_whatever_fails_the_next_cycle_publishes_everything(
    place: Place, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    failing = Failing(seed, 0.35)
    monkeypatch.setattr(layout, "put", failing)
    succeeded = 0
    for step in range(3, 40):
        ledger.commit(place.db, step)
        assert publisher.dirty()
        try:
            succeeded += publisher.cycle() is not None
        except OSError:
            assert publisher.dirty()
    assert failing.failed > 5
    assert succeeded > 5
    failing.share = 0.0
    publisher.cycle()
    assert place.restored() == list(range(1, 40))


@pytest.fixture
def opened_for_writing(place: Place, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts how often each path on the link is opened for writing; forbids what else writes."""
    counted: Counter[str] = Counter()
    real_open = os.open

    def counting(path: object, flags: int, *args: int, **kwargs: int) -> int:
        if str(path).startswith(str(place.link)) and flags & (os.O_WRONLY | os.O_RDWR):
            assert flags & os.O_EXCL
            assert flags & os.O_CREAT
            counted[str(path)] += 1
        return real_open(path, flags, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", counting)
    for name in ("rename", "replace", "link", "unlink", "truncate", "symlink"):
        real = getattr(os, name)

        def guarded(*args: object, _real: object = real, _name: str = name, **kw: object) -> object:
            assert not any(str(a).startswith(str(place.link)) for a in args), f"{_name}{args}"
            return _real(*args, **kw)  # type: ignore[operator]

        monkeypatch.setattr(os, name, guarded)
    return counted


def test_no_name_on_the_link_is_ever_opened_for_writing_twice(
    place: Place, monkeypatch: pytest.MonkeyPatch, opened_for_writing: Counter[str]
) -> None:
    failing = Failing(7, 0.2)
    monkeypatch.setattr(layout, "put", failing)
    for run in range(4):
        place.begin()
        publisher = place.publisher()
        for step in range(5):
            ledger.commit(place.db, 100 * run + step + 10)
            try:
                publisher.cycle()
                publisher.drill()
            except OSError:
                continue
        failing.share = 0.0
        publisher.cycle()
        publisher.end()
        publisher.close()
        failing.share = 0.2
    assert failing.failed > 2
    assert set(opened_for_writing.values()) == {1}
    assert set(place.files()) <= {
        Path(p).relative_to(place.link).as_posix() for p in opened_for_writing
    }
    assert len(place.restored()) == 22


def test_a_failed_session_file_costs_a_session_name_and_no_data(
    place: Place, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publisher.session
    failing = Failing(1, 1.0)
    monkeypatch.setattr(layout, "put", failing)
    with pytest.raises(OSError, match="Input/output error"):
        publisher.cycle()
    assert publisher.session != first
    monkeypatch.undo()
    new = publisher.cycle()
    assert new is not None
    assert new.state.sid == publisher.session
    assert place.restored() == [1, 2]
