"""A small reverse proxy that stands before a Studio as Seqera's Connect does.

Its client speaks to the public host; the Studio gets that very Host, and is told by
`X-Forwarded-*` that it was https. Nothing is rewritten: what a Studio does with an unknown host or
a foreign Origin is what a check wants to see. With a `prefix` the path keeps it, as with Connect's
path-based routing. No TLS and no WebSockets: this is for checks on loopback, not for the network.
"""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

_CHUNK = 1 << 16
_TIMEOUT_S = 60
# Of one connection each (RFC 9110, section 7.6.1), so not passed on.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class Proxy:
    """Listens on a free port of 127.0.0.1 and passes every request on to `port` of the same."""

    def __init__(self, port: int, host: str) -> None:
        self.host = host
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.target = port
        self._server.public_host = host
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def origin(self) -> str:
        """What a browser calls the Studio."""
        return f"https://{self.host}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    target = 0
    public_host = ""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A side that goes away is nothing to print."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _pass_on(self) -> None:
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=_TIMEOUT_S)
        try:
            self._send(upstream)
            answer = upstream.getresponse()
        except (OSError, http.client.HTTPException) as error:
            self._fail(f"the Studio does not answer: {error}")
        else:
            self._give(answer)
        finally:
            upstream.close()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _pass_on  # noqa: N815

    def _send(self, upstream: http.client.HTTPConnection) -> None:
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP | {"host"}:
                upstream.putheader(name, value)
        host = self.headers.get("Host", self.server.public_host)
        for name, value in (
            ("Host", host),
            ("X-Forwarded-Host", host),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-For", self.client_address[0]),
        ):
            upstream.putheader(name, value)
        upstream.endheaders()
        left = int(self.headers.get("Content-Length") or 0)
        while left and (chunk := self.rfile.read(min(left, _CHUNK))):
            upstream.send(chunk)
            left -= len(chunk)

    def _give(self, answer: http.client.HTTPResponse) -> None:
        length = answer.headers.get("Content-Length")
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        if length is None:  # its end is that of the connection
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            while chunk := answer.read(_CHUNK):
                self.wfile.write(chunk)

    def _fail(self, why: str) -> None:
        body = why.encode()
        self.send_response_only(502)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the report does."""
