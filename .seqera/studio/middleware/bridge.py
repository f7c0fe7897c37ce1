"""Run MLflow's Flask application, which has most of the REST API, in threads.

MLflow's own bridge goes back to the event loop three times for each answer while its thread waits,
and it shares the threads of everything else. Here a short answer is carried over in one piece; a
long one is fetched piece by piece as the client takes it, so that a slow client costs no memory.
"""

import asyncio
import contextvars
import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread

from studio.middleware.asgi import App, Receive, Scope, Send

WHOLE = 1 << 20  # an answer up to here is carried over at once
_PIECES = 32  # Werkzeug reads files in pieces of 8 kB

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Turn = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(slots=True)
class _Answer:
    """What the application began to say; `rest` is None when `body` is all of it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    rest: Iterator[bytes] | None = None
    close: Callable[[], None] = lambda: None


class Bridge:
    """ASGI on the outside, WSGI on the inside. `turn` is taken for as long as Flask works."""

    def __init__(self, app: WSGI, threads: int, turn: Turn = nullcontext) -> None:
        self.app = app
        self.turn = turn
        self.limiter = anyio.CapacityLimiter(threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        if scope["type"] != "http":
            return
        body = await _whole(receive)
        if body is None:
            return
        environ = _environ(scope, body)
        del body
        # One context for all pieces: Flask sets a variable in one and resets it in another.
        context = contextvars.copy_context()
        async with self.turn():
            answer = await self._in_thread(context, self._begin, environ)
        start = {"status": answer.status, "headers": answer.headers}
        await send({"type": "http.response.start", **start})
        if answer.rest is None:
            await send({"type": "http.response.body", "body": answer.body})
            return
        sized = _length(answer.headers, -1) >= 0
        piece: bytes | None = answer.body
        # uvicorn drops what is sent to a client that has left; nothing else would end this.
        left = asyncio.ensure_future(receive())
        try:
            while piece is not None and not left.done():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await self._in_thread(context, _next, answer.rest, sized)
        finally:
            left.cancel()
            with anyio.CancelScope(shield=True):
                await self._in_thread(context, answer.close)
        await send({"type": "http.response.body", "body": b""})

    async def _in_thread(self, context: contextvars.Context, work: Any, *values: Any) -> Any:
        return await anyio.to_thread.run_sync(context.run, work, *values, limiter=self.limiter)

    def _begin(self, environ: dict[str, Any]) -> _Answer:
        said: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _info: Any = None) -> None:
            said[:] = int(status[:3]), _encoded(headers)

        pieces = self.app(environ, start_response)
        close = getattr(pieces, "close", lambda: None)
        rest = iter(pieces)
        try:
            first = next(rest, None)  # an application may wait with its headers until then
            status, headers = said
            if first is None or _length(headers, WHOLE + 1) <= WHOLE:
                answer = _Answer(status, headers, b"".join((first or b"", *rest)))
                close()
                return answer
        except BaseException:
            close()
            raise
        return _Answer(status, headers, first, rest, close)


def _next(rest: Iterator[bytes], sized: bool) -> bytes | None:
    """The next piece; several at once where all of them exist already, as in a file."""
    pieces = list(itertools.islice(rest, _PIECES if sized else 1))
    return b"".join(pieces) if pieces else None


def _length(headers: list[tuple[bytes, bytes]], unknown: int) -> int:
    return next((int(value) for name, value in headers if name == b"content-length"), unknown)


def _encoded(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [
        (name.strip().lower().encode("latin-1"), value.strip().encode("latin-1"))
        for name, value in headers
    ]


async def _whole(receive: Receive) -> bytes | None:
    """The request's body, or None when the client has left."""
    pieces = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


def _environ(scope: Scope, body: bytes) -> dict[str, Any]:
    # Starlette calls the module deprecated; MLflow 3.17's own bridge stands on it too.
    from starlette.middleware.wsgi import build_environ

    environ: dict[str, Any] = build_environ(scope, body)
    return environ


def replace(mlflow_app: Any, make: Callable[[WSGI], App]) -> bool:
    """Put a bridge in the place of MLflow's own; False when it is not where 3.17 has it."""
    for route in mlflow_app.routes:
        inner: Any = getattr(route, "app", None)
        if type(inner).__name__ == "_EfficientWSGIMiddleware":
            route.app = make(inner.app)
            return True
    return False
