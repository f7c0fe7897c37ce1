"""Packs: pages in, the same pages out, nothing else."""

import hashlib
import io
import os
import struct
from pathlib import Path

import pytest
import zstandard

from studio.snapshots import pack


def a_database(path: Path, pages: int, page_size: int) -> bytes:
    """A file with a SQLite header and random pages."""
    stored = 1 if page_size == 65536 else page_size
    header = b"SQLite format 3\0" + stored.to_bytes(2, "big")
    content = header + os.urandom(pages * page_size - len(header))
    path.write_bytes(content)
    return content


@pytest.mark.parametrize("page_size", [512, 1024, 4096, 65536])
@pytest.mark.parametrize("pages", [1, 63, 64, 65, 1025])
def test_all_pages_come_back_in_order(tmp_path: Path, page_size: int, pages: int) -> None:
    content = a_database(tmp_path / "db", pages, page_size)
    packed = pack.write(tmp_path / "db", tmp_path / "pack")
    data = (tmp_path / "pack").read_bytes()
    assert (packed.whole.count, packed.whole.page_size) == (pages, page_size)
    assert (packed.length, packed.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    found = [(i, bytes(page)) for i, page in pack.read_pages(io.BytesIO(data), page_size)]
    assert [i for i, _ in found] == list(range(pages))
    assert b"".join(page for _, page in found) == content


def test_the_root_is_the_hash_of_the_hashes_of_256_kib_blocks(tmp_path: Path) -> None:
    content = a_database(tmp_path / "db", 150, 4096)
    blocks = [content[i : i + 262144] for i in range(0, len(content), 262144)]
    expected = hashlib.sha256(b"".join(hashlib.sha256(b).digest() for b in blocks)).hexdigest()
    assert pack.write(tmp_path / "db", tmp_path / "pack").whole.root == expected


def test_the_spool_is_private(tmp_path: Path) -> None:
    a_database(tmp_path / "db", 1, 4096)
    pack.write(tmp_path / "db", tmp_path / "pack")
    assert (tmp_path / "pack").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"hello", "not a SQLite database"), (b"SQLite format 3\0\x10\0" + b"x" * 99, "whole number")],
)
def test_what_is_no_database_is_not_packed(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "db").write_bytes(content)
    with pytest.raises(ValueError, match=why):
        pack.write(tmp_path / "db", tmp_path / "pack")


def test_a_pack_in_any_order_is_read_as_it_stands() -> None:
    records = b"".join(struct.pack("<I", i) + bytes([i]) * 512 for i in (5, 2, 9))
    data = zstandard.compress(records)
    assert [i for i, _ in pack.read_pages(io.BytesIO(data), 512)] == [5, 2, 9]


@pytest.mark.parametrize(
    "data",
    [
        b"not zstd at all",
        zstandard.compress(b"x" * 100),
        zstandard.compress(struct.pack("<I", 0) + b"x" * 512 + b"tail"),
    ],
)
def test_what_is_no_pack_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="pack"):
        list(pack.read_pages(io.BytesIO(data), 512))


def test_packing_can_be_abandoned(tmp_path: Path) -> None:
    a_database(tmp_path / "db", 1000, 4096)

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        pack.write(tmp_path / "db", tmp_path / "pack", check=stop)
