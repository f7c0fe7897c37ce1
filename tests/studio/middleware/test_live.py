"""The layers behind a real uvicorn, with both of its parsers, asked over bare sockets."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from studio.middleware.access import guard
from studio.middleware.asgi import Receive, Scope, Send
from studio.middleware.hosts import parse_hosts
from studio.middleware.policy import Policy
from studio.middleware.protocol import WholeTargetProtocol
from tests.studio.middleware.raw_http import Reply, exchange

EXT = "a1.connect.example.com"
POLICY = Policy("explicit", 8080, parse_hosts(f"{EXT},{EXT}:8443,[2001:db8::1]"))


class AnEcho:
    """Answers with the scope it saw; at /stream it sends one part, then waits to be released."""

    def __init__(self) -> None:
        self.release = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/stream":
            await send({"type": "http.response.body", "body": b"first", "more_body": True})
            await asyncio.to_thread(self.release.wait, 30)
        seen = {
            "path": scope["path"],
            "query": scope["query_string"].decode(),
            "hosts": [value.decode() for name, value in scope["headers"] if name == b"host"],
            "client": scope["client"],
        }
        await send({"type": "http.response.body", "body": json.dumps(seen).encode()})


class AServer:
    """uvicorn in a thread, on a free port."""

    def __init__(self, http: Any) -> None:
        self.echo = AnEcho()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        config = uvicorn.Config(
            guard(self.echo, POLICY),
            http=http,
            loop="asyncio",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._listening]))

    def __enter__(self) -> "AServer":
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < deadline, "uvicorn did not start"
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self.echo.release.set()
        self._server.should_exit = True
        self._thread.join(20)

    def get(self, target: str, *headers: tuple[str, str]) -> Reply:
        return exchange(self.port, f"GET {target} HTTP/1.1", *headers)


@pytest.fixture(scope="module", params=[WholeTargetProtocol, "h11"], ids=["httptools", "h11"])
def a_server(request: pytest.FixtureRequest) -> Iterator[AServer]:
    with AServer(request.param) as server:
        yield server


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (EXT, 200),
        (EXT.upper(), 200),
        (f"{EXT}:443", 200),
        (f"{EXT}:8443", 200),
        (f"{EXT}:9", 403),
        ("[2001:db8::1]", 200),
        ("[2001:DB8:0::1]:443", 200),
        ("[2001:db8::2]", 403),
        ("[::1]:5000", 200),
        ("evil.test", 403),
        ("a b", 400),
        ("", 400),
        ("\xe9.test", 400),
        ("user@localhost", 400),
    ],
)
def test_hosts_are_judged_as_they_arrive(a_server: AServer, host: str, status: int) -> None:
    assert a_server.get("/", ("Host", host)).status == status


def test_a_request_without_a_host_is_refused_in_both_versions_of_http(a_server: AServer) -> None:
    assert a_server.get("/").status == 400
    assert exchange(a_server.port, "GET / HTTP/1.0").status == 400


@pytest.mark.parametrize("second", [EXT, "evil.test"])
def test_two_host_headers_are_refused(a_server: AServer, second: str) -> None:
    assert a_server.get("/", ("Host", EXT), ("Host", second)).status == 400


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        (f"http://{EXT}/x?q=1", EXT, 200),
        (f"HTTPS://{EXT.upper()}:443/x?q=1", EXT, 200),
        ("http://evil.test/x?q=1", EXT, 400),
        ("http://evil.test/x?q=1", "localhost", 400),
        ("http://localhost/x?q=1", "evil.test", 400),
        ("http://evil.test/x?q=1", "evil.test", 403),
        (f"http://{EXT}@evil.test/x?q=1", EXT, 400),
        ("ftp://evil.test/x?q=1", EXT, 400),
        ("http://evil.test/health", EXT, 400),
    ],
)
def test_a_whole_url_in_the_request_line_cannot_bypass_the_host(
    a_server: AServer, target: str, host: str, status: int
) -> None:
    reply = a_server.get(target, ("Host", host))

    assert reply.status == status
    if status == 200:
        seen = json.loads(reply.body)
        assert (seen["path"], seen["query"], seen["hosts"]) == ("/x", "q=1", [EXT])


def test_stock_httptools_goes_by_the_host_header_and_so_do_we() -> None:
    # What remains without our protocol, under `mlflow server --app-name`: the URL's host is lost,
    # so it cannot be compared, and neither can it be mistaken for ours.
    with AServer("httptools") as server:
        assert server.get("http://localhost/", ("Host", "evil.test")).status == 403
        assert server.get("http://evil.test/", ("Host", EXT)).status == 200


def test_a_connect_request_is_refused(a_server: AServer) -> None:
    reply = exchange(a_server.port, f"CONNECT {EXT}:443 HTTP/1.1", ("Host", EXT))

    assert reply.status == 400


def test_a_cookie_of_40_kb_passes(a_server: AServer) -> None:
    assert a_server.get("/", ("Host", EXT), ("Cookie", "x" * 40_000)).status == 200


def test_a_header_of_100_kb_is_refused(a_server: AServer) -> None:
    # h11 limits what it reads at once, and may say 400 before we can say 431.
    assert a_server.get("/", ("Host", EXT), ("Cookie", "x" * 100_000)).status in (400, 431)


def test_httptools_leaves_the_limit_on_headers_to_us() -> None:
    with AServer(WholeTargetProtocol) as server:
        assert server.get("/", ("Host", EXT), ("Cookie", "x" * 100_000)).status == 431


def test_the_loopback_peer_is_not_the_client(a_server: AServer) -> None:
    lines = [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-For", "127.0.0.1")]
    seen = json.loads(a_server.get("/", ("Host", EXT), *lines).body)

    assert seen["client"] == ["203.0.113.7", 0]


def test_probes_need_no_host_in_http_1_0(a_server: AServer) -> None:
    reply = exchange(a_server.port, "GET /health HTTP/1.0")

    assert reply.status == 200
    assert json.loads(reply.body)["hosts"] == ["localhost:8080"]


def test_a_refused_upload_is_answered_before_it_is_read(a_server: AServer) -> None:
    lines = (("Host", EXT), ("Origin", "https://evil.test"))
    reply = exchange(a_server.port, "POST / HTTP/1.1", *lines, body=b"x" * 1000)

    assert reply.status == 403


def test_a_stream_is_not_held_back(a_server: AServer) -> None:
    a_server.echo.release.clear()
    with socket.create_connection(("127.0.0.1", a_server.port), timeout=20) as connection:
        connection.sendall(f"GET /stream HTTP/1.1\r\nHost: {EXT}\r\n\r\n".encode())
        received = b""
        while b"first" not in received:
            received += connection.recv(65536)
        assert b"/stream" not in received.partition(b"\r\n\r\n")[2]
        a_server.echo.release.set()
        while b'"path": "/stream"' not in received:
            received += connection.recv(65536)


def test_a_connection_is_kept_through_refusals_of_origin(a_server: AServer) -> None:
    foreign = f"POST / HTTP/1.1\r\nHost: {EXT}\r\nOrigin: null\r\nContent-Length: 0\r\n\r\n"
    own = f"GET /health HTTP/1.1\r\nHost: {EXT}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", a_server.port), timeout=20) as connection:
        connection.sendall(foreign.encode())
        received = connection.recv(65536)
        assert received.startswith(b"HTTP/1.1 403 ")
        connection.sendall(own.encode())
        rest = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"HTTP/1.1 200 OK" in rest
