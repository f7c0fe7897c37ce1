"""The proxy of `verify`, between real sockets: what it passes on, what it says, what it leaves."""

import http.client
import json
import socket
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from deploy.conformance.proxy import Proxy
from tests.deploy.conformance.upstream import LARGE, Upstream, listening
from tests.running import wait_until

HOST = "a1b2c3d4.connect.example.com"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with listening() as studio:
        yield studio


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[Proxy]:
    with Proxy(upstream.port, HOST) as proxy:
        yield proxy


@contextmanager
def connected(proxy: Proxy) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)) as connection:
        yield connection


def ask(
    proxy: Proxy, path: str, method: str = "GET", body: Any = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with connected(proxy) as connection:
        connection.request(method, path, body, {"Host": HOST, **named})
        answer = connection.getresponse()
        return answer, answer.read()


def heard(proxy: Proxy, path: str = "/", method: str = "GET", **headers: str) -> dict[str, Any]:
    """What the Studio was told; of each header all values, joined."""
    said: dict[str, Any] = json.loads(ask(proxy, path, method, **headers)[1])
    joined: dict[str, str] = {}
    for name, value in said["headers"]:
        joined[name] = f"{joined[name]}|{value}" if name in joined else value
    return {**said, "headers": joined}


def raw(proxy: Proxy, request: bytes) -> bytes:
    """Send bytes as they are, and give all that comes back until the proxy hangs up."""
    with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        said = b""
        while piece := client.recv(1 << 16):
            said += piece
        return said


@pytest.mark.parametrize("host", [HOST, "studio.attacker.example:81", "localhost:1", "[::1]"])
def test_the_studio_gets_the_very_host_that_the_client_named(proxy: Proxy, host: str) -> None:
    headers = heard(proxy, Host=host)["headers"]
    assert headers["host"] == headers["x-forwarded-host"] == host


def test_the_studio_is_told_by_the_proxy_alone_where_the_client_is(proxy: Proxy) -> None:
    headers = heard(
        proxy,
        X_Forwarded_For="203.0.113.9",
        X_Forwarded_Proto="http",
        X_Forwarded_Host="evil.example",
        X_Forwarded_Prefix="/evil",
        Forwarded="for=203.0.113.9",
        X_Real_IP="203.0.113.9",
    )["headers"]
    assert {
        name: value for name, value in headers.items() if "forward" in name or "real" in name
    } == {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "https",
        "x-forwarded-host": HOST,
    }


def test_what_the_client_asks_is_passed_on_as_it_is(proxy: Proxy) -> None:
    said = heard(
        proxy, "/a%2Fb/../c?q=%20x&q=", "DELETE", Origin="null", Cookie="a=1", Accept_Encoding="br"
    )
    assert (said["method"], said["path"]) == ("DELETE", "/a%2Fb/../c?q=%20x&q=")
    headers = said["headers"]
    assert (headers["origin"], headers["cookie"], headers["accept-encoding"]) == (
        "null",
        "a=1",
        "br",
    )


def test_what_belongs_to_one_connection_is_not_passed_on(proxy: Proxy) -> None:
    headers = heard(
        proxy, Connection="X-Hop", X_Hop="1", Keep_Alive="9", TE="trailers", Upgrade="x", X_Mine="1"
    )["headers"]
    assert "x-mine" in headers
    assert not {"connection", "x-hop", "keep-alive", "te", "upgrade"} & headers.keys()
    answer, _ = ask(proxy, "/hops")
    assert answer.headers["X-Mine"] == "1"
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert not {"Keep-Alive", "Upgrade", "X-Secret-Hop", "Connection"} & set(answer.headers)


@pytest.mark.parametrize(
    ("strips", "path", "seen"),
    [
        ("", "/_studio/a1/x?y", "/_studio/a1/x?y"),
        ("/_studio/a1", "/_studio/a1/x?y", "/x?y"),
        ("/_studio/a1", "/_studio/a1", "/"),
        ("/_studio/a1", "/_studio/a1?y", "/?y"),
        ("/_studio/a1", "/_studio/a12/x", "/_studio/a12/x"),
    ],
)
def test_the_path_keeps_its_prefix_unless_it_is_stripped(
    upstream: Upstream, strips: str, path: str, seen: str
) -> None:
    with Proxy(upstream.port, HOST, strips) as proxy:
        assert heard(proxy, path)["path"] == seen


def test_many_requests_share_one_connection(proxy: Proxy) -> None:
    with connected(proxy) as connection:
        for path in ("/", "/nothing", "/unchanged", "/hops", "/"):
            connection.request("GET", path, headers={"Host": HOST})
            answer = connection.getresponse()
            answer.read()
            assert not answer.will_close, path
        connection.request("POST", "/", b"x" * 100_000, {"Host": HOST})
        assert len(json.loads(connection.getresponse().read())["body"]) == 100_000


@pytest.mark.parametrize(("path", "code"), [("/nothing", 204), ("/unchanged", 304)])
def test_an_answer_without_a_body_stays_one(proxy: Proxy, path: str, code: int) -> None:
    said = raw(proxy, f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {code}".encode())
    assert body == b""
    assert b"transfer-encoding" not in head.lower()


def test_head_gives_the_length_and_no_body(proxy: Proxy) -> None:
    said = raw(proxy, f"HEAD /x HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    head, _, body = said.partition(b"\r\n\r\n")
    assert b"Content-Length: " in head
    assert body == b""


def test_a_body_in_chunks_reaches_the_studio(proxy: Proxy) -> None:
    with connected(proxy) as connection:
        pieces = iter([b"one ", b"two ", b"x" * 200_000])
        connection.request("POST", "/", pieces, {"Host": HOST}, encode_chunked=True)
        said = json.loads(connection.getresponse().read())
    assert said["body"] == "one two " + "x" * 200_000
    assert ["transfer-encoding", "chunked"] in said["headers"]
    assert "content-length" not in dict(said["headers"])


def test_of_two_lengths_the_studio_is_told_one(proxy: Proxy) -> None:
    both = b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    said = raw(proxy, f"POST / HTTP/1.1\r\nHost: {HOST}\r\n".encode() + both)
    document = json.loads(said.partition(b"\r\n\r\n")[2])
    assert document["body"] == "hello"
    assert "content-length" not in dict(document["headers"])


def test_a_client_that_waits_for_leave_to_send_gets_it(proxy: Proxy) -> None:
    head = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
        client.sendall(head.encode())
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"hi")
        assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_events_reach_the_client_at_once(proxy: Proxy, upstream: Upstream) -> None:
    with connected(proxy) as connection:
        connection.request("GET", "/events", headers={"Host": HOST})
        answer = connection.getresponse()
        assert answer.read1() == b"data: 1\n\n"  # the second one is not sent before go_on
        upstream.go_on.set()
        assert answer.read() == b"data: 2\n\n"


def test_a_body_reaches_the_studio_while_it_is_sent(proxy: Proxy, upstream: Upstream) -> None:
    with connected(proxy) as connection:
        connection.putrequest("POST", "/count", skip_host=True)
        connection.putheader("Host", HOST)
        connection.putheader("Content-Length", "10")
        connection.endheaders(b"first")
        wait_until(lambda: upstream.received == 5, 10)
        connection.send(b"after")
        assert connection.getresponse().read() == b"10"


def test_large_bodies_pass_in_little_memory(proxy: Proxy, upstream: Upstream) -> None:
    tracemalloc.start()
    try:
        with connected(proxy) as connection:
            pieces = (b"x" * (1 << 16) for _ in range(LARGE >> 16))
            headers = {"Host": HOST, "Content-Length": str(LARGE)}
            connection.request("POST", "/count", pieces, headers)
            assert connection.getresponse().read() == str(LARGE).encode()
            connection.request("GET", "/large", headers={"Host": HOST})
            answer, got = connection.getresponse(), 0
            while piece := answer.read1(1 << 16):
                got += len(piece)
        assert got == LARGE
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_studio_that_is_not_there_is_a_bad_gateway(method: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with Proxy(unused.getsockname()[1], HOST) as proxy:
            answer, body = ask(proxy, "/", method)
    assert answer.status == 502
    assert (b"does not answer" in body) == (method != "HEAD")


def test_a_studio_that_hangs_up_without_an_answer_is_a_bad_gateway(proxy: Proxy) -> None:
    assert ask(proxy, "/dies")[0].status == 502


@pytest.mark.parametrize("path", ["/broken", "/short"])
def test_half_an_answer_is_never_taken_for_a_whole_one(proxy: Proxy, path: str) -> None:
    with pytest.raises(http.client.IncompleteRead):
        ask(proxy, path)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a reset takes the answer with it")
def test_a_refusal_of_a_large_body_reaches_the_client(proxy: Proxy) -> None:
    body = b"x" * LARGE
    head = f"POST /refuses HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", proxy.port), 10) as client:
        with pytest.raises(OSError):  # which one depends on the moment
            client.sendall(head.encode() + body)
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 413")


def test_an_old_client_gets_an_answer_that_ends_with_its_connection(proxy: Proxy) -> None:
    said = raw(proxy, f"GET /hops HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())
    assert said.startswith(b"HTTP/1.1 200")


def test_a_reader_that_goes_away_is_noticed_by_the_studio(
    proxy: Proxy, upstream: Upstream, capfd: pytest.CaptureFixture[str]
) -> None:
    with connected(proxy) as connection:
        connection.request("GET", "/endless", headers={"Host": HOST})
        connection.getresponse().read1(10)
    assert upstream.left.wait(10)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "half",
    [
        b"Content-Length: 10\r\n\r\nhalf",
        b"Content-Length: ten\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"Transfer-Encoding: chunked\r\n\r\n5",
        b"Transfer-Encoding: chunked\r\n\r\nwhat\r\n",
    ],
)
def test_half_a_request_gets_no_answer_and_holds_nobody_up(
    proxy: Proxy, half: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert raw(proxy, f"POST / HTTP/1.1\r\nHost: {HOST}\r\n".encode() + half) == b""
    assert ask(proxy, "/")[0].status == 200
    assert capfd.readouterr() == ("", "")


def test_a_writer_that_goes_away_is_noticed_by_the_studio(proxy: Proxy, upstream: Upstream) -> None:
    raw(proxy, f"POST /count HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 10\r\n\r\nhalf".encode())
    assert upstream.left.wait(10)
    assert upstream.received == 4
