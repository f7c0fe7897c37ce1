"""The archive is a function of the content alone, and every limit is told in words."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy import context
from deploy.context import packing
from deploy.errors import ContextChanged, ContextInvalid
from tests.deploy.calling import ROOT
from tests.deploy.context.folders import a_folder_with, contents, members, packed_names

posix = pytest.mark.skipif(os.name == "nt", reason="modes and such names are POSIX's")
TREE: dict[str, str | bytes] = {
    "a.txt": "a",
    "b/run.sh": "#!/bin/sh\n",
    "b/c/d.bin": bytes(range(256)),
    "é": "x",
}
NAMES = st.text(st.sampled_from("abé.-"), min_size=1, max_size=4).filter(lambda n: n.strip("."))
FILES = st.dictionaries(NAMES, st.binary(max_size=1100), max_size=5)


def digest(folder: Path) -> str:
    with context.pack(folder) as packed:
        return packed.digest


def test_the_archive_is_plain_and_in_order(tmp_path: Path) -> None:
    a_folder_with(tmp_path, TREE)
    with context.pack(tmp_path) as packed:
        found = members(packed)
        data = packed.path.read_bytes()
        assert contents(packed)["b/c/d.bin"] == TREE["b/c/d.bin"]
    assert [m.name for m in found] == [
        "Dockerfile",
        "a.txt",
        "b",
        "b/c",
        "b/c/d.bin",
        "b/run.sh",
        "é",
    ]
    assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in found} == {(0, 0, "", "", 315532800)}
    assert {m.type for m in found} == {tarfile.REGTYPE, tarfile.DIRTYPE}
    assert data[257:265] == b"ustar\x0000"
    assert packed.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert (packed.size, packed.size % 512) == (len(data), 0)
    assert packed.dockerfile == "FROM scratch\n"
    assert not packed.path.exists()


def test_the_bytes_are_these_and_no_others(tmp_path: Path) -> None:
    """A changed digest builds every image of every user again: change it only on purpose."""
    a_folder_with(tmp_path, TREE)
    (tmp_path / "b/run.sh").chmod(0o755)
    expected = "sha256:862c4cb80b5c282555404c0302e6e504a5ea4ef1fddf2f193668a2d145a4c077"
    assert digest(tmp_path) == expected


@settings(max_examples=40)
@given(files=FILES, order=st.randoms(use_true_random=False))
def test_packing_is_a_function_of_the_content(
    files: dict[str, bytes], order: random.Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one, other = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    a_folder_with(one, {f"d/{name}": content for name, content in files.items()})
    shuffled = list(files.items())
    order.shuffle(shuffled)
    umask = os.umask(0o077)
    try:
        (other / "empty").mkdir()
        a_folder_with(other, {f"d/{name}": content for name, content in shuffled})
    finally:
        os.umask(umask)
    for path in other.rglob("*"):
        os.utime(path, (order.randint(0, 2**31), 0))
    assert digest(one) == digest(other)
    if files:
        name = order.choice(sorted(files))
        with (other / "d" / name).open("ab") as file:
            file.write(b"x")
        assert digest(one) != digest(other)


@posix
def test_only_the_owners_right_to_execute_counts(tmp_path: Path) -> None:
    a_folder_with(tmp_path, TREE)
    modes = {}
    for mode in (0o600, 0o644, 0o666, 0o700, 0o755, 0o777):
        (tmp_path / "b/run.sh").chmod(mode)
        with context.pack(tmp_path) as packed:
            modes[mode] = {m.mode for m in members(packed) if m.name == "b/run.sh"}.pop()
    assert modes == {
        **dict.fromkeys((0o600, 0o644, 0o666), 0o644),
        **dict.fromkeys((0o700, 0o755, 0o777), 0o755),
    }


@posix
def test_where_every_file_is_executable_the_first_line_decides(tmp_path: Path) -> None:
    a_folder_with(tmp_path, TREE)
    (tmp_path / "b/run.sh").chmod(0o755)
    before = digest(tmp_path)
    for path in tmp_path.rglob("*"):
        path.chmod(0o777)
    assert digest(tmp_path) == before


def test_our_own_context_packs_without_a_warning() -> None:
    with context.pack(context.locate()) as packed, context.compress(packed) as compressed:
        assert packed.warnings == ()
        assert packed.size < 1024 * 1024
        assert {m.mode for m in members(packed) if m.isfile()} == {0o644}
        context.check_dockerfile(packed.dockerfile)
        assert context.check_compressed(packed, compressed) == ()


def test_empty_folders_are_left_out_and_said(tmp_path: Path) -> None:
    a_folder_with(tmp_path, TREE)
    (tmp_path / "logs").mkdir()
    with context.pack(tmp_path) as packed:
        assert "logs" not in {m.name for m in members(packed)}
        assert "logs" in packed.warnings[0]


@pytest.mark.parametrize(
    ("dockerfile", "why"),
    [
        ("Dockerfile.gpu", r"no Dockerfile\.gpu in it"),
        ("../Dockerfile", "does not lie in it"),
        ("b", "no b in it"),
        ("/etc/passwd", "does not lie in it"),
    ],
)
def test_a_dockerfile_that_is_not_there_is_named(tmp_path: Path, dockerfile: str, why: str) -> None:
    a_folder_with(tmp_path, TREE)
    with pytest.raises(ContextInvalid, match=why):
        context.pack(tmp_path, dockerfile)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContextInvalid, match="nowhere"):
        context.pack(tmp_path / "nowhere")


def test_a_dockerfile_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {"Dockerfile": b"FROM \xff"})
    with pytest.raises(ContextInvalid, match="UTF-8"):
        context.pack(tmp_path)


def long(*lengths: int) -> str:
    return "/".join("n" * length for length in lengths)


@posix
@pytest.mark.parametrize("name", [long(100), long(50, 100), long(77, 77, 99), "é" * 50])
def test_long_names_fit_up_to_the_formats_limit(tmp_path: Path, name: str) -> None:
    a_folder_with(tmp_path, {name: "x"})
    assert packed_names(tmp_path) == {"Dockerfile", name}


@posix
@pytest.mark.parametrize(
    "name", [long(101), long(90, 90, 90), "é" * 51, long(156, 2), long(100, 60, 95)]
)
def test_a_name_that_is_too_long_is_an_error_that_names_it(tmp_path: Path, name: str) -> None:
    a_folder_with(tmp_path, {name: "x"})
    with pytest.raises(ContextInvalid, match="too long") as refused:
        context.pack(tmp_path)
    assert name in str(refused.value)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
@pytest.mark.parametrize(("name", "said"), [(b"caf\xe9", r"'caf\udce9'"), (b"a\nb", r"'a\nb'")])
def test_a_name_that_cannot_be_told_is_an_error(tmp_path: Path, name: bytes, said: str) -> None:
    a_folder_with(tmp_path, {})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("x")
    with pytest.raises(ContextInvalid) as refused:
        context.pack(tmp_path)
    assert said in str(refused.value)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system with holes")
def test_a_file_that_the_format_cannot_hold_is_named(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {})
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(8 * 1024**3)
    with pytest.raises(ContextInvalid, match="huge is larger than 8 GiB"):
        context.pack(tmp_path)


@pytest.fixture
def a_user_without_rights() -> Iterator[None]:
    """Root may read everything, so a test of what may not be read runs as nobody."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@posix
@pytest.mark.usefixtures("a_user_without_rights")
def test_a_file_that_may_not_be_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        a_folder_with(Path(folder), TREE)
        (Path(folder) / "a.txt").chmod(0)
        with pytest.raises(ContextInvalid, match=r"a\.txt cannot be read: Permission denied"):
            context.pack(Path(folder))
        (Path(folder) / "a.txt").chmod(0o600)
        (Path(folder) / "b").chmod(0)
        with pytest.raises(ContextInvalid, match="b cannot be listed: Permission denied"):
            context.pack(Path(folder))
        (Path(folder) / "b").chmod(0o700)


def test_a_failure_leaves_no_archive_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    a_folder_with(tmp_path / "context", {"Dockerfile": b"\xff"})
    with pytest.raises(ContextInvalid):
        context.pack(tmp_path / "context")
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("change", ["grown", "shrunk", "same size", "gone", "replaced"])
def test_a_file_that_changes_meanwhile_is_noticed(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_folder_with(tmp_path, TREE)
    victim = tmp_path / "a.txt"
    listed = packing.collect

    def then_change(*arguments: object) -> object:
        found = listed(*arguments)  # type: ignore[arg-type]
        if change == "gone":
            victim.unlink()
        elif change == "replaced":
            shutil.copy2(victim, tmp_path / "new")
            (tmp_path / "new").replace(victim)
        else:
            victim.write_text({"grown": "aa", "shrunk": "", "same size": "b"}[change])
            os.utime(victim, (1, 1))
        return found

    monkeypatch.setattr(packing, "collect", then_change)
    with pytest.raises(ContextChanged, match=r"a\.txt"):
        context.pack(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the most memory used")
def test_packing_200_mb_needs_little_memory(tmp_path: Path) -> None:
    a_folder_with(tmp_path, {})
    with (tmp_path / "big").open("wb") as big:
        big.truncate(200_000_000)
    # Not ru_maxrss: that begins with what the parent had.
    script = (
        "import re, sys; from pathlib import Path; from deploy import context\n"
        "with context.pack(Path(sys.argv[1])) as packed: assert packed.size > 200_000_000\n"
        "print(re.search(r'VmHWM:\\s*(\\d+) kB', Path('/proc/self/status').read_text())[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert int(done.stdout) * 1024 < 100_000_000, done.stdout


def test_two_thousand_files_are_packed_in_a_second(tmp_path: Path) -> None:
    content = os.urandom(10_000)
    a_folder_with(tmp_path, {f"d{n % 50}/f{n}": content for n in range(2000)})
    a_folder_with(tmp_path, {".dockerignore": "**/*.log\n!d1/**\nnode_modules\n*/temp*"})
    # Of this process alone: others may be at work on the same machine.
    started = time.process_time()
    with context.pack(tmp_path) as packed:
        took = time.process_time() - started
        assert len(packed.files) == 2002
    assert took < 1
