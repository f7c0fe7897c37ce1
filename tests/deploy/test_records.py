"""The records of the last builds: kept, found, and no harm when they are not there."""

import errno
import json
import multiprocessing
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploy import folders
from deploy.images import Image
from deploy.records import KEPT, Record, Records

IMAGE = Image("r.example.com/x:1", "linux/amd64", "sha256:c", digest="sha256:d", expires_at=9000.0)


def a_record(reference: str = "r.example.com/x:1", **changes: object) -> Record:
    return replace(Record(replace(IMAGE, reference=reference), at=1000.0), **changes)  # type: ignore[arg-type]


def write_many(place: Path, name: str, count: int) -> None:
    for number in range(count):
        Records(place).add(a_record(f"{name}:{number}"))


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    record = a_record(content="c", request_id="r", workspace="Acme/ml", workspace_id=7)
    Records(tmp_path / "builds").add(record)
    assert list(Records(tmp_path / "builds")) == [record]


def test_the_newest_that_is_wanted_is_given(tmp_path: Path) -> None:
    records = Records(tmp_path)
    for number in range(3):
        records.add(a_record(f"x:{number}", content=str(number % 2)))
    found = records.newest(lambda record: record.content == "0")
    assert found is not None
    assert found.image.reference == "x:2"
    assert records.newest(lambda record: record.content == "9") is None


def test_only_the_last_are_kept(tmp_path: Path) -> None:
    write_many(tmp_path, "x", KEPT + 5)
    kept = list(Records(tmp_path))
    assert len(kept) == KEPT
    assert kept[0].image.reference == f"x:{KEPT + 4}"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"image": 7}', b'{"image": {}, "at": 1}'],
)
def test_a_file_that_cannot_be_read_is_passed_over(tmp_path: Path, content: bytes) -> None:
    records = Records(tmp_path)
    records.add(a_record())
    (tmp_path / "99999999999999999999-1.json").write_bytes(content)
    assert list(records) == [a_record()]


def test_what_a_newer_studioctl_has_written_beside_is_left_out(tmp_path: Path) -> None:
    Records(tmp_path).add(a_record())
    (path,) = tmp_path.glob("*.json")
    document = json.loads(path.read_text())
    document["colour"] = document["image"]["colour"] = "green"
    path.write_text(json.dumps(document))
    assert list(Records(tmp_path)) == [a_record()]


def test_without_a_folder_there_are_none() -> None:
    Records(None).add(a_record())
    assert list(Records(None)) == []


@pytest.mark.parametrize("place", ["a file/builds", "a file"])
def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path: Path, place: str) -> None:
    (tmp_path / "a file").write_text("")
    Records(tmp_path / place).add(a_record())
    assert list(Records(tmp_path / place)) == []


def test_a_full_disk_is_no_failure_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr("json.dump", full)
    Records(tmp_path).add(a_record())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_else_can_read_them(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        Records(tmp_path / "builds").add(a_record())
    finally:
        os.umask(old)
    (path,) = (tmp_path / "builds").iterdir()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_many_can_write_at_once(tmp_path: Path) -> None:
    start = multiprocessing.get_context("spawn")
    writers = [start.Process(target=write_many, args=(tmp_path, name, 20)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(list(Records(tmp_path))) == 40
    assert not list(tmp_path.glob(".new-*"))


def test_only_a_finished_image_that_lives_is_usable() -> None:
    assert a_record().usable(now=8000)
    assert not a_record().usable(now=8999)
    assert not a_record(finished=False).usable(now=8000)
    assert a_record(image=replace(IMAGE, expires_at=None)).usable(now=1e12)


@pytest.mark.parametrize(
    ("env", "system", "wanted"),
    [
        ({"XDG_STATE_HOME": "/s", "HOME": "/h"}, "darwin", "/s/mlflow-studio/builds"),
        (
            {"XDG_STATE_HOME": "relative", "HOME": "/h"},
            "linux",
            "/h/.local/state/mlflow-studio/builds",
        ),
        ({"HOME": "/h"}, "darwin", "/h/Library/Application Support/mlflow-studio/builds"),
        ({"LOCALAPPDATA": "/l", "USERPROFILE": "/u"}, "win32", "/l/mlflow-studio/builds"),
        ({}, "linux", None),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="the paths here are those of POSIX")
def test_they_are_where_the_system_keeps_such_things(
    env: dict[str, str], system: str, wanted: str | None
) -> None:
    found = folders.state(env, "builds", system)
    assert (found and found.as_posix()) == wanted
