"""Looking at a link that holds anything."""

import json
from pathlib import Path

import pytest

from studio.snapshots import layout, reading, scan
from studio.snapshots.manifest import ManifestError, encode
from studio.snapshots.scan import ScanError, Session
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place


def test_an_empty_link_and_a_missing_one_hold_no_session(tmp_path: Path) -> None:
    assert scan.sessions(tmp_path) == ()
    assert scan.sessions(tmp_path / "missing") == ()


def test_sessions_come_newest_first_with_their_newest_manifest(place: Place) -> None:
    first = place.publish(3)
    second = place.publish(4)
    found = scan.sessions(place.link)
    assert [s.head for s in found] == sorted([first, second], reverse=True)
    by_state = {s.head: s for s in found}
    assert by_state[second].parents == (first,)
    assert (by_state[first].depth, by_state[second].depth) == (1, 2)
    newest = by_state[second].newest
    assert newest is not None
    assert newest.rows.runs == 4


def test_alien_files_are_passed_over(place: Place) -> None:
    state = place.publish(3)
    base = layout.root(place.link)
    (base / "sessions" / "readme.txt").write_text("hello")
    (base / "sessions" / "20261122T233012Z-nothex!!").mkdir()
    (base / "sessions" / ledger.sid(1)).write_text("a file, not a folder")
    (base / "sessions" / ledger.sid(2)).mkdir()
    (layout.manifests_dir(place.link, state.sid) / ".00000009.json.tmp").write_text("{}")
    (layout.manifests_dir(place.link, state.sid) / "notes.json").write_text("{}")
    found = {s.sid: s for s in scan.sessions(place.link)}
    assert set(found) == {state.sid, ledger.sid(1), ledger.sid(2)}
    assert found[state.sid].head == state
    assert found[ledger.sid(1)] == Session(ledger.sid(1))


@pytest.mark.parametrize("content", [b"", b"{", b"\0" * 500, b"[1]", b"{}" + b" " * (2 << 20)])
def test_a_torn_manifest_is_noted_and_the_one_before_is_newest(
    place: Place, content: bytes
) -> None:
    state = place.publish(3)
    torn = layout.State(state.sid, 2)
    layout.manifest_file(place.link, torn).write_bytes(content)
    (found,) = scan.sessions(place.link)
    assert (found.head, found.seqs) == (state, (1, 2))
    assert len(found.notes) == 1
    assert found.notes[0].startswith("manifest 2: ")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"parents": 5, "depth": "x", "restored_from": []}',
        b'{"parents": [5, {"sid": "../..", "seq": 1}, {"sid": "20261122T000001Z-00000001"}]}',
    ],
)
def test_a_torn_session_file_hides_no_state(place: Place, content: bytes) -> None:
    state = place.publish(3)
    layout.session_file(place.link, state.sid).write_bytes(content)
    (found,) = scan.sessions(place.link)
    assert (found.head, found.parents, found.depth) == (state, (), 1)


def test_a_manifest_under_another_number_is_refused(place: Place) -> None:
    state = place.publish(3)
    data = layout.manifest_file(place.link, state).read_bytes()
    other = layout.State(state.sid, 9)
    layout.manifest_file(place.link, other).write_bytes(data)
    with pytest.raises(ManifestError, match="that of state 1"):
        scan.manifest(place.link, other)


def test_a_clean_end_is_seen(place: Place) -> None:
    publisher = place.publisher()
    publisher.cycle()
    assert not scan.session(place.link, publisher.session).ended
    publisher.end()
    publisher.close()
    assert scan.session(place.link, publisher.session).ended


def test_a_link_that_cannot_be_listed_is_not_taken_for_an_empty_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.publish(3)

    def fail(_path: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(reading, "_PAUSES_S", (0.0, 0.0))
    monkeypatch.setattr(Path, "iterdir", fail)
    with pytest.raises(ScanError, match="Input/output error"):
        scan.sessions(place.link)


def test_a_read_error_that_passes_is_waited_out() -> None:
    errors = [OSError(5, "EIO"), OSError(16, "EBUSY")]
    pauses: list[float] = []

    def read() -> bytes:
        if errors:
            raise errors.pop()
        return b"content"

    assert reading.patiently(read, pauses.append) == b"content"
    assert len(pauses) == 2


def test_many_sessions_are_all_found(tmp_path: Path) -> None:
    for number in range(60):
        state = ledger.state(number, 1)
        layout.make_session_dirs(tmp_path, state.sid)
        layout.put(layout.manifest_file(tmp_path, state), encode(ledger.manifest()))
        about = json.dumps({"parents": [], "depth": number + 1}).encode()
        layout.put(layout.session_file(tmp_path, state.sid), about)
    found = scan.sessions(tmp_path)
    assert [s.depth for s in found] == list(range(60, 0, -1))
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow-studio"]


@pytest.mark.parametrize("content", [None, b"", b"{"])
def test_a_lost_or_torn_session_file_hides_no_lineage(place: Place, content: bytes | None) -> None:
    first, second = place.publish(3), place.publish(4)
    file = layout.session_file(place.link, second.sid)
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    found = scan.session(place.link, second.sid)
    assert (found.parents, found.depth) == ((first,), 2)
