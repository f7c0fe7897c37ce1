"""A real MLflow behind the access layers, once for each mode."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.studio.middleware.a_studio import EXT, LISTED, AStudio
from tests.studio.middleware.raw_http import exchange

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", params=["explicit", "same-origin", "local"])
def a_studio(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AStudio]:
    mode: str = request.param
    folder = tmp_path_factory.mktemp(mode)
    hosts = f"{EXT},*.wild.example.com" if mode == "explicit" else ""
    program = Path(__file__).with_name("real_mlflow.py")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, program, mode, hosts, LISTED, folder],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        yield AStudio(mode, _port_of(process, folder))
    finally:
        process.terminate()
        process.wait(30)


def _port_of(process: "subprocess.Popen[bytes]", folder: Path) -> int:
    """Wait until MLflow answers; its socket listens a while before that."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            port = int((folder / "port").read_text())
            assert exchange(port, "GET /health HTTP/1.1", ("Host", "probe")).status == 200
            return port
        except (OSError, ValueError):
            time.sleep(0.2)
    pytest.fail(f"MLflow did not start:\n{(folder / 'log').read_text()[-4000:]}")
