"""Know an image's name before it is built: Wave names an image after its content.

The id is a SipHash of what decides the content. So the name of a frozen image can be printed, and
looked for, before anything is sent. `test_ids.py` has the vectors of Wave's own tests.
"""

from collections.abc import Iterable

# Wave's fixed key: it is a checksum, nothing that protects.
KEY = bytes(range(16))
MASK = (1 << 64) - 1
NAME_END, VALUE_END = "\u001c", "\u001e"


def container_id(
    dockerfile: str, platform: str, repository: str, tar_digest: str | None, *, context: bool = True
) -> str:
    """Give the id of a build, 16 hex digits: the tag of a frozen image.

    Every letter counts: the repository as it was sent (`docker.io/x/y` is not `x/y`), the
    Dockerfile to its last line feed.
    """
    pairs: list[tuple[str, str | None]] = [
        ("containerFile", dockerfile),
        ("condaFile", None),
        ("platform", platform),
        ("repository", repository),
    ]
    if context:
        pairs.append(("buildContext", tar_digest))
    return digest_of(pairs)


def digest_of(pairs: Iterable[tuple[str, str | None]]) -> str:
    """Digest names and values as Wave does: UTF-16, each part with its own end mark."""
    text = "".join(f"{name}{NAME_END}{value or ''}{VALUE_END}" for name, value in pairs)
    return siphash(text.encode("utf-16-le", "surrogatepass")).to_bytes(8, "little").hex()


def siphash(data: bytes, key: bytes = KEY) -> int:
    """SipHash-2-4, as its authors define it."""
    k0, k1 = (int.from_bytes(key[i : i + 8], "little") for i in (0, 8))
    v = (
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    )
    rest = len(data) % 8
    padded = data + bytes(7 - rest) + bytes([len(data) & 0xFF])
    for start in range(0, len(padded), 8):
        word = int.from_bytes(padded[start : start + 8], "little")
        v = (v[0], v[1], v[2], v[3] ^ word)
        v = _round(_round(v))
        v = (v[0] ^ word, v[1], v[2], v[3])
    v = (v[0], v[1], v[2] ^ 0xFF, v[3])
    for _ in range(4):
        v = _round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


Words = tuple[int, int, int, int]


def _round(v: Words) -> Words:
    v0, v1, v2, v3 = v
    v0 = (v0 + v1) & MASK
    v1 = _left(v1, 13) ^ v0
    v0 = _left(v0, 32)
    v2 = (v2 + v3) & MASK
    v3 = _left(v3, 16) ^ v2
    v0 = (v0 + v3) & MASK
    v3 = _left(v3, 21) ^ v0
    v2 = (v2 + v1) & MASK
    v1 = _left(v1, 17) ^ v2
    v2 = _left(v2, 32)
    return v0, v1, v2, v3


def _left(word: int, by: int) -> int:
    return ((word << by) | (word >> (64 - by))) & MASK
