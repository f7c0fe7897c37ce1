"""Where the Docker engine is, as the docker command itself would find it.

The environment comes first, then the chosen Docker context, then the usual sockets; the last of
those are Docker Desktop's and Podman's, which speaks the same language.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.errors import InvalidSetting

WINDOWS_PIPE = "npipe:////./pipe/docker_engine"
USUAL_SOCKET = "/var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of an engine, and the setting that named it.

    `certificates` is the folder with ca.pem, cert.pem and key.pem when the engine wants TLS.
    """

    address: str
    source: str
    certificates: Path | None = None
    verify: bool = True
    is_guess: bool = False

    @property
    def socket(self) -> str | None:
        """The path of the engine's socket, if that is how to reach it."""
        scheme, _, path = self.address.partition("://")
        return path if scheme == "unix" else None

    @property
    def variables(self) -> dict[str, str]:
        """What the docker command needs to find the same engine: it does not look everywhere."""
        return {"DOCKER_HOST": self.address} if self.is_guess else {}


def find(env: Mapping[str, str], exists: Callable[[str], bool] = os.path.exists) -> Endpoint:
    """Give the engine's address; whether it answers is another question."""
    host = env.get("DOCKER_HOST", "").strip()
    if host:
        wanted = bool(env.get("DOCKER_TLS_VERIFY"))
        folder = Path(env.get("DOCKER_CERT_PATH") or config_folder(env))
        return Endpoint(host, "DOCKER_HOST", folder if wanted else None)
    name = env.get("DOCKER_CONTEXT") or str(configuration(env).get("currentContext") or "default")
    if name != "default":
        source = "DOCKER_CONTEXT" if env.get("DOCKER_CONTEXT") else "the current Docker context"
        return _of_context(config_folder(env), name, f"{source}, {name}")
    if os.name == "nt":
        return Endpoint(WINDOWS_PIPE, "the default")
    for path, source in _sockets(env):
        if exists(path):
            return Endpoint(f"unix://{path}", source, is_guess=path != USUAL_SOCKET)
    return Endpoint(f"unix://{USUAL_SOCKET}", "the default")


def _sockets(env: Mapping[str, str]) -> list[tuple[str, str]]:
    runtime, home = env.get("XDG_RUNTIME_DIR"), env.get("HOME", "")
    own = [(f"{runtime}/podman/podman.sock", "Podman's socket")] if runtime else []
    return [
        (USUAL_SOCKET, "the default"),
        (f"{home}/.docker/run/docker.sock", "Docker Desktop's socket"),
        *own,
        ("/run/podman/podman.sock", "Podman's socket"),
    ]


def config_folder(env: Mapping[str, str]) -> Path:
    """Give the folder of the user's Docker configuration."""
    home = env.get("USERPROFILE" if os.name == "nt" else "HOME") or str(Path.home())
    return Path(env.get("DOCKER_CONFIG") or Path(home) / ".docker")


def configuration(env: Mapping[str, str]) -> dict[str, Any]:
    """Read the user's Docker configuration; none is as good as an empty one."""
    return _read(config_folder(env) / "config.json") or {}


def _of_context(folder: Path, name: str, source: str) -> Endpoint:
    known_as = hashlib.sha256(name.encode()).hexdigest()
    meta = _read(folder / "contexts" / "meta" / known_as / "meta.json")
    endpoint = ((meta or {}).get("Endpoints") or {}).get("docker") or {}
    if not endpoint.get("Host"):
        raise InvalidSetting(
            source, "there is no such Docker context; `docker context ls` lists them."
        )
    certificates = folder / "contexts" / "tls" / known_as / "docker"
    return Endpoint(
        str(endpoint["Host"]),
        source,
        certificates if certificates.is_dir() else None,
        verify=not endpoint.get("SkipTLSVerify"),
    )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InvalidSetting(str(path), f"cannot be read: {error}.") from error
    return found if isinstance(found, dict) else None
