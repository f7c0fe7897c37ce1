"""Docker for the tests: commands that must succeed, and containers that are gone at the end."""

import contextlib
import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.running import Answer, wait_until

ROOT = Path(__file__).resolve().parents[2]
CONTEXT = ROOT / ".seqera"
PYTHON = "/opt/venv/bin/python"
PORT = 8080
# Sent by the Platform in every session; the host is one of its own.
SESSION = {"CONNECT_TOOL_PORT": str(PORT)}
SESSION_HOST = "a1b2c3d4.connect.example.com"
BUILD_ARGUMENTS = ("BASE_IMAGE", "CONNECT_IMAGE", "PIP_INDEX_URL", "EXTRA_CA")


def docker(*argv: str, env: Mapping[str, str] | None = None, limit_s: float = 120) -> str:
    """Run a docker command that must succeed, and give what it printed."""
    done = subprocess.run(
        ["docker", *argv],
        env={**os.environ, **(env or {})},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=limit_s,
        check=False,
    )
    said = f"docker {' '.join(argv)} ended with {done.returncode}:\n{done.stdout[-6000:]}"
    assert done.returncode == 0, said
    return done.stdout.strip()


def build(context: Path, tag: str, *options: str, buildkit: bool) -> str:
    """Build an image with the bases and the package index that the environment names."""
    arguments = [f"--build-arg={name}" for name in BUILD_ARGUMENTS if os.environ.get(name)]
    command = ("buildx", "build", "--load") if buildkit else ("build",)
    env = {} if buildkit else {"DOCKER_BUILDKIT": "0"}
    argv = (*command, "--platform=linux/amd64", f"--tag={tag}", *arguments, *options, str(context))
    docker(*argv, env=env, limit_s=1200)
    return tag


def look(image: str, script: str, limit_s: float = 120) -> str:
    """Run a shell script in a container of its own, and give what it printed."""
    return docker("run", "--rm", "--entrypoint=sh", image, "-euc", script, limit_s=limit_s)


def python(image: str, *argv: str, limit_s: float = 120) -> str:
    """Run the image's Python, as from a working directory full of somebody's files."""
    return docker(
        "run", "--rm", "--workdir=/tmp", f"--entrypoint={PYTHON}", image, *argv, limit_s=limit_s
    )


@dataclass
class Container:
    """A started container whose server is published on a free port of 127.0.0.1."""

    id: str

    @property
    def port(self) -> int:
        return int(docker("port", self.id, f"{PORT}/tcp").splitlines()[0].rpartition(":")[2])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return docker("logs", self.id)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(docker("inspect", "--format={{json .State}}", self.id))
        return found

    def run(self, *argv: str) -> str:
        return docker("exec", self.id, *argv)

    def wait_ready(self, limit_s: float = 90) -> "Container":
        """Wait for the server's own word that it can write."""
        wait_until(lambda: self._ready() or not self.state()["Running"], limit_s, lambda: self.log)
        assert self.state()["Running"], self.log
        return self

    def _ready(self) -> bool:
        try:
            return ask(self.url, "/studio/ready").code == 200
        except (OSError, AssertionError):  # nobody listens yet; docker names no port of the stopped
            return False

    def stop(self) -> int:
        """Stop it as the Platform does: SIGTERM, and 30 s later SIGKILL."""
        docker("stop", "--time=30", self.id)
        return int(self.state()["ExitCode"])


def ask(
    url: str,
    path: str,
    body: object = None,
    *,
    method: str | None = None,
    host: str | None = None,
) -> Answer:
    """Send one request; an HTTP error is an answer, too."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Host": host} if host else {})
    request = urllib.request.Request(url + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


@contextlib.contextmanager
def running(
    image: str,
    *command: str,
    env: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
) -> Iterator[Container]:
    """Start a container; it is gone at the end, whatever happens."""
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", **(env or {})}
    variables = [f"--env={name}={value}" for name, value in quiet.items()]
    published = f"--publish=127.0.0.1::{PORT}"
    started = docker("run", "--detach", published, *variables, *options, image, *command)
    container = Container(started.splitlines()[-1])
    try:
        yield container
    finally:
        docker("rm", "--force", "--volumes", container.id)


@contextlib.contextmanager
def volume() -> Iterator[str]:
    """A named volume, gone at the end."""
    name = docker("volume", "create")
    try:
        yield name
    finally:
        docker("volume", "rm", "--force", name)
