"""Data links as they appear in a container, on a real file system."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio import mounts


def test_every_folder_below_is_a_link(tmp_path: Path) -> None:
    for name in ("b", "a", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("")
    assert [link.name for link in mounts.links(tmp_path, frozenset())] == ["a", "b"]


def test_a_link_may_be_a_symbolic_link_to_a_folder(tmp_path: Path) -> None:
    real, parent = tmp_path / "real", tmp_path / "data"
    real.mkdir()
    parent.mkdir()
    (parent / "bucket").symlink_to(real)
    (mount,) = mounts.look(parent)
    assert (mount.name, mount.access) == ("bucket", "writable")
    assert list(real.iterdir()) == []


def test_a_parent_that_is_mounted_as_a_whole_is_itself_the_link(tmp_path: Path) -> None:
    (tmp_path / "mlflow-studio").mkdir()
    assert mounts.links(tmp_path, frozenset({str(tmp_path)})) == [tmp_path]


def test_what_is_mounted_below_a_mounted_parent_are_the_links(tmp_path: Path) -> None:
    (tmp_path / "bucket").mkdir()
    mounted = frozenset({str(tmp_path), str(tmp_path / "bucket")})
    assert mounts.links(tmp_path, mounted) == [tmp_path / "bucket"]


def test_no_folder_is_no_link(tmp_path: Path) -> None:
    assert mounts.look(tmp_path / "missing") == ()


def test_a_published_state_marks_a_link_as_ours(tmp_path: Path) -> None:
    (tmp_path / "a" / "mlflow-studio" / "sessions").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    assert [m.ours for m in mounts.look(tmp_path)] == [True, False]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_a_refusal_is_read_only_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "a").mkdir()
    pauses: list[float] = []
    monkeypatch.setattr(os, "open", _failing(number, times=99))
    (mount,) = mounts.look(tmp_path, pauses.append)
    assert mount.access == "read-only"
    assert mount.reason.startswith(errno.errorcode[number])
    assert pauses == []


def test_a_passing_error_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    pauses: list[float] = []
    monkeypatch.setattr(os, "open", _failing(errno.EIO, times=2))
    (mount,) = mounts.look(tmp_path, pauses.append)
    assert mount.access == "writable"
    assert len(pauses) == 2


def test_an_error_that_does_not_pass_is_not_called_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    pauses: list[float] = []
    monkeypatch.setattr(os, "open", _failing(errno.EIO, times=99))
    (mount,) = mounts.look(tmp_path, pauses.append)
    assert mount.access == "failing"
    assert sum(pauses) <= 30


def test_a_link_that_cannot_be_listed_says_that_nobody_knows_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    real = os.scandir

    def scandir(path: Path) -> Any:
        if path.name == "a":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (mount,) = mounts.look(tmp_path, lambda _seconds: None)
    assert (mount.access, mount.readable) == ("failing", False)
    assert mount.reason == "EIO: Input/output error"


def test_links_are_listed_without_asking_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dead").mkdir()

    def hang(path: Path, **_: bool) -> None:
        raise AssertionError(f"{path} is asked, and may never answer")

    monkeypatch.setattr(Path, "stat", hang)
    monkeypatch.setattr(os, "stat", hang)
    assert mounts.links(tmp_path, frozenset()) == [tmp_path / "dead"]


def test_a_probe_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()

    def full(_descriptor: int, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    (mount,) = mounts.look(tmp_path)
    monkeypatch.undo()
    assert (mount.access, mount.readable) == ("failing", True)
    assert list((tmp_path / "a").iterdir()) == []


def test_a_link_that_gives_no_answer_does_not_hold_up_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("dead", "sound"):
        (tmp_path / name).mkdir()
    over, probe = threading.Event(), mounts._probe

    def hang(path: Path, sleep: Callable[[float], None]) -> mounts.Mount:
        if path.name == "dead":
            over.wait(30)
        return probe(path, sleep)

    monkeypatch.setattr(mounts, "_probe", hang)
    dead, sound = mounts.look(tmp_path, no_answer_s=2)
    over.set()
    assert (dead.access, dead.readable, dead.reason) == (
        "failing",
        False,
        "ETIMEDOUT: no answer for 2 s",
    )
    assert sound.writable


def test_mount_points_are_read_from_the_kernel() -> None:
    assert mounts.mount_table()["/proc"] == "proc"


def _failing(number: int, times: int):  # type: ignore[no-untyped-def]
    real, left = os.open, [times]

    def open_(path: object, *arguments: object, **options: object) -> int:
        if "probe" in str(path) and left[0]:
            left[0] -= 1
            raise OSError(number, os.strerror(number))
        return real(path, *arguments, **options)  # type: ignore[arg-type]

    return open_
