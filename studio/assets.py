"""The UI's files, compressed once when the image is built.

MLflow sends its five megabytes of scripts uncompressed, through Flask. `build` writes a gzip and a
Brotli variant beside a manifest; `load` finds them again at start. Nothing is copied or changed:
the identity bytes stay MLflow's own, read from its package. Without the variants, or with those of
another MLflow, the server works as before, only slower.

    python -m studio.assets [--to DIR] [--only static|template]

The bundle ships no source maps; should it do so one day, they are compressed like the rest.
"""

import argparse
import gzip
import hashlib
import importlib.metadata
import importlib.util
import json
import logging
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from studio import template
from studio.settings import assets_folder

_log = logging.getLogger(__name__)

SUFFIXES = {"gzip": ".gz", "br": ".br"}
MIN_SIZE = 512
WORTHWHILE = 0.95  # a variant that saves less than this costs the client more than it gives

_TEXT = {
    ".cjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".eot": "application/vnd.ms-fontobject",
    ".htm": "text/html; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".otf": "font/otf",
    ".svg": "image/svg+xml; charset=utf-8",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".xml": "text/xml; charset=utf-8",
}
_PACKED = {
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
# webpack writes main.c2f5f8d4.js and codicon.f6283f7ccaed1249d9eb.ttf: 8 to 64 hex digits.
_HASHED = re.compile(r"\.[0-9a-f]{8,64}\.[^/]+$")


@dataclass(frozen=True, slots=True)
class Variant:
    """One encoding of a file, as bytes on disk."""

    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the UI; `variants` always has `identity`, and `gzip` and `br` where they pay."""

    type: str
    hashed: bool
    sha256: str
    variants: Mapping[str, Variant]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The UI's files by their path below `/static-files/`."""

    mlflow: str
    files: Mapping[str, Asset]


def bundle_source() -> Path:
    """MLflow's own folder of UI files, found without importing MLflow."""
    spec = importlib.util.find_spec("mlflow")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("MLflow is not installed")
    return Path(spec.submodule_search_locations[0]) / "server" / "js" / "build"


def is_hashed(name: str) -> bool:
    """Whether the name changes whenever the content does.

    A licence or a source map carries the hash of its script, not its own.

    >>> is_hashed("static/js/main.c2f5f8d4.js"), is_hashed("static/js/main.c2f5f8d4.js.LICENSE.txt")
    (True, False)
    """
    return _HASHED.search(name) is not None and not name.endswith((".txt", ".map"))


def content_type(name: str) -> str:
    """The Content-Type of a file, the same on every machine (the system's MIME table is not read).

    >>> content_type("static/css/main.b0f58ef9.css")
    'text/css; charset=utf-8'
    """
    suffix = PurePosixPath(name).suffix.lower()
    return _TEXT.get(suffix) or _PACKED.get(suffix) or "application/octet-stream"


def load(
    directory: Path | None = None, mlflow_version: str | None = None, source: Path | None = None
) -> Bundle | None:
    """What `build` left in `directory`, by default the image's; or None, the reason is in the log.

    Every size is checked: a bundle that was patched, or variants cut short by a full disk, must not
    be served. A missing manifest is the normal case outside an image.
    """
    manifest = (directory or assets_folder()) / "static" / "manifest.json"
    if not manifest.is_file():
        _log.info("static files are served by MLflow: there is no %s", manifest)
        return None
    try:
        version = mlflow_version or importlib.metadata.version("mlflow")
        return _read(manifest, version, source or bundle_source())
    except (OSError, ImportError, ValueError, KeyError, TypeError, AttributeError) as exc:
        _log.warning("static files are served by MLflow: %s: %s", manifest, exc or repr(exc))
        return None


def _read(manifest: Path, version: str, source: Path) -> Bundle:
    document = json.loads(manifest.read_text(encoding="utf-8"))
    if document["mlflow"] != version:
        raise ValueError(f"made for MLflow {document['mlflow']}, but {version} is installed")
    files: dict[str, Asset] = {}
    for name, entry in document["files"].items():
        variants = {"identity": _checked(source / name, entry["size"])}
        for encoding, suffix in SUFFIXES.items():
            size = entry[suffix[1:]]
            if size is not None:
                variants[encoding] = _checked(manifest.parent / (name + suffix), size)
        files[name] = Asset(entry["type"], bool(entry["hashed"]), str(entry["sha256"]), variants)
    return Bundle(version, files)


def _checked(path: Path, size: int) -> Variant:
    found = path.stat().st_size
    if found != size:
        raise ValueError(f"{path} has {found} bytes instead of {size}")
    return Variant(path, size)


def build(
    to: Path,
    *,
    source: Path | None = None,
    mlflow_version: str | None = None,
    names: Sequence[str] = ("*",),
    quality: int = 11,
) -> dict[str, Any]:
    """Write the variants and the manifest below `to/static` and return the manifest.

    `names` are shell patterns; files that match none are left to MLflow. The manifest comes last,
    so that an interrupted build is not mistaken for a whole one.
    """
    brotli = _brotli_compressor(quality)
    source = source or bundle_source()
    static = to / "static"
    shutil.rmtree(static, ignore_errors=True)
    static.mkdir(parents=True)
    chosen = sorted(n for n in _walk(source) if any(fnmatchcase(n, p) for p in names))

    def entry(name: str) -> dict[str, Any]:
        return _compress(source / name, name, static, brotli)

    # The largest first: otherwise the last thread to finish has main.js all to itself.
    by_size = sorted(chosen, key=lambda name: -(source / name).stat().st_size)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # both compressors release the GIL
        entries = dict(zip(by_size, pool.map(entry, by_size), strict=True))
    document = {
        "mlflow": mlflow_version or importlib.metadata.version("mlflow"),
        "files": {name: entries[name] for name in chosen},
    }
    text = json.dumps(document, indent=1) + "\n"
    (static / "manifest.json").write_text(text, encoding="utf-8")
    return document


def _walk(source: Path) -> Iterator[str]:
    for path in source.rglob("*"):
        if path.is_file():
            yield path.relative_to(source).as_posix()


def _brotli_compressor(quality: int) -> Callable[[bytes], bytes]:
    try:
        import brotli
    except ModuleNotFoundError as exc:
        raise SystemExit(
            "error: precompressing the UI's files needs the brotli package, at build time only:\n"
            "       pip install brotli"
        ) from exc

    def compress(data: bytes) -> bytes:
        packed: bytes = brotli.compress(data, quality=quality)
        return packed

    return compress


def _compress(
    path: Path, name: str, static: Path, brotli: Callable[[bytes], bytes]
) -> dict[str, Any]:
    data = path.read_bytes()
    entry: dict[str, Any] = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "type": content_type(name),
        "hashed": is_hashed(name),
        "gz": None,
        "br": None,
    }
    if len(data) < MIN_SIZE or PurePosixPath(name).suffix.lower() not in _TEXT:
        return entry
    packed = {".gz": gzip.compress(data, 9, mtime=0), ".br": brotli(data)}
    for suffix, content in packed.items():
        if len(content) <= len(data) * WORTHWHILE:
            target = static / (name + suffix)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            entry[suffix[1:]] = len(content)
    return entry


def _totals(files: Mapping[str, Mapping[str, Any]]) -> str:
    def total(kind: str) -> str:
        return f"{sum(entry[kind] or entry['size'] for entry in files.values()):,}"

    return f"{len(files)} files, {total('size')} bytes; gzip {total('gz')}, Brotli {total('br')}"


def main(argv: Sequence[str] | None = None) -> int:
    """Make what an image keeps: the compressed UI and the template database."""
    parser = argparse.ArgumentParser(prog="python -m studio.assets", description=main.__doc__)
    parser.add_argument("--to", type=Path, default=assets_folder(), metavar="DIR")
    parser.add_argument("--only", choices=("static", "template"))
    options = parser.parse_args(argv)
    if options.only != "template":
        started = time.monotonic()
        files = build(options.to)["files"]
        print(f"static: {_totals(files)} ({time.monotonic() - started:.1f} s)", flush=True)
    if options.only != "static":
        started = time.monotonic()
        revision = template.build(options.to)
        print(f"template.db: revision {revision} ({time.monotonic() - started:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
