"""Serve the Studio below a path, whether or not the proxy in front takes the path away.

A pure rewrite without any meaning for security. It runs before the access policy, whose rules name
paths. `root_path` stays empty: it would make Starlette and Flask take the prefix away once more and
put it into absolute links, and MLflow's interface needs neither, since all its links are relative.
For the same reason the prefix itself, without its slash, is redirected: links relative to it would
lose the last segment.
"""

import re
from urllib.parse import quote

from studio.middleware.asgi import App, Receive, Scope, Send

_PREFIX = re.compile(r"(/[A-Za-z0-9._~@:+,=-]+)+")


def parse_prefix(text: str) -> str:
    """Read a path prefix; "" and "/" mean that there is none.

    >>> parse_prefix("/studios/a1b2/")
    '/studios/a1b2'
    """
    if text in ("", "/"):
        return ""
    if not text.startswith("/"):
        raise ValueError(f'"{text}" must start with a slash: "/{text}"')
    prefix = text.removesuffix("/")
    if not _PREFIX.fullmatch(prefix) or {".", ".."}.intersection(prefix.split("/")):
        raise ValueError(
            f"{text!a} is not a path prefix: write plain segments such as /studios/a1b2, "
            'without "//", "..", "%", "?", "#" or spaces'
        )
    return prefix


class PrefixMiddleware:
    """Take `prefix` off the paths that carry it; others pass as they are."""

    def __init__(self, app: App, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not self._prefix:
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path == self._prefix and scope.get("method") in ("GET", "HEAD"):
            await _redirect(send, self._prefix, scope.get("query_string", b""))
            return
        if path == self._prefix or path.startswith(f"{self._prefix}/"):
            scope = _stripped(scope, self._prefix)
        await self._app(scope, receive, send)


def _stripped(scope: Scope, prefix: str) -> Scope:
    path = scope["path"][len(prefix) :] or "/"
    raw: bytes = scope.get("raw_path") or b""
    start = prefix.encode("ascii")
    if raw == start or raw.startswith(start + b"/"):
        raw_path = raw[len(start) :] or b"/"
    else:  # a character of the prefix came escaped, so the rest is escaped anew
        raw_path = quote(path).encode("ascii")
    return {**scope, "path": path, "raw_path": raw_path}


async def _redirect(send: Send, prefix: str, query: bytes) -> None:
    # Relative, because a proxy may show us below a path of its own.
    location = f"./{prefix.rpartition('/')[2]}/".encode("ascii")
    headers = [
        (b"location", location + (b"?" + query if query else b"")),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 307, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
