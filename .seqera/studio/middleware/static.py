"""Serve the UI's files, precompressed, without entering MLflow.

MLflow would send them uncompressed through Flask, holding one of its few threads for each. This
layer answers GET and HEAD of `/static-files/*` and of `/`. All else, every miss included, falls
through to MLflow, and so does

* a request with an `Origin`: MLflow's CORS rules decide what the response says (a page asking for
  its own files sends none);
* a file that can no longer be read.

A path is only ever looked up in the manifest, never joined to a folder, so traversal finds nothing.
`Range` is ignored, as a server may (RFC 9110, 14.2): nobody resumes a script. ETags depend on the
content and its coding alone, not on when or where an image was built.

MLflow's basic-auth application wants a login for `/`: do not put this layer in front of it.
"""

import asyncio
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO

from studio.assets import Asset, Bundle, Variant
from studio.middleware.asgi import App, Receive, Scope, Send
from studio.middleware.headers import values
from studio.middleware.negotiate import encoding

FILES = "/static-files/"
CHUNK = 256 * 1024  # what a slow client can make us hold in its connection's buffer
CACHE_FILE = 1_500_000  # the largest file kept in memory: the compressed main script fits
CACHE_TOTAL = 4_000_000

IMMUTABLE = b"public, max-age=31536000, immutable"
MLFLOW_MAX_AGE = b"public, max-age=2419200"  # `serve_static_file` in mlflow/server/__init__.py
ETAG_SUFFIX = {"identity": "", "gzip": "-gz", "br": "-br"}


class StaticMiddleware:
    """Answer for the files in `bundle`. Who may frame them is said by the access layer outside."""

    def __init__(self, app: App, bundle: Bundle) -> None:
        self.app = app
        self.bundle = bundle
        self.cache = _Cache()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return await self.app(scope, receive, send)
        path: str = scope["path"]
        asset = self._find(path)
        if asset is None or values(scope["headers"], b"origin"):
            return await self.app(scope, receive, send)
        coding = encoding(values(scope["headers"], b"accept-encoding"), asset.variants)
        etag = f'"{asset.sha256[:32]}{ETAG_SUFFIX[coding]}"'
        headers = _headers(path, asset, etag)
        if _matches(values(scope["headers"], b"if-none-match"), etag):
            return await _answer(send, 304, headers, b"")
        variant = asset.variants[coding]
        headers.append((b"content-type", asset.type.encode()))
        headers.append((b"content-length", str(variant.size).encode()))
        if coding != "identity":
            headers.append((b"content-encoding", coding.encode()))
        if scope["method"] == "HEAD":
            return await _answer(send, 200, headers, b"")
        try:
            opened = await self._open(variant)
        except OSError:
            return await self.app(scope, receive, send)
        if isinstance(opened, bytes):
            return await _answer(send, 200, headers, opened)
        return await _stream(send, headers, opened)

    def _find(self, path: str) -> Asset | None:
        if path == "/":
            return self.bundle.files.get("index.html")
        if path.startswith(FILES):
            return self.bundle.files.get(path[len(FILES) :])
        return None

    async def _open(self, variant: Variant) -> bytes | BinaryIO:
        """The content, or for what is too large to keep, an open file of the promised size."""
        cached = self.cache.get(variant.path)
        if cached is not None:
            return cached
        if variant.size > CACHE_FILE:
            return await asyncio.to_thread(_open_checked, variant)
        content = await asyncio.to_thread(_read_checked, variant)
        self.cache.put(variant.path, content)
        return content


class _Cache:
    """The most recently asked-for files, at most CACHE_TOTAL bytes of them."""

    def __init__(self) -> None:
        self.entries: OrderedDict[Path, bytes] = OrderedDict()
        self.total = 0

    def get(self, path: Path) -> bytes | None:
        content = self.entries.get(path)
        if content is not None:
            self.entries.move_to_end(path)
        return content

    def put(self, path: Path, content: bytes) -> None:
        if path in self.entries:  # two requests read it at the same time
            return
        self.entries[path] = content
        self.total += len(content)
        while self.total > CACHE_TOTAL:
            _, dropped = self.entries.popitem(last=False)
            self.total -= len(dropped)


def _headers(path: str, asset: Asset, etag: str) -> list[tuple[bytes, bytes]]:
    lifetime = IMMUTABLE if asset.hashed else b"no-cache" if path == "/" else MLFLOW_MAX_AGE
    return [
        (b"cache-control", lifetime),
        (b"etag", etag.encode()),
        (b"vary", b"Accept-Encoding, Origin"),
        (b"x-content-type-options", b"nosniff"),
    ]


def _matches(if_none_match: list[str], etag: str) -> bool:
    """Weak comparison, as RFC 9110 13.1.2 asks of If-None-Match."""
    tags = [tag.strip().removeprefix("W/") for tag in ",".join(if_none_match).split(",")]
    return etag in tags or tags == ["*"]


def _read_checked(variant: Variant) -> bytes:
    content = variant.path.read_bytes()
    if len(content) != variant.size:
        raise OSError(f"{variant.path} has changed since the start")
    return content


def _open_checked(variant: Variant) -> BinaryIO:
    file = variant.path.open("rb")
    if file.seek(0, 2) != variant.size:
        file.close()
        raise OSError(f"{variant.path} has changed since the start")
    file.seek(0)
    return file


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for start in range(0, len(body), CHUNK):
        chunk = body[start : start + CHUNK]
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _stream(send: Send, headers: list[tuple[bytes, bytes]], file: BinaryIO) -> None:
    with file:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
