"""What is remembered of a database, and what is found to have changed."""

import hashlib
import random

import pytest

from studio.snapshots.fingerprint import BLOCK, Comparison, Fingerprint


def taken(
    content: bytes, size: int, older: Fingerprint | None = None
) -> tuple[Fingerprint, dict[int, bytes]]:
    """A content's fingerprint, and the pages that differ from an older one."""
    seen, changed = Comparison(size, older), dict[int, bytes]()
    for at in range(0, len(content), BLOCK):
        changed.update((n, bytes(p)) for n, p in seen.changed(content[at : at + BLOCK]))
    return seen.result(), changed


def pages(content: bytes, size: int) -> dict[int, bytes]:
    """All pages by number."""
    return {at // size: content[at : at + size] for at in range(0, len(content), size)}


def applied(older: bytes, changed: dict[int, bytes], length: int, size: int) -> bytes:
    """The older content with the changed pages, cut or grown to a length."""
    result = bytearray(older[:length].ljust(length, b"\0"))
    for number, page in changed.items():
        result[number * size : (number + 1) * size] = page
    return bytes(result)


def test_at_first_every_page_is_new() -> None:
    content = random.Random(1).randbytes(200 * 4096)
    whole, changed = taken(content, 4096)
    assert changed == pages(content, 4096)
    assert whole.count == 200
    blocks = [
        hashlib.sha256(content[at : at + BLOCK]).digest() for at in range(0, len(content), BLOCK)
    ]
    assert whole.root == hashlib.sha256(b"".join(blocks)).hexdigest()


@pytest.mark.parametrize("size", [512, 4096, 65536])
def test_exactly_the_pages_that_differ_are_found(size: int) -> None:
    chance = random.Random(size)
    count = 5 * BLOCK // size + 3
    old = bytearray(chance.randbytes(count * size))
    before, _ = taken(bytes(old), size)
    new = bytearray(old)
    touched = set(chance.sample(range(count), 3))
    for number in touched:
        new[number * size + chance.randrange(size)] ^= 1
    after, changed = taken(bytes(new), size, before)
    assert set(changed) == touched
    assert applied(bytes(old), changed, len(new), size) == new
    assert after == taken(bytes(new), size)[0], "the same as without an older one"


@pytest.mark.parametrize(("old_pages", "new_pages"), [(100, 70), (70, 100), (64, 65), (200, 3)])
def test_growing_and_shrinking_files_compare_page_by_page(old_pages: int, new_pages: int) -> None:
    content = random.Random(2).randbytes(200 * 4096)
    before, _ = taken(content[: old_pages * 4096], 4096)
    after, changed = taken(content[: new_pages * 4096], 4096, before)
    assert set(changed) == set(range(old_pages, new_pages))
    assert after.count == new_pages


def test_it_stays_small() -> None:
    content = random.Random(3).randbytes(64 * BLOCK)
    whole, _ = taken(content, 4096)
    assert len(whole.blocks) + sum(map(len, whole.pages)) < len(content) / 200
