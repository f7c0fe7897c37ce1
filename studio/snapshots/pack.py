"""Packs: pages of a SQLite file as one zstd stream of (u32 LE page index from 0, page bytes).

Everything streams, so memory does not grow with the database. The root hash names a whole database
file: SHA-256 over the SHA-256 of its 256 KiB blocks. It is the same whether the pages came from one
pack or from a chain.
"""

import hashlib
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import zstandard

from studio.snapshots import local
from studio.snapshots.fingerprint import BLOCK, Comparison, Fingerprint
from studio.snapshots.layout import Readable

_LEVEL = 3
_MAX_WINDOW = 1 << 23  # more than we write; a bound on what a damaged frame can make us allocate
_INDEX = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack that was written, and the fingerprint of the whole database it was made of."""

    length: int
    sha256: str
    whole: Fingerprint


class TooLong(Exception):
    """The pack would be longer than it may be."""


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


class Checked:
    """A file whose reader may be told to stop: `check` is called before each read and may raise."""

    def __init__(self, file: Readable, check: Callable[[], None]) -> None:
        self._file, self._check = file, check

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes."""
        self._check()
        return self._file.read(size)


def page_size_of(header: bytes) -> int:
    """The page size a SQLite header names; ValueError when it is no SQLite header.

    >>> page_size_of(b"SQLite format 3" + bytes([0, 0x10, 0]))
    4096
    """
    if header[:16] != b"SQLite format 3\0" or len(header) < 18:
        raise ValueError("not a SQLite database")
    size = int.from_bytes(header[16:18], "big")
    return 65536 if size == 1 else size


def page_size(database: Path) -> int:
    """The page size of a closed SQLite file."""
    with database.open("rb") as file:
        return page_size_of(file.read(18))


def write(
    database: Path,
    spool: Path,
    since: Fingerprint | None = None,
    most: int | None = None,
    check: Callable[[], None] = lambda: None,
) -> Packed:
    """Pack a closed SQLite file: the pages that `since` has not so, without it every page.

    `check` is called now and then and may raise; TooLong as soon as the pack exceeds `most` bytes.
    """
    sha256 = hashlib.sha256()
    length = 0
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj()
    with database.open("rb") as source, os.fdopen(local.create(spool), "wb") as target:
        size = page_size_of(source.read(18))
        if os.fstat(source.fileno()).st_size % size:
            raise ValueError("the snapshot is not a whole number of pages")
        source.seek(0)
        seen = Comparison(size, since)
        while block := source.read(BLOCK):
            check()
            records = _records(seen.changed(block))
            data = compressor.compress(records) if records else b""
            length += target.write(data)
            sha256.update(data)
            if most is not None and length > most:
                raise TooLong
        data = compressor.flush()
        length += target.write(data)
        sha256.update(data)
    if most is not None and length > most:
        raise TooLong
    return Packed(length, sha256.hexdigest(), seen.result())


def _records(pages: Iterable[tuple[int, memoryview]]) -> bytes:
    return b"".join(part for number, page in pages for part in (_INDEX.pack(number), page))


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
