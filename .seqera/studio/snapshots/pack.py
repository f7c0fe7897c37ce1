"""Packs: pages of a SQLite file as one zstd stream of (u32 LE page index from 0, page bytes).

Everything streams, so memory does not grow with the database. The root hash names a whole database
file: SHA-256 over the SHA-256 of its 256 KiB blocks. It is the same whether the pages came from one
pack or from a chain.
"""

import hashlib
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

import zstandard

from studio.snapshots import local

BLOCK = 256 * 1024
_LEVEL = 3
_MAX_WINDOW = 1 << 23  # more than we write; a bound on what a damaged frame can make us allocate
_INDEX = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack that was written, and the database it was made of."""

    length: int
    sha256: str
    root: str
    pages: int
    page_size: int


class Readable(Protocol):
    """Anything with a read."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""


class Hashing:
    """A file that hashes and counts what is read from it."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.length = 0

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""
        data = self._file.read(size)
        self._hash.update(data)
        self.length += len(data)
        return data

    def sha256(self) -> str:
        """The hash of the whole file; reads what is left of it."""
        while self.read(1 << 20):
            pass
        return self._hash.hexdigest()


def page_size_of(header: bytes) -> int:
    """The page size a SQLite header names; ValueError when it is no SQLite header.

    >>> page_size_of(b"SQLite format 3" + bytes([0, 0x10, 0]))
    4096
    """
    if header[:16] != b"SQLite format 3\0" or len(header) < 18:
        raise ValueError("not a SQLite database")
    size = int.from_bytes(header[16:18], "big")
    return 65536 if size == 1 else size


def write_base(database: Path, spool: Path, check: Callable[[], None] = lambda: None) -> Packed:
    """Pack every page of a closed SQLite file; `check` is called now and then and may raise."""
    sha256, blocks = hashlib.sha256(), hashlib.sha256()
    length = pages = 0
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj()
    with database.open("rb") as source, os.fdopen(local.create(spool), "wb") as target:
        page_size = page_size_of(source.read(18))
        if os.fstat(source.fileno()).st_size % page_size:
            raise ValueError("the snapshot is not a whole number of pages")
        source.seek(0)
        while block := source.read(BLOCK):
            check()
            blocks.update(hashlib.sha256(block).digest())
            data = compressor.compress(_records(block, pages, page_size))
            length += target.write(data)
            sha256.update(data)
            pages += len(block) // page_size
        data = compressor.flush()
        length += target.write(data)
        sha256.update(data)
    return Packed(length, sha256.hexdigest(), blocks.hexdigest(), pages, page_size)


def _records(block: bytes, first: int, page_size: int) -> bytes:
    parts = []
    for number, offset in enumerate(range(0, len(block), page_size), first):
        parts.append(_INDEX.pack(number))
        parts.append(block[offset : offset + page_size])
    return b"".join(parts)


def read_pages(source: Readable, page_size: int) -> Iterator[tuple[int, memoryview]]:
    """The pages of a pack with their indexes; ValueError when it is not a whole pack."""
    record = _INDEX.size + page_size
    decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    try:
        reader = decompressor.stream_reader(cast("IO[bytes]", source), closefd=False)
        while data := _fill(reader, record * (BLOCK // page_size)):
            if len(data) % record:
                raise ValueError("the pack ends in the middle of a page")
            view = memoryview(data)
            for offset in range(0, len(data), record):
                start = offset + _INDEX.size
                yield _INDEX.unpack_from(data, offset)[0], view[start : start + page_size]
    except zstandard.ZstdError as exc:
        raise ValueError(f"the pack cannot be decompressed ({exc})") from exc


def _fill(reader: Readable, size: int) -> bytes:
    parts = []
    while size and (data := reader.read(size)):
        parts.append(data)
        size -= len(data)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def root_of(database: Path, check: Callable[[], None] = lambda: None) -> str:
    """The root hash of a database file."""
    blocks = hashlib.sha256()
    with database.open("rb") as file:
        while block := file.read(BLOCK):
            check()
            blocks.update(hashlib.sha256(block).digest())
    return blocks.hexdigest()
