"""What an error costs: a name, never data, and no name is written to twice."""

import os
import random
from collections import Counter
from pathlib import Path

import pytest

from studio.snapshots import drill, layout, restore, scan
from studio.snapshots.layout import State, put
from studio.snapshots.publish import Publisher
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place


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


@pytest.mark.parametrize("seed", range(4))
def test_whatever_fails_the_next_cycle_publishes_everything(
    place: Place, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    ledger.fill(place.db, 1)
    publisher = place.publisher()
    failing = Failing(seed, 0.35)
    monkeypatch.setattr(layout, "put", failing)
    written: dict[State, int] = {}
    for step in range(3, 110):
        ledger.commit(place.db, step)
        assert publisher.dirty()
        try:
            new = publisher.cycle()
        except OSError:
            assert publisher.dirty()
        else:
            assert new is not None
            written[new.state] = step
    assert failing.failed > 30
    assert len(written) > 30
    assert [m.seq for m in publisher.manifests] == [state.seq for state in written]
    failing.share = 0.0
    publisher.cycle()
    assert place.restored() == list(range(1, 110))
    publisher.close()
    found = place.home / "again.db"
    for state, step in random.Random(seed).sample(sorted(written.items()), 8):
        restore.restore(place.link, state.sid, scan.manifest(place.link, state), found)
        assert ledger.steps(found) == list(range(1, step + 1))


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
                drill.rehearse(publisher)
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
