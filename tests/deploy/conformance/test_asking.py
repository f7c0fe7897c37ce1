"""Questions through the proxy: what is sent, and that every trouble is an answer."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deploy.conformance.asking import Said, Visitor
from deploy.conformance.proxy import Proxy

HOST = "a1.connect.example.com"


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy before a server that repeats the request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = {"path": self.path, "body": body.decode(), **dict(self.headers)}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    with Proxy(server.server_port, HOST) as proxy:
        yield proxy
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_browser_names_the_page_it_is_on(proxy: Proxy) -> None:
    said = Visitor(proxy, "/below", proxy.origin).post("/api", {"a": 1}).json()
    assert (said["path"], json.loads(said["body"])) == ("/below/api", {"a": 1})
    assert (said["Host"], said["Origin"]) == (HOST, f"https://{HOST}")
    assert said["Content-Type"] == "application/json"


def test_a_program_names_none(proxy: Proxy) -> None:
    said = Visitor(proxy).read("/x")
    assert said["Accept"] == "application/json"
    assert "Origin" not in said


def test_another_host_can_be_asked_for(proxy: Proxy) -> None:
    assert Visitor(proxy).ask("GET", "/", host="evil.example").json()["Host"] == "evil.example"


def test_no_answer_is_an_answer_too(proxy: Proxy) -> None:
    gone = Proxy(1, HOST)
    with gone:
        assert Visitor(gone).get("/").code == 502
    said = Visitor(gone).get("/")
    assert said.code == 0
    assert str(said).startswith("no answer: ")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said(403, "no\nmore lines", {}), "403: no"),
        (Said(200, "  \n", {}), "200"),
        (Said(404, "<!doctype html>\n<html>", {}), "404"),
        (Said(0, "timed out", {}), "no answer: timed out"),
        (Said(500, "word " * 100, {}), f"500: {('word ' * 23).strip()} …"),
    ],
)
def test_an_answer_is_written_in_a_line(said: Said, words: str) -> None:
    assert str(said) == words


@pytest.mark.parametrize("text", ["", "<html>", "[1]", "null", '{"a": '])
def test_what_is_no_json_object_reads_as_an_empty_one(text: str) -> None:
    assert Said(200, text, {}).json() == {}
