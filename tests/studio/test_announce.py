"""What is printed once the server answers, with a server of a few lines."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from studio import announce
from tests.running import wait_until

STATUS = {
    "database": {"kind": "SQLite", "place": "/srv/mlflow.db"},
    "artifacts": {"place": "/srv/mlruns", "root": "mlflow-artifacts:/"},
    "kept": "only on this machine's disk",
    "why": "",
    "kept_since": None,
    "access": {"mode": "local", "hosts": []},
    "warnings": ["something to know"],
}


class Answers(BaseHTTPRequestHandler):
    """Ready at once."""

    def do_GET(self) -> None:
        ready = self.path == "/studio/ready"
        body = json.dumps({"ready": True} if ready else STATUS).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Answers, bind_and_activate=False) as server:
        server.server_bind()
        yield server


def test_a_server_that_falls_before_it_is_ready_is_announced_once(server: HTTPServer) -> None:
    said: list[str] = []
    before = set(threading.enumerate())
    started = announce.when_ready(server.server_port, "http://localhost/", said.append)
    for _ in range(3):
        started()
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        wait_until(lambda: said and said[-1].startswith("MLflow Studio is ready"), 10)
        assert said[0] == "database   /srv/mlflow.db (SQLite)"
        assert said[-2:] == ["something to know", "MLflow Studio is ready: http://localhost/"]
        assert sum("ready" in line for line in said) == 1
        wait_until(lambda: started() or sum("ready" in line for line in said) > 1, 10)
        for waiting in set(threading.enumerate()) - before - {thread}:
            waiting.join(10)
    finally:
        server.shutdown()
        thread.join()
