"""Compress MLflow's JSON answers with gzip: a search or a metric history shrinks to a tenth.

Only `application/json` from MLflow's own API. Never an artifact, whose bytes and length are the
user's; never event streams, ranges, or what is encoded already. A body that comes in one piece is
compressed whole, off the event loop when it is large. A body that comes in pieces is flushed piece
by piece, so that nothing waits in here.

Compression leaks secrets only where one body holds both a secret and an attacker's text (BREACH):
cookies and tokens are never in these bodies.
"""

import asyncio
import re
import zlib

from studio.middleware.asgi import App, Message, Receive, Scope, Send
from studio.middleware.headers import values
from studio.middleware.negotiate import encoding

LEVEL = 5
OFF_LOOP = 256 * 1024  # about 5 ms of work; more would hold up every other request
_GZIP = 31  # zlib's number for "a gzip header, the largest window"

# Downloads, below /api and /ajax-api: a JSON artifact is served as JSON. `get-trace-artifact` is no
# download: it sends the trace for the UI to draw.
_ARTIFACT = re.compile(
    r"/mlflow-artifacts/artifacts(/|$)|/get-artifact$|/logged-models/[^/]+/artifacts/files$"
)


class CompressMiddleware:
    """Compress what is `application/json`, at least `min_size` bytes, and wanted compressed."""

    def __init__(self, app: App, min_size: int = 1024) -> None:
        self.app = app
        self.min_size = min_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] == "HEAD"
            or values(scope["headers"], b"range")
            or _ARTIFACT.search(scope["path"])
        ):
            return await self.app(scope, receive, send)
        chosen = encoding(values(scope["headers"], b"accept-encoding"), {"gzip"})
        response = _Response(send, self.min_size, wanted=chosen == "gzip")
        return await self.app(scope, receive, response)


class _Response:
    """The `send` of one request: holds the start back until the first piece of the body is here."""

    def __init__(self, send: Send, min_size: int, *, wanted: bool) -> None:
        self.send = send
        self.min_size = min_size
        self.wanted = wanted
        self.start: Message | None = None
        self.stream: _Stream | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_plain_json(message):
            message = _varied(message)
            if self.wanted:
                self.start = message
            else:
                await self.send(message)
        elif message["type"] == "http.response.body" and self.start is not None:
            # The WSGI bridge may begin with nothing, on which nothing can be decided.
            if message.get("body") or not message.get("more_body"):
                start, self.start = self.start, None
                await self._begin(start, message)
        elif message["type"] == "http.response.body" and self.stream is not None:
            await self._continue(self.stream, message)
        else:
            await self.send(message)

    async def _begin(self, start: Message, message: Message) -> None:
        body, stated = message.get("body", b""), _content_length(start)
        whole = not message.get("more_body") or len(body) == stated
        expected = len(body) if whole else stated
        if expected is not None and expected < self.min_size:
            await self.send(start)
            await self.send(message)
            return
        self.stream = _Stream()
        if whole:
            packed = await self.stream.pack(body, more=False)
            await self.send(_encoded(start, len(packed)))
            await self.send({**message, "body": packed})
        else:
            await self.send(_encoded(start, None))
            await self._continue(self.stream, message)

    async def _continue(self, stream: "_Stream", message: Message) -> None:
        packed = await stream.pack(message.get("body", b""), more=message.get("more_body", False))
        await self.send({**message, "body": packed})


class _Stream:
    """One gzip stream."""

    def __init__(self) -> None:
        self.packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
        self.ended = False

    async def pack(self, body: bytes, *, more: bool) -> bytes:
        """All that the client needs to read `body` now."""
        if len(body) > OFF_LOOP:
            return await asyncio.to_thread(self._pack, body, more)
        return self._pack(body, more)

    def _pack(self, body: bytes, more: bool) -> bytes:
        if self.ended or (more and not body):
            return b""
        self.ended = not more
        end = zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH
        return self.packer.compress(body) + self.packer.flush(end)


def _is_plain_json(start: Message) -> bool:
    headers: dict[bytes, bytes] = {k.lower(): v for k, v in start.get("headers", ())}
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    return (
        media_type == b"application/json"
        and start["status"] not in (204, 206, 304)
        and b"content-range" not in headers
        and headers.get(b"content-encoding", b"identity") == b"identity"
        and b"no-transform" not in headers.get(b"cache-control", b"")
    )


def _content_length(start: Message) -> int | None:
    for name, value in start["headers"]:
        if name.lower() == b"content-length":
            return int(value)
    return None


def _varied(start: Message) -> Message:
    """The same start, saying that the answer depends on `Accept-Encoding`, compressed or not."""
    return {**start, "headers": [*start.get("headers", ()), (b"vary", b"Accept-Encoding")]}


def _encoded(start: Message, length: int | None) -> Message:
    """The start of the compressed answer; without a length it is sent in chunks."""
    dropped = (b"content-length", b"content-encoding", b"accept-ranges")
    headers = [
        (name, _weak(value) if name.lower() == b"etag" else value)
        for name, value in start["headers"]
        if name.lower() not in dropped
    ]
    headers.append((b"content-encoding", b"gzip"))
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    return {**start, "headers": headers}


def _weak(etag: bytes) -> bytes:
    """The compressed bytes differ from those that the strong tag promises."""
    return etag if etag.startswith(b"W/") else b"W/" + etag
