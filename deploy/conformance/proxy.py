"""A small reverse proxy that stands before a Studio as Seqera's Connect does.

Its client speaks to the public host. The Studio gets that very Host, and `X-Forwarded-*` say that
it was https; what the client itself says of that is left out, as only the proxy knows. Nothing else
is rewritten: what a Studio does with an unknown host or a foreign Origin is what a check looks for.
Bodies flow both ways as they come, in pieces, whatever their size.

No TLS and no WebSockets: this is for checks on loopback, not for the network.
"""

import http.client
import threading
from contextlib import closing
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from deploy.conformance import bodies

_TIMEOUT_S = 60
# Of one connection each (RFC 9110, section 7.6.1), so not passed on; nor is what Connection names.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# What the proxy says itself; and the client has been told to go on already.
_OURS = frozenset({"host", "forwarded", "x-real-ip", "expect", "content-length"})
_WITHOUT_BODY = (204, 304)


class Proxy:
    """Listens on a free port of 127.0.0.1 and passes every request on to `port` of the same.

    `strips` is a path that is taken off at the front; without it the Studio sees the whole path.
    """

    def __init__(self, port: int, host: str, strips: str = "") -> None:
        self.host = host
        self._server = _Server(port, host, strips)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

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
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, target: int, host: str, strips: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.host, self.strips = target, host, strips


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = _TIMEOUT_S

    def handle_one_request(self) -> None:
        """A client that goes away is nothing to print, and nothing to go on for."""
        try:
            super().handle_one_request()
        except (OSError, bodies.Unfinished):
            self.close_connection = True

    def _pass_on(self) -> None:
        target = self.server.target
        with closing(
            http.client.HTTPConnection("127.0.0.1", target, timeout=_TIMEOUT_S)
        ) as upstream:
            try:
                self._send(upstream)
                answer = upstream.getresponse()
            except (OSError, http.client.HTTPException) as error:
                self._fail(f"the Studio does not answer: {error or type(error).__name__}")
            else:
                self._give(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _pass_on  # noqa: N815

    def _send(self, upstream: http.client.HTTPConnection) -> None:
        upstream.putrequest(self.command, self._path(), skip_host=True, skip_accept_encoding=True)
        in_chunks = "chunked" in self.headers.get("Transfer-Encoding", "").lower()
        length = self.headers.get("Content-Length")
        framing = ("Content-Length", length) if length else None
        if in_chunks:
            framing = ("Transfer-Encoding", "chunked")
        host = self.headers.get("Host", self.server.host)
        for name, value in (
            *_own_claims_left_out(_for_the_other_end(self.headers)),
            ("Host", host),
            ("X-Forwarded-Host", host),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-For", str(self.client_address[0])),
            *([framing] if framing else []),
        ):
            upstream.putheader(name, value)
        upstream.endheaders()
        body = (
            bodies.chunked(self.rfile) if in_chunks else bodies.counted(self.rfile, length or "0")
        )
        try:
            for piece in body:
                upstream.send(bodies.chunk(piece) if in_chunks else piece)
            if in_chunks:
                upstream.send(bodies.chunk(b""))
        except (BrokenPipeError, ConnectionResetError):
            # It has its answer ready, as for a body that is too large; nobody reads the rest of it.
            self.close_connection = True

    def _path(self) -> str:
        strips = self.server.strips
        if strips and (self.path == strips or self.path.startswith((f"{strips}/", f"{strips}?"))):
            rest = self.path[len(strips) :]
            return rest if rest.startswith("/") else f"/{rest}"
        return self.path

    def _give(self, answer: http.client.HTTPResponse) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in _for_the_other_end(answer.headers):
            self.send_header(name, value)
        bodiless = self.command == "HEAD" or answer.status in _WITHOUT_BODY
        unknown = not bodiless and answer.headers.get("Content-Length") is None
        chunked = unknown and self.request_version != "HTTP/1.0"
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif unknown:  # its end is that of the connection
            self.close_connection = True
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless:
            self._stream(answer, chunked)

    def _stream(self, answer: http.client.HTTPResponse, chunked: bool) -> None:
        """Hand on each piece as soon as it is there: events must not wait for more of them."""
        try:
            while piece := answer.read1(bodies.PIECE):
                self.wfile.write(bodies.chunk(piece) if chunked else piece)
            if answer.length:
                raise bodies.Unfinished
        except http.client.HTTPException as error:
            # Nobody may take half an answer for a whole one.
            raise bodies.Unfinished from error
        if chunked:
            self.wfile.write(bodies.chunk(b""))

    def _fail(self, why: str) -> None:
        body = why.encode()
        self.close_connection = True  # the rest of the request is still on its way
        self.send_response_only(502)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: the report does."""


def _for_the_other_end(headers: Message) -> list[tuple[str, str]]:
    named = {name.strip().lower() for name in str(headers.get("Connection", "")).split(",")}
    left_out = HOP_BY_HOP | named
    return [(name, value) for name, value in headers.items() if name.lower() not in left_out]


def _own_claims_left_out(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out where the client says it comes from: that is for the proxy to say."""
    return [
        (name, value)
        for name, value in headers
        if name.lower() not in _OURS and not name.lower().startswith("x-forwarded-")
    ]
