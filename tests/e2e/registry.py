"""A real registry on a free loopback port, where Docker needs no TLS; its files are thrown away."""

import base64
import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.image.containers import ask
from tests.running import free_port, wait_until

PROGRAM = "docker-registry"
USER, PASSWORD = "studio", "geheim"
# The password above, by bcrypt at its lowest cost.
_HTPASSWD = f"{USER}:$2b$04$KKhZqRcYkzLBYp.ARx4Ue.OECq22cEcoQ8RfeGc7Ldrie4uuclzlS\n"
_MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)


@dataclass(frozen=True, slots=True)
class Registry:
    """A running registry."""

    port: int
    folder: Path

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def digest(self, repository: str, tag: str) -> str | None:
        """What the registry itself answers for a tag; `repository` is without the host."""
        import requests

        answer = requests.head(
            f"http://{self.host}/v2/{repository}/manifests/{tag}",
            headers={"Accept": ", ".join(_MANIFESTS)},
            timeout=20,
        )
        return answer.headers.get("Docker-Content-Digest") if answer.ok else None

    def login(self, folder: Path, password: str = PASSWORD) -> Path:
        """Write a Docker configuration with a login for this registry, as `docker login` does."""
        folder.mkdir(parents=True, exist_ok=True)
        known = base64.b64encode(f"{USER}:{password}".encode()).decode()
        config = {"auths": {self.host: {"auth": known}}}
        (folder / "config.json").write_text(json.dumps(config))
        return folder


@contextlib.contextmanager
def registry(folder: Path, *, login: bool = False) -> Iterator[Registry]:
    """Start a registry, with a login if it is to have one; it is gone at the end."""
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"there is no {PROGRAM} command")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config = {
        "version": "0.1",
        "log": {"accesslog": {"disabled": True}, "level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    if login:
        (folder / "htpasswd").write_text(_HTPASSWD)
        config["auth"] = {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}}
    # JSON is YAML, too.
    (folder / "config.yml").write_text(json.dumps(config))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, "serve", str(folder / "config.yml")], stdout=log, stderr=log
        )
    try:
        wait_until(lambda: _answers(port) or process.poll() is not None, 30)
        assert process.poll() is None, (folder / "log").read_text()
        yield Registry(port, folder)
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    try:
        return ask(f"http://127.0.0.1:{port}", "/v2/").code in (200, 401)
    except OSError:
        return False
