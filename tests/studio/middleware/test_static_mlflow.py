"""The static and compressing layers around the real MLflow, under the real uvicorn."""

import gzip
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import brotli
import pytest

from studio import assets
from tests.running import free_port

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.skipif(find_spec("mlflow") is None, reason="MLflow is not installed"),
]

FIRST_PAGE = ("index.html", "static/js/main.*.js", "static/css/main.*.css")
SERVER = """
import sys, pathlib, uvicorn
from mlflow.server.fastapi_app import app
from studio import assets
from studio.middleware.compress import CompressMiddleware
from studio.middleware.static import StaticMiddleware
bundle = assets.load(pathlib.Path(sys.argv[1]))
app = StaticMiddleware(CompressMiddleware(app, min_size=10), bundle)
uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
"""


@dataclass(frozen=True)
class Server:
    port: int
    files: dict[str, str]  # "main.js" and so on: their path in the bundle

    def ask(
        self, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            lines = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in lines.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def ask_mlflow(self, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        """MLflow's own answer: the static layer leaves requests with an Origin alone."""
        return self.ask(path, origin=f"http://127.0.0.1:{self.port}")


@pytest.fixture(scope="module")
def a_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("server")
    built = assets.build(directory, names=FIRST_PAGE, quality=5)["files"]
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(directory), str(port)],
        cwd=directory,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(assets.__file__).parents[1]),
            "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{directory}/mlflow.db",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
    )
    server = Server(port, {Path(name).suffix: name for name in built})
    try:
        end = time.monotonic() + 90
        while time.monotonic() < end:
            assert process.poll() is None, f"the server ended with {process.returncode}"
            try:
                if server.ask("/health")[0] == 200:
                    break
            except OSError:
                time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("suffix", [".js", ".css", ".html"])
def test_identity_bytes_equal_mlflows_own(a_server: Server, suffix: str) -> None:
    path = f"/static-files/{a_server.files[suffix]}"
    status, headers, body = a_server.ask(path)
    mlflow_status, mlflow_headers, mlflow_body = a_server.ask_mlflow(path)
    assert (status, body) == (mlflow_status, mlflow_body)
    assert headers["etag"] != mlflow_headers["etag"], "both answers come from the same layer"
    assert headers["content-length"] == mlflow_headers["content-length"]
    assert headers["x-content-type-options"] == mlflow_headers["x-content-type-options"]
    if suffix != ".js":  # older Pythons say application/javascript
        assert headers["content-type"] == mlflow_headers["content-type"]
    if suffix == ".html":
        assert headers["cache-control"] == mlflow_headers["cache-control"]


def test_the_index_page_is_mlflows_own(a_server: Server) -> None:
    status, headers, body = a_server.ask("/")
    mlflow_status, mlflow_headers, mlflow_body = a_server.ask_mlflow("/")
    assert (status, body) == (mlflow_status, mlflow_body)
    assert headers["cache-control"] == mlflow_headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("suffix", [".js", ".css", ".html"])
def test_the_variants_unpack_to_mlflows_own_bytes(a_server: Server, suffix: str) -> None:
    path = f"/static-files/{a_server.files[suffix]}"
    original = a_server.ask_mlflow(path)[2]
    assert gzip.decompress(a_server.ask(path, accept_encoding="gzip")[2]) == original
    assert brotli.decompress(a_server.ask(path, accept_encoding="br")[2]) == original


def test_the_main_script_is_small_cacheable_and_revalidated(a_server: Server) -> None:
    path = f"/static-files/{a_server.files['.js']}"
    status, headers, body = a_server.ask(path, accept_encoding="gzip")
    assert status == 200
    assert len(body) <= 1_250_000
    assert "immutable" in headers["cache-control"]
    head = a_server.ask(path, "HEAD", accept_encoding="gzip")
    assert (head[0], head[1]["content-length"], head[2]) == (200, str(len(body)), b"")
    again = a_server.ask(path, accept_encoding="gzip", if_none_match=headers["etag"])
    assert (again[0], again[2]) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/static-files/..%2f..%2f..%2f__init__.py",
        "/static-files/%2e%2e/%2e%2e/%2e%2e/__init__.py",
        "/static-files/../../../__init__.py",
        "/static-files/..%5c..%5c..%5c__init__.py",
        "/static-files/%2fetc%2fpasswd",
        "/static-files//etc/passwd",
        "/static-files/index.html%00",
        "/static-files/nothing.js",
    ],
)
def test_nothing_outside_the_bundle_is_served(a_server: Server, path: str) -> None:
    status = a_server.ask(path)[0]
    assert status == a_server.ask_mlflow(path)[0]
    assert status in (308, 404)  # Flask redirects where it finds a double slash


def test_files_outside_the_manifest_still_come_from_mlflow(a_server: Server) -> None:
    status, _, body = a_server.ask("/static-files/asset-manifest.json")
    assert status == 200
    assert json.loads(body)["files"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/mlflow/runs/get",  # Flask, through the bridge
        "/api/3.0/mlflow/server-info",  # FastAPI
    ],
)
def test_json_from_flask_and_from_fastapi_is_compressed(a_server: Server, path: str) -> None:
    plain = a_server.ask(path)
    packed = a_server.ask(path, accept_encoding="gzip")
    assert packed[1]["content-encoding"] == "gzip"
    assert packed[1]["content-length"] == str(len(packed[2]))
    assert (packed[0], gzip.decompress(packed[2])) == (plain[0], plain[2])
