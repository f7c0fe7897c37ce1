"""A Studio for the tests of the proxy: each page does one thing that a proxy has to bear."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LARGE = 64 << 20


@dataclass
class Upstream:
    """A Studio that tells what it was asked; `left` is set when a reader went away."""

    port: int = 0
    received: int = 0
    go_on: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)


@contextmanager
def listening() -> Iterator[Upstream]:
    """Let one listen on a free port of loopback."""
    studio = Upstream()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            page = self.path.partition("?")[0].rpartition("/")[2]
            getattr(self, f"page_{page}", self.page_)()

        do_HEAD = do_POST = do_DELETE = do_GET  # noqa: N815

        def page_(self) -> None:
            body = self._body()
            said = {
                "method": self.command,
                "path": self.path,
                "headers": [[name.lower(), value] for name, value in self.headers.items()],
                "body": body.decode(),
            }
            self._give(json.dumps(said).encode())

        def page_nothing(self) -> None:
            self.send_response(204)
            self.end_headers()

        def page_unchanged(self) -> None:
            self.send_response(304)
            self.send_header("ETag", '"x"')
            self.end_headers()

        def page_hops(self) -> None:
            self.send_response(200)
            for name in ("Keep-Alive", "Upgrade", "X-Mine", "X-Secret-Hop"):
                self.send_header(name, "1")
            self.send_header("Set-Cookie", "a=1")
            self.send_header("Set-Cookie", "b=2")
            self.send_header("Connection", "X-Secret-Hop")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def page_large(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(LARGE))
            self.end_headers()
            for _ in range(LARGE >> 16):
                self.wfile.write(b"x" * (1 << 16))

        def page_count(self) -> None:
            left = int(self.headers["Content-Length"])
            while left:
                piece = self.rfile.read1(min(left, 1 << 16))
                if not piece:
                    break
                studio.received += len(piece)
                left -= len(piece)
            studio.left.set()
            self._give(str(studio.received).encode())

        def page_events(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"9\r\ndata: 1\n\n\r\n")
            studio.go_on.wait(10)
            self.wfile.write(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")

        def page_endless(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            try:
                while True:
                    self.wfile.write(b"x" * 4096)
            except OSError:
                studio.left.set()

        def page_broken(self) -> None:
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\r\nabc\r\n")
            self.close_connection = True

        def page_short(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"abc")
            self.close_connection = True

        def page_dies(self) -> None:
            self.close_connection = True

        def page_refuses(self) -> None:
            self.close_connection = True
            self.send_response(413)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b"too large")

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _give(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Sides go away here."""

    server = Server(("127.0.0.1", 0), Handler)
    studio.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield studio
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
