"""Manifests: what a state consists of, and the hashes that prove it.

A manifest is written after its packs, so a manifest that can be read and a chain that matches it
are a whole state. It carries the hash of itself: half a file never passes for a state.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any, Literal

from studio.snapshots import layout, reading
from studio.snapshots.layout import State

VERSION = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ManifestError(ValueError):
    """A manifest that cannot be used, in words."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack of a chain; the name is relative to the session."""

    name: str
    len: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Rows:
    """How much the state holds, for people who have to choose one. None: no such table."""

    runs: int | None
    metrics: int | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One state: apply the chain in order, cut to `pages`, and the root hash is `root`.

    `parents` and `depth` repeat what session.json says, in case that file is lost or late.
    """

    seq: int
    kind: Literal["base", "delta"]
    pages: int
    page_size: int
    root: str
    chain: tuple[Pack, ...]
    alembic_rev: str
    wall_ts: float
    rows: Rows
    parents: tuple[State, ...] = ()
    depth: int = 1

    @property
    def size(self) -> int:
        """Bytes of the database file."""
        return self.pages * self.page_size


def encode(manifest: Manifest) -> bytes:
    """The file of a manifest."""
    document = {"v": VERSION, **asdict(manifest)}
    return json.dumps({**document, "self_sha": _digest(document)}).encode()


def parse(data: bytes) -> Manifest:
    """Read a manifest's file; ManifestError says what is wrong with it."""
    try:
        document = reading.json_object(data)
    except ValueError as exc:
        raise ManifestError(str(exc)) from exc
    version, claimed = document.get("v"), document.pop("self_sha", None)
    if isinstance(version, int) and version > VERSION:
        raise ManifestError(f"written in format {version}; this version reads {VERSION}")
    if claimed != _digest(document):
        raise ManifestError("its content does not match its own hash")
    try:
        return _checked(document)
    except (KeyError, TypeError) as exc:
        raise ManifestError(f"a field is missing or of the wrong kind ({exc})") from exc


def _checked(document: dict[str, Any]) -> Manifest:
    manifest = Manifest(
        seq=int(document["seq"]),
        kind=document["kind"],
        pages=int(document["pages"]),
        page_size=int(document["page_size"]),
        root=str(document["root"]),
        chain=tuple(Pack(p["name"], int(p["len"]), p["sha256"]) for p in document["chain"]),
        alembic_rev=str(document["alembic_rev"]),
        wall_ts=float(document["wall_ts"]),
        rows=Rows(document["rows"]["runs"], document["rows"]["metrics"]),
        parents=layout.states_in(document.get("parents")),
        depth=int(document.get("depth", 1)),
    )
    size = manifest.page_size
    problems = {
        "v": document["v"] != VERSION,
        "kind": manifest.kind not in ("base", "delta"),
        "page_size": not 512 <= size <= 65536 or size & (size - 1) != 0,
        "pages": not 0 < manifest.pages < 1 << 32,
        "root": not _SHA256.fullmatch(manifest.root),
        "chain": not manifest.chain
        or not all(layout.is_pack_name(p.name) for p in manifest.chain)
        or not all(_SHA256.fullmatch(p.sha256) for p in manifest.chain),
    }
    if wrong := [name for name, bad in problems.items() if bad]:
        raise ManifestError(f"not a usable value: {', '.join(wrong)}")
    return manifest


def _digest(document: dict[str, Any]) -> str:
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
