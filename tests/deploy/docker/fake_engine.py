"""A Docker engine that pretends, over a real socket: it has images, builds and pushes."""

import base64
import contextlib
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BUILT = [
    {"stream": "Step 1/2 : FROM scratch"},
    {"stream": "\n"},
    {"stream": " ---> \n"},
    {"stream": "Step 2/2 : COPY . /"},
    {"stream": " ---> 0123456789ab\n"},
    {"aux": {"ID": "sha256:" + "1" * 64}},
    {"stream": "Successfully built 0123456789ab\n"},
]
DIGEST = "sha256:" + "d" * 64
PUSHED = [
    {"status": "The push refers to repository [a.io/b]"},
    {"status": "Preparing", "id": "aaaaaaaaaaaa", "progressDetail": {}},
    {"status": "Pushing", "id": "aaaaaaaaaaaa", "progressDetail": {"current": 5, "total": 10}},
    {"status": "Layer already exists", "id": "bbbbbbbbbbbb", "progressDetail": {}},
    {"status": "Pushed", "id": "aaaaaaaaaaaa", "progressDetail": {}},
    {"status": f"t: digest: {DIGEST} size: 528"},
    {"progressDetail": {}, "aux": {"Tag": "t", "Digest": DIGEST, "Size": 528}},
]


@dataclass
class FakeEngine:
    """What it has, what it will answer, and what it was sent."""

    images: dict[str, str] = field(default_factory=dict)
    architecture: str = "amd64"
    image_architecture: str = "amd64"
    image_config: dict[str, Any] = field(default_factory=dict)
    pulling: list[dict[str, Any]] = field(default_factory=list)
    name: str = "Engine"
    building: list[dict[str, Any]] = field(default_factory=lambda: list(BUILT))
    refusal: tuple[int, str] | None = None
    pushing: list[dict[str, Any]] = field(default_factory=lambda: list(PUSHED))
    images_answer: tuple[int, str] | None = None
    before_push: str | None = None
    in_registry: str | None = DIGEST
    calls: list[str] = field(default_factory=list)
    sent: dict[str, Any] = field(default_factory=dict)
    context: bytes = b""
    login: dict[str, str] | None = None
    port: int = 0

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        plain = re.sub(r"^/v[\d.]+", "", unquote(path))
        self.calls.append(f"{method} {plain}")
        if plain == "/version":
            components = [{"Name": self.name}]
            known = {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10"}
            return 200, {**known, "Arch": self.architecture, "Components": components}
        if plain == "/images/create":
            return 200, self.pulling
        if plain == "/build":
            self.sent, self.context = dict(query), body
            if self.refusal:
                return self.refusal[0], {"message": self.refusal[1]}
            if not any("errorDetail" in event for event in self.building):
                self.images[query["t"]] = "sha256:" + "1" * 64
            return 200, self.building
        if found := re.fullmatch(r"/images/(.+)/(json|push|tag)", plain):
            return self._image(found[1], found[2], query)
        if plain.startswith("/distribution/"):
            if self.in_registry is None:
                return 404, {"message": "page not found"}
            there, self.before_push = self.before_push or self.in_registry, None
            return 200, {"Descriptor": {"digest": there}}
        return 404, {"message": f"page not found: {plain}"}

    def _image(self, name: str, what: str, query: dict[str, str]) -> tuple[int, Any]:
        if self.images_answer:
            return self.images_answer[0], {"message": self.images_answer[1]}
        if what == "push":
            return 200, self.pushing
        if name not in self.images:
            return 404, {"message": f"No such image: {name}"}
        if what == "tag":
            self.images[f"{query['repo']}:{query['tag']}"] = self.images[name]
            return 201, {}
        image = {"Id": self.images[name], "Os": "linux", "Architecture": self.image_architecture}
        return 200, {**image, "Config": self.image_config}


@contextlib.contextmanager
def running(engine: FakeEngine) -> Iterator[FakeEngine]:
    """Let it answer on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def do_DELETE(self) -> None:
            self._answer("DELETE")

        def _answer(self, method: str) -> None:
            url = urlsplit(self.path)
            if login := self.headers.get("X-Registry-Auth"):
                engine.login = json.loads(base64.urlsafe_b64decode(login))
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            status, content = engine.answer(method, url.path, query, self._body())
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if isinstance(content, list):
                self._stream(content)
                return
            data = json.dumps(content).encode()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _stream(self, events: list[dict[str, Any]]) -> None:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for event in events:
                data = f"{json.dumps(event)}\r\n".encode()
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    engine.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield engine
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
