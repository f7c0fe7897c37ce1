"""A real server for the tests: `python -m studio` on a free port, with a home of its own."""

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

READY_S = 90
# A test must not depend on what the developer's shell has exported.
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.upper().lstrip("_").startswith(("MLFLOW", "STUDIO", "CONNECT_TOOL"))
} | {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONUNBUFFERED": "1"}


@dataclass
class Answer:
    """An HTTP answer, errors included."""

    code: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Studio:
    """A started server. `log` has everything it printed, stderr and stdout together."""

    home: Path
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def log(self) -> str:
        return "".join(self.lines)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(
        self,
        path: str,
        body: object = None,
        *,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + path, data=data, headers=given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def wait_ready(self) -> "Studio":
        wait_until(
            lambda: "is ready: " in self.log or self.process.poll() is not None,
            READY_S,
            lambda: self.log,
        )
        assert self.process.poll() is None, f"the server ended:\n{self.log}"
        self.port = int(json.loads((self.home / "run" / "port.json").read_text())["port"])
        return self

    def wait_for_line(self, text: str, limit_s: float = 30) -> None:
        wait_until(lambda: text in self.log, limit_s, lambda: f"{text!r} is not in:\n{self.log}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.wait()

    def wait(self, limit_s: float = 40) -> int:
        return self.process.wait(limit_s)

    def kill_everything(self) -> None:
        """What a lost machine does: no process gets to say goodbye."""
        pids = [self.process.pid, *descendants(self.process.pid)]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(20)
        wait_until(lambda: not any(map(is_alive, pids)), 20)


def start(
    home: Path,
    env: Mapping[str, str] | None = None,
    *,
    cwd: Path | None = None,
    before: Sequence[str] = (),
) -> Studio:
    """Start a server; the caller waits for what it needs and stops it.

    `before` is a command that prepares something and then becomes the server.
    """
    settings = {"STUDIO_HOME": str(home), "STUDIO_PORT": "0", "STUDIO_DATA_DIR": str(home / "none")}
    process = subprocess.Popen(
        [*before, sys.executable, "-m", "studio"],
        env={**CLEAN, **settings, **(env or {})},
        cwd=cwd or home.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    studio = Studio(home, process)
    threading.Thread(target=_collect, args=(studio,), daemon=True).start()
    return studio


def _collect(studio: Studio) -> None:
    assert studio.process.stdout is not None
    with studio.process.stdout as output:
        studio.lines.extend(output)


@contextlib.contextmanager
def running(home: Path, env: Mapping[str, str] | None = None) -> Iterator[Studio]:
    """A ready server, gone at the end whatever happens."""
    studio = start(home, env)
    try:
        yield studio.wait_ready()
    finally:
        if studio.process.poll() is None:
            studio.kill_everything()


def refused(tmp_path: Path, env: Mapping[str, str], limit_s: float = 30) -> tuple[int, str]:
    """Start a server that must not come up; its exit code and what it said."""
    home = tmp_path / "home"
    settings = {
        "STUDIO_HOME": str(home),
        "STUDIO_PORT": "0",
        "STUDIO_DATA_DIR": str(tmp_path / "no"),
    }
    answer = subprocess.run(
        [sys.executable, "-m", "studio"],
        env={**CLEAN, **settings, **env},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    return answer.returncode, answer.stdout + answer.stderr


def wait_until(true: Any, limit_s: float, explain: Any = None) -> None:
    """Ask again until it is so; fail, with an explanation, when it takes longer than the limit."""
    deadline = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(explain() if explain else f"not so within {limit_s:g} s")
        time.sleep(0.02)


def free_port() -> int:
    """A port on which nothing listens.

    It is below those that Linux gives to whoever asks for any: nobody gets it meanwhile.
    """
    chance = random.SystemRandom()  # a seed would give all processes the same ports
    while True:
        port = chance.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def shared_memory() -> set[Path]:
    """What is in the machine's shared memory, but for what databases beside us come and go with."""
    found = Path("/dev/shm").iterdir()
    return {path for path in found if not path.name.startswith("PostgreSQL.")}


def descendants(pid: int) -> list[int]:
    """All processes below one, by the kernel's own table."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        children = parents.get(queue.pop(), [])
        found += children
        queue += children
    return found


def is_alive(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be reaped."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def copy_database(source: Path, home: Path) -> Path:
    """Give a new home a migrated database, which saves the seconds of creating one."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copyfile(source, home / "mlflow.db")
    return home
