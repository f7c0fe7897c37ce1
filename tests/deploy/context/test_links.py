"""Links and special files: what a link points to gets in, if it lies in the context itself."""

import os
import socket
from pathlib import Path

import pytest

from deploy import context
from deploy.errors import ContextInvalid
from tests.deploy.context.folders import a_folder_with, contents, members, packed_names

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need a right that few have there")


def a_link(path: Path, target: str | Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def refused(folder: Path) -> str:
    with pytest.raises(ContextInvalid) as error:
        context.pack(folder)
    return str(error.value)


def test_a_link_to_a_file_becomes_its_content(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {"a/real.txt": "content"})
    a_link(tmp_path / "b/link.txt", "../a/real.txt")
    a_link(tmp_path / "again.txt", "b/link.txt")
    a_link(tmp_path / "absolute.txt", tmp_path / "a/real.txt")
    with context.pack(tmp_path) as packed:
        found = contents(packed)
        assert {m.type for m in members(packed)} == {b"0", b"5"}
    assert {found[name] for name in ("b/link.txt", "again.txt", "absolute.txt")} == {b"content"}


def test_a_link_gives_the_archive_of_the_file_itself(tmp_path: Path) -> None:
    linked = a_folder_with(tmp_path / "linked", {"a": "x"})
    a_link(linked / "b", "a")
    plain = a_folder_with(tmp_path / "plain", {"a": "x", "b": "x"})
    with context.pack(linked) as one, context.pack(plain) as other:
        assert one.digest == other.digest


def test_a_link_to_a_folder_becomes_the_folder(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {"releases/1/app.py": "x", "releases/1/sub/b.py": "y"})
    a_link(tmp_path / "current", "releases/1")
    assert {"current/app.py", "current/sub/b.py", "releases/1/app.py"} <= packed_names(tmp_path)


def test_the_context_itself_may_be_a_link(tmp_path: Path) -> None:
    a_folder_with(tmp_path / "real", {"a": "x"})
    a_link(tmp_path / "real/b", tmp_path / "link" / "a")
    a_link(tmp_path / "link", "real")
    assert packed_names(tmp_path / "link") == {"Dockerfile", "a", "b"}


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside.txt", "../context-2/a", ".."])
def test_nothing_from_outside_gets_in(tmp_path: Path, target: str) -> None:
    folder = a_folder_with(tmp_path / "context", {})
    a_folder_with(tmp_path / "context-2", {"a": "secret"})
    (tmp_path / "outside.txt").write_text("secret")
    a_link(folder / "link", target)
    said = refused(folder)
    assert f"link is a link to {target}, outside" in said


def test_a_way_out_and_back_in_is_inside(tmp_path: Path) -> None:
    folder = a_folder_with(tmp_path / "context", {"a": "x"})
    a_link(folder / "link", "../context/a")
    assert "link" in packed_names(folder)


def test_a_chain_that_ends_outside_is_outside(tmp_path: Path) -> None:
    folder = a_folder_with(tmp_path / "context", {})
    (tmp_path / "outside.txt").write_text("secret")
    a_link(folder / "sub/hop", "../../outside.txt")
    a_link(folder / "link", "sub/hop")
    assert "outside of it" in refused(folder)


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {})
    a_link(tmp_path / "link", "missing")
    assert "link is a link to missing, which leads nowhere" in refused(tmp_path)


def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {})
    a_link(tmp_path / "one", "two")
    a_link(tmp_path / "two", "one")
    assert "one is a link to two, which leads nowhere" in refused(tmp_path)


@pytest.mark.parametrize("target", [".", "..", "../sub"])
def test_a_link_to_a_folder_around_it_is_an_error(tmp_path: Path, target: str) -> None:
    a_folder_with(tmp_path, {"sub/a": "x"})
    a_link(tmp_path / "sub/link", target)
    assert "there is no end" in refused(tmp_path)


def test_folders_that_link_each_other_are_an_error(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {"a/x": "x", "b/x": "x"})
    a_link(tmp_path / "a/to-b", "../b")
    a_link(tmp_path / "b/to-a", "../a")
    assert "lies in a linked folder itself" in refused(tmp_path)


def test_a_link_is_no_way_around_the_ignore_rules(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {".dockerignore": "private", "private/key": "x"})
    a_link(tmp_path / "public", "private/key")
    assert "which .dockerignore leaves out" in refused(tmp_path)


def test_the_ignore_rules_hold_below_a_linked_folder_too(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {".dockerignore": "data/key", "data/key": "x", "data/open": "y"})
    a_link(tmp_path / "link", "data")
    assert packed_names(tmp_path) == {"Dockerfile", ".dockerignore", "data/open", "link/open"}


def test_an_ignored_link_may_lead_anywhere(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {".dockerignore": "link\n*.sock"})
    a_link(tmp_path / "link", "/nowhere")
    assert packed_names(tmp_path) == {"Dockerfile", ".dockerignore"}


def test_the_dockerfile_may_be_a_link_to_an_ignored_file(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {".dockerignore": "docker", "docker/one": "FROM one"})
    (tmp_path / "Dockerfile").unlink()
    a_link(tmp_path / "Dockerfile", "docker/one")
    with context.pack(tmp_path) as packed:
        assert packed.dockerfile == "FROM one"


def test_special_files_are_refused_by_their_kind(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {})
    os.mkfifo(tmp_path / "pipe")
    assert "pipe is a named pipe" in refused(tmp_path)
    a_folder_with(tmp_path, {".dockerignore": "pipe"})
    with socket.socket(socket.AF_UNIX) as server:
        # The address of a socket is short: relative to where it is.
        here = Path.cwd()
        os.chdir(tmp_path)
        try:
            server.bind("talk")
        finally:
            os.chdir(here)
        assert "talk is a socket" in refused(tmp_path)
