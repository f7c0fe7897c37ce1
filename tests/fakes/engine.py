"""A fake Wave's builds made for real: by a Docker engine, pushed to a real registry."""

import base64
import io
import os
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.fakes.server import Call, Reply

# What in a real Wave is the network that it builds in.
NETWORK = ("PIP_INDEX_URL", "EXTRA_CA")
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)


@dataclass
class RealBuild:
    """One build by the engine: the same members as a pretended one."""

    id: str
    image: str
    text: str
    platform: str
    sent: dict[str, Any]
    began_at: float = field(default_factory=time.time)
    ended_at: float | None = None
    exit_code: int | None = None
    log: str = ""

    @property
    def succeeded(self) -> bool | None:
        return None if self.exit_code is None else self.exit_code == 0

    @property
    def duration_s(self) -> float:
        return (self.ended_at or time.time()) - self.began_at

    def run(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            context, dockerfile = Path(folder, "context"), Path(folder, "Containerfile")
            unpack(self.sent["buildContext"]["location"], context)
            # Wave, too, keeps it outside of the context.
            dockerfile.write_text(self.text)
            given = [f"--build-arg={name}" for name in NETWORK if os.environ.get(name)]
            build = ("build", f"--platform={self.platform}", f"--tag={self.image}", *given)
            code = self._docker(*build, f"--file={dockerfile}", str(context))
        code = code or self._docker("push", self.image)
        self.ended_at = time.time()
        self.exit_code = code

    def _docker(self, *argv: str) -> int:
        env = {**os.environ, "DOCKER_BUILDKIT": "0"}
        done = subprocess.run(
            ["docker", *argv],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.log += done.stdout
        return done.returncode


def unpack(location: str, folder: Path) -> None:
    """Unpack a context as it travels: base64 of a gzipped tar, directly behind `data:`."""
    content = base64.b64decode(location.removeprefix("data:"), validate=True)
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        assert all(member.isfile() or member.isdir() for member in archive)
        archive.extractall(folder, filter="data")


@dataclass
class Engine:
    """Builds with the engine of the environment, serves from the registry at `host`."""

    host: str
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self, id_: str, image: str, text: str, sent: dict[str, Any]) -> RealBuild:
        platform = sent.get("containerPlatform") or "linux/amd64"
        build = RealBuild(id_, image, text, platform, sent)
        thread = threading.Thread(target=build.run, daemon=True)
        self.threads.append(thread)
        thread.start()
        return build

    def inspect(self, image: str, platform: str) -> dict[str, Any]:
        name, _, tag = image.partition("/")[2].rpartition(":")
        answer = self._ask(requests.get, f"{name}/manifests/{tag}")
        config = answer.json()["config"]["digest"]
        found = self._ask(requests.get, f"{name}/blobs/{config}").json()
        digest = answer.headers["Docker-Content-Digest"]
        return {"digest": digest, "config": {"architecture": found["architecture"]}}

    def pull(self, call: Call, image: str, what: str) -> Reply:
        name = image.partition("/")[2].rpartition(":")[0]
        ask = requests.head if call.method == "HEAD" else requests.get
        answer = self._ask(ask, f"{name}/{what}")
        passed = ("Docker-Content-Digest", "Content-Length", "Docker-Distribution-Api-Version")
        headers = {key: answer.headers[key] for key in passed if key in answer.headers}
        return Reply(answer.status_code, answer.content, answer.headers["Content-Type"], headers)

    def _ask(self, ask: Callable[..., requests.Response], path: str) -> requests.Response:
        url = f"http://{self.host}/v2/{path}"
        return ask(url, headers={"Accept": ", ".join(MANIFESTS)}, timeout=60)
