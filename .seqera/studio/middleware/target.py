"""Turn a request line that names a whole URL into one that names a path.

`GET http://example.com/x` is how clients ask proxies, and servers must accept it too. RFC 9112
(3.2.2) lets its authority overrule the `Host` header; two names for one request are refused here
instead, so that everything behind may go by `Host`.

uvicorn's h11 protocol leaves the whole URL in the scope's path. Its httptools protocol drops scheme
and authority without a trace; `studio.middleware.protocol` keeps them in `raw_path`.
"""

import re
from urllib.parse import unquote

from studio.middleware.asgi import App, Receive, Scope, Send
from studio.middleware.headers import values
from studio.middleware.hosts import parse_host
from studio.middleware.refusal import Refusal, refuse

_ABSOLUTE = re.compile(rb"https?://([^/?#]*)(/.*)?", re.IGNORECASE | re.DOTALL)
_REFUSAL = Refusal(400, "The request line and the Host header name different hosts.", hang_up=True)
_UNREADABLE = Refusal(400, "The request line names no path.", hang_up=True)


class TargetMiddleware:
    """Give every request a path that starts with a slash, or refuse it."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            target: bytes = scope.get("raw_path") or scope["path"].encode("utf-8")
            if not target.startswith(b"/") and target != b"*":
                rewritten = _origin_form(scope, target)
                if isinstance(rewritten, Refusal):
                    await refuse(send, rewritten)
                    return
                scope = rewritten
        await self._app(scope, receive, send)


def _origin_form(scope: Scope, target: bytes) -> Scope | Refusal:
    match = _ABSOLUTE.fullmatch(target)
    if not match:
        return _UNREADABLE
    try:
        (stated,) = values(tuple(scope["headers"]), b"host")
        if parse_host(match[1].decode("latin-1")) != parse_host(stated):
            return _REFUSAL
    except ValueError:
        return _REFUSAL
    raw_path = match[2] or b"/"
    return {**scope, "raw_path": raw_path, "path": unquote(raw_path.decode("latin-1"))}
