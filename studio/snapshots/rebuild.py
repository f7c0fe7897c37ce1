"""Put a database file together from the pages of packs, and hash it on the way."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import FileIO
from types import TracebackType

from studio.snapshots.fingerprint import BLOCK
from studio.snapshots.manifest import Manifest

_MOST_UNDER_WAY = 16  # blocks that wait to be hashed

Pages = Iterable[tuple[int, memoryview]]


class Rebuilding:
    """An empty file that becomes the database of a manifest.

    A base brings whole blocks in order: they are hashed by a second thread while the next one is
    decompressed, and only blocks that deltas changed are read again for the root hash.
    """

    def __init__(self, file: FileIO, manifest: Manifest, check: Callable[[], None]) -> None:
        self._file, self._manifest, self._check = file, manifest, check
        self._hasher = ThreadPoolExecutor(1)
        self._whole: dict[int, Future[bytes]] = {}
        self._under_way: deque[Future[bytes]] = deque()

    def __enter__(self) -> "Rebuilding":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._hasher.shutdown(cancel_futures=True)

    def apply(self, pages: Pages) -> None:
        """Write the pages of one pack where they belong; those beyond the end have been cut off."""
        for offset, data in _runs(pages, self._manifest):
            self._check()
            self._file.seek(offset)
            _write(self._file, data)
            if offset % BLOCK == 0 and len(data) == min(BLOCK, self._manifest.size - offset):
                self._hash(offset // BLOCK, data)
            else:
                for block in range(offset // BLOCK, (offset + len(data) - 1) // BLOCK + 1):
                    self._whole.pop(block, None)

    def root(self) -> str:
        """The root hash of the file, whose length is right afterwards."""
        self._file.truncate(self._manifest.size)
        blocks = hashlib.sha256()
        for number, offset in enumerate(range(0, self._manifest.size, BLOCK)):
            self._check()
            blocks.update(self._digest_of(number, offset))
        return blocks.hexdigest()

    def _digest_of(self, block: int, offset: int) -> bytes:
        if block in self._whole:
            return self._whole[block].result()
        self._file.seek(offset)
        return _digest(self._file.read(BLOCK))

    def _hash(self, block: int, data: bytes) -> None:
        if len(self._under_way) >= _MOST_UNDER_WAY:
            self._under_way.popleft().result()
        self._whole[block] = self._hasher.submit(_digest, data)
        self._under_way.append(self._whole[block])


def _runs(pages: Pages, manifest: Manifest) -> Iterator[tuple[int, bytes]]:
    """Neighbouring pages together, a block at most, with the offset of the first."""
    size = manifest.page_size
    run: list[memoryview] = []
    first = 0
    for index, page in pages:
        if index >= manifest.pages:
            continue
        if run and (index != first + len(run) or len(run) * size >= BLOCK):
            yield first * size, b"".join(run)
            run = []
        if not run:
            first = index
        run.append(page)
    if run:
        yield first * size, b"".join(run)


def _write(file: FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
