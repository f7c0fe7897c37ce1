"""What is remembered of a published database, so that the next publish needs only what changed.

SHA-256 of each 256 KiB block, and half of one for each page: 4 MB for a database of 1 GB, kept as
bytes per block, for Python objects per page would be ten times that.
"""

import hashlib
from dataclasses import dataclass

BLOCK = 256 * 1024
_BLOCK_DIGEST = 32
_PAGE_DIGEST = 16


@dataclass(frozen=True, slots=True, repr=False)
class Fingerprint:
    """The digests of a database of `count` pages: one for each block, and the pages' by block."""

    page_size: int
    count: int
    blocks: bytes
    pages: tuple[bytes, ...]

    @property
    def root(self) -> str:
        """The hash that names the whole file: that of its blocks' hashes."""
        return hashlib.sha256(self.blocks).hexdigest()


class Comparison:
    """Fingerprints a database block by block, and tells what differs from an `older` one."""

    def __init__(self, page_size: int, older: Fingerprint | None = None) -> None:
        self._size = page_size
        self._older = older
        self._count = 0
        self._blocks = bytearray()
        self._pages: list[bytes] = []

    def changed(self, block: bytes) -> list[tuple[int, memoryview]]:
        """Take the next block; its pages, with their numbers, that the older one has not so."""
        first, self._count = self._count, self._count + len(block) // self._size
        digest = hashlib.sha256(block).digest()
        number = len(self._pages)
        self._blocks += digest
        old = b""
        if self._older is not None and number < len(self._older.pages):
            old = self._older.pages[number]
            if digest == self._older.blocks[number * _BLOCK_DIGEST : (number + 1) * _BLOCK_DIGEST]:
                self._pages.append(old)
                return []
        view = memoryview(block)
        pages = [view[at : at + self._size] for at in range(0, len(block), self._size)]
        new = b"".join(hashlib.sha256(page).digest()[:_PAGE_DIGEST] for page in pages)
        self._pages.append(new)
        return [
            (first + index, page)
            for index, page in enumerate(pages)
            if _at(new, index) != _at(old, index)
        ]

    def result(self) -> Fingerprint:
        """The fingerprint of all blocks that were taken."""
        return Fingerprint(self._size, self._count, bytes(self._blocks), tuple(self._pages))


def _at(digests: bytes, index: int) -> bytes:
    return digests[index * _PAGE_DIGEST : (index + 1) * _PAGE_DIGEST]
