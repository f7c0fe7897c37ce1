"""The servers that are compared: stock with its defaults, stock made lean, and ours."""

import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench import processes
from bench.environment import Environment
from bench.figures import LEAN, OURS, STOCK

NAMES = (STOCK, LEAN, OURS)
HEALTH = {STOCK: "/health", LEAN: "/health", OURS: "/studio/health"}
_STARTS_WITHIN_S = 180
_STOPS_WITHIN_S = 30
# The servers' settings are the benchmark's alone, not those of the shell it was started from.
_INHERITED = {
    name: value
    for name, value in os.environ.items()
    if not name.upper().lstrip("_").startswith(("MLFLOW", "STUDIO", "CONNECT_TOOL"))
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. `start_s` is how long that took."""

    name: str
    port: int
    start_s: float
    mark: str

    @property
    def pids(self) -> list[int]:
        return processes.marked(self.mark)


@contextmanager
def running(
    name: str,
    environment: Environment,
    folder: Path,
    *,
    empty: bool = False,
    data: Path | None = None,
) -> Iterator[Server]:
    """Start a server in a new `folder`, and leave neither processes nor files behind.

    It finds a migrated database there unless `empty`. `data` is the parent of our server's data
    link, in place of one of its own.
    """
    folder.mkdir(parents=True)
    port, mark = _free_port(), uuid.uuid4().hex
    command, settings = _command(name, environment, folder, port, empty=empty)
    if data is not None:
        settings = {**settings, "STUDIO_DATA_DIR": str(data)}
    env = {**_INHERITED, **settings, "MLFLOW_DISABLE_TELEMETRY": "true", processes.MARK: mark}
    log = folder / "log"
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_for_health(process, port, log)
        yield Server(name, port, time.perf_counter() - began, mark)
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOPS_WITHIN_S)
        processes.end(mark)
        process.wait()
        shutil.rmtree(folder)


def _command(
    name: str, environment: Environment, folder: Path, port: int, *, empty: bool
) -> tuple[list[str], Mapping[str, str]]:
    python = [str(environment.python), "-P", "-m"]
    if name == OURS:
        home, link = folder / "home", folder / "data" / "link"
        link.mkdir(parents=True)
        home.mkdir(mode=0o700)
        if not empty:
            shutil.copyfile(environment.our_database, home / "mlflow.db")
        return [*python, "studio"], {
            "STUDIO_HOME": str(home),
            "STUDIO_PORT": str(port),
            "STUDIO_DATA_DIR": str(link.parent),
        }
    if not empty:
        shutil.copyfile(environment.stock_database, folder / "mlflow.db")
    command = [
        *python, "mlflow", "server",
        "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination", str(folder / "artifacts"),
        "--port", str(port),
    ]  # fmt: skip
    if name == LEAN:
        return [*command, "--workers", "2"], {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return command, {}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_for_health(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until the first 200; the connection may be accepted long before it is answered."""
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while process.poll() is None and time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=_STARTS_WITHIN_S)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.01)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise SystemExit(f"error: the server did not start:\n{tail}")
