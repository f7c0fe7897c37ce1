"""A real HTTP server on loopback, on a thread, that can be told to fail in every known way."""

import contextlib
import json
import socket
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

BEFORE, AFTER, HALF, SLOW = "drop before", "drop after", "half a body", "slow"
HTML = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body>...</body></html>"


@dataclass(frozen=True)
class Call:
    """A request that has arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    # The path with its query, as they were sent.
    target: str = ""

    def json(self) -> Any:
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Reply:
    """What goes back. A member that is None or empty is left out, as the framework does."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Any, status: int = 200, **headers: str) -> "Reply":
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(present(document)).encode(), headers=named)

    @classmethod
    def exactly(cls, document: Any, status: int = 200) -> "Reply":
        """Send what is empty, too, as the Platform does."""
        return cls(status, json.dumps(document).encode())

    @classmethod
    def error(cls, status: int, message: str = "", **headers: str) -> "Reply":
        return cls.of({"message": message}, status, **headers) if message else cls(status)

    @classmethod
    def page(cls, status: int = 502, body: bytes = HTML) -> "Reply":
        return cls(status, body, "text/html")


def present(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: present(part) for name, part in value.items()}
        return {name: part for name, part in kept.items() if part not in (None, "", [], {})}
    return [present(part) for part in value] if isinstance(value, list) else value


@dataclass
class Fault:
    """What goes wrong, for the next `times` calls whose method and path begin so.

    A function is called before the act, and the call is answered as ever.
    """

    begin: str
    what: str | Reply | Callable[[], None]
    times: int = 1
    after: int = 0


class Server(ABC):
    """Answers calls with `answer`; keeps what arrived in `calls`."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.closing = threading.Event()
        self.scheme = "http"
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body are two writes, between which the kernel would wait 40 ms.
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                outer.handle(self)

            do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def date_time_string(self, timestamp: float | None = None) -> str:
                return formatdate(outer.now() if timestamp is None else timestamp, usegmt=True)

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that goes away is nothing to print."""

        self._http = Quiet(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True
        )

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def encrypt(self, chain: Path) -> None:
        """Speak TLS with this key and certificate; before the server is started."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self.scheme = "https"

    @abstractmethod
    def now(self) -> float:
        """The server's own clock, in seconds since the epoch."""

    @abstractmethod
    def answer(self, call: Call) -> Reply:
        """What this service says to a call."""

    def arrived(self, call: Call) -> None:  # noqa: B027 - most services have no opinion
        """Look at a call before anything else happens to it."""

    def fail(
        self, begin: str, what: str | Reply | Callable[[], None], times: int = 1, after: int = 0
    ) -> None:
        self.faults.append(Fault(begin, what, times, after))

    def asked(self, begin: str = "") -> list[Call]:
        return [call for call in self.calls if str(call).startswith(begin)]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(10)

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        call = self._read(handler)
        with self._lock:
            self.calls.append(call)
            self.arrived(call)
            what = self._fault(call)
        if what == BEFORE:
            return _drop(handler)
        if what == SLOW:
            self.closing.wait(60)
            return _drop(handler)
        if callable(what):
            what()
        reply = what if isinstance(what, Reply) else self.answer(call)
        if what == AFTER:
            return _drop(handler)
        return self._send(handler, call, reply, half=what == HALF)

    def _read(self, handler: BaseHTTPRequestHandler) -> Call:
        address = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        return Call(handler.command, address.path, query, dict(handler.headers), body, handler.path)

    def _fault(self, call: Call) -> str | Reply | Callable[[], None] | None:
        for fault in self.faults:
            if fault.times and str(call).startswith(fault.begin):
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault.what
        return None

    def _send(
        self, handler: BaseHTTPRequestHandler, call: Call, reply: Reply, *, half: bool
    ) -> None:
        handler.send_response(reply.status)
        headers = {"Content-Type": reply.kind, "Content-Length": str(len(reply.body))}
        for name, value in {**headers, **reply.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if call.method != "HEAD":
            handler.wfile.write(reply.body[: len(reply.body) // 2] if half else reply.body)
        if half:
            _drop(handler)


def _drop(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.wfile.flush()
    with contextlib.suppress(OSError):
        handler.connection.shutdown(socket.SHUT_RDWR)
