"""Names on a link, and the one door through which they are written."""

import io
import os
import re
from pathlib import Path

import pytest

from studio.snapshots import layout
from studio.snapshots.layout import State


def test_a_session_name_is_new_each_time() -> None:
    names = {layout.new_session_id(1795390212.0) for _ in range(50)}
    assert len(names) == 50
    assert all(re.fullmatch(r"20261122T233012Z-[0-9a-f]{8}", name) for name in names)
    assert all(layout.is_session_id(name) for name in names)


def test_the_layout_is_the_documented_one(tmp_path: Path) -> None:
    state = State("20261122T233012Z-0a1b2c3d", 7)
    found = [
        layout.session_file(tmp_path, state.sid),
        layout.manifest_file(tmp_path, state),
        layout.pack_file(tmp_path, state.sid, layout.pack_name(7, "ab" * 32)),
        layout.end_file(tmp_path, state.sid),
        layout.pinned_file(tmp_path, state, "pre-upgrade"),
    ]
    base = f"mlflow-studio/sessions/{state.sid}"
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        f"{base}/session.json",
        f"{base}/manifests/00000007.json",
        f"{base}/packs/00000007-abababababababab.pp",
        f"{base}/end.json",
        f"{base}/pinned/pre-upgrade-00000007.json",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "20261122T233012Z-0a1b2c3d",
        "20261122T233012Z-0a1b2c3d/",
        "20261122T233012Z-0a1b2c3d/x",
        "20261122T233012Z-0a1b2c3d/-1",
        "../20261122T233012Z-0a1b2c3d/1",
        "20261122T233012Z-0A1B2C3D/1",
    ],
)
def test_what_names_no_state_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="expected <session>/<number>"):
        State.parse(text)


@pytest.mark.parametrize("name", ["../x.pp", "packs/../../x.pp", "/packs/00000001-0.pp", ""])
def test_a_pack_name_cannot_leave_its_session(name: str) -> None:
    assert not layout.is_pack_name(name)


def test_put_writes_bytes_and_streams(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    layout.put(tmp_path / "a", content)
    layout.put(tmp_path / "b", io.BytesIO(content))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == content


def test_put_never_touches_a_name_that_exists(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"first")
    with pytest.raises(FileExistsError):
        layout.put(tmp_path / "a", b"second")
    assert (tmp_path / "a").read_bytes() == b"first"


def test_put_finishes_short_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:7]))
    layout.put(tmp_path / "a", b"0123456789" * 10)
    assert (tmp_path / "a").read_bytes() == b"0123456789" * 10


@pytest.mark.parametrize("call", ["write", "fsync", "close"])
def test_put_reports_an_error_of_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    real = getattr(os, call)

    def fail(fd: int, *args: bytes) -> None:
        if call == "close":
            real(fd)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="Input/output error"):
        layout.put(tmp_path / "a", b"content")


def test_numbers_are_read_from_the_names_we_give(tmp_path: Path) -> None:
    state = State("20261122T233012Z-0a1b2c3d", 7)
    assert layout.pack_seq(layout.pack_name(12, "f" * 64)) == 12
    assert layout.pack_seq("packs/readme.txt") is None
    assert layout.pinned_seq(layout.pinned_file(tmp_path, state, "before-upgrade").name) == 7
    assert layout.pinned_seq("readme.txt") is None


def test_drop_deletes_a_file_and_is_content_when_there_is_none(tmp_path: Path) -> None:
    layout.put(tmp_path / "a", b"1")
    layout.drop(tmp_path / "a")
    layout.drop(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
