"""Sessions as containers of an image, with the Platform's port, variables and data links.

connect-client needs the Platform, so the program that it would start is started in its place. Data
links are volumes of the engine, which every engine has, also one in a virtual machine.
"""

from __future__ import annotations

import contextlib
import io
import tarfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploy.conformance.session import DataLink, Stopped
from deploy.wait import Clock

if TYPE_CHECKING:
    from deploy.docker.engine import Engine

# Not the default, so that an image with a fixed port is found out.
PORT = 8765
DATA = "/workspace/data"
OURS = "io.seqera.studioctl.verify"
_MEMORY = 2 << 30
_KILLED = 137


@dataclass(frozen=True, slots=True)
class Container:
    """One session; the `Session` of checks."""

    engine: Engine
    id: str
    clock: Clock
    stop_s: int

    @property
    def port(self) -> int | None:
        """The published port."""
        ports = self._inspected()["NetworkSettings"]["Ports"].get(f"{PORT}/tcp") or []
        return int(ports[0]["HostPort"]) if ports else None

    @property
    def running(self) -> bool:
        """What the engine says."""
        return bool(self._inspected()["State"]["Running"])

    @property
    def log(self) -> str:
        """Both of its channels."""
        said: bytes = self.engine.client.logs(self.id)
        return said.decode("utf-8", "replace")

    def start(self) -> None:
        """Start it, the first time or again."""
        self.engine.client.start(self.id)

    def stop(self) -> Stopped:
        """Stop it as the Platform does."""
        began = self.clock.steady()
        self.engine.client.stop(self.id, timeout=self.stop_s)
        code = int(self._inspected()["State"]["ExitCode"])
        seconds = self.clock.steady() - began
        return Stopped(code, seconds, code == _KILLED and seconds >= self.stop_s - 1)

    def kill(self) -> None:
        """End it at once."""
        from docker.errors import APIError

        with contextlib.suppress(APIError):  # it has ended already
            self.engine.client.kill(self.id)

    def has(self, path: str) -> bool:
        """Look through the engine, which sees the disk of a stopped container as well."""
        from docker.errors import NotFound

        try:
            chunks, _ = self.engine.client.get_archive(self.id, path)
        except NotFound:
            return False
        for _ in chunks:
            break
        return True

    def _inspected(self) -> dict[str, Any]:
        found: dict[str, Any] = self.engine.client.inspect_container(self.id)
        return found


@dataclass(frozen=True, slots=True)
class Containers:
    """The `Platform` of checks for an image."""

    engine: Engine
    image: str
    program: Sequence[str]
    stack: contextlib.ExitStack
    clock: Clock
    stop_s: int
    scratch: str = "/var/tmp"

    def session(self, env: Mapping[str, str], links: Sequence[DataLink] = ()) -> Container:
        """Make a container, published on this machine alone."""
        client = self.engine.client
        binds: dict[str, Mapping[str, str]] = {
            link.place: {"bind": f"{DATA}/{link.name}", "mode": "rw" if link.writable else "ro"}
            for link in links
        }
        host = client.create_host_config(
            binds=binds, port_bindings={PORT: ("127.0.0.1", None)}, mem_limit=_MEMORY
        )
        made = client.create_container(
            self.image,
            command=list(self.program[1:]),
            entrypoint=list(self.program[:1]),
            environment={"CONNECT_TOOL_PORT": str(PORT), **env},
            ports=[PORT],
            host_config=host,
            labels={OURS: "1"},
        )
        id_ = str(made["Id"])
        self.stack.callback(client.remove_container, id_, v=True, force=True)
        return Container(self.engine, id_, self.clock, self.stop_s)

    def link(self, name: str, files: Mapping[str, bytes], *, writable: bool = True) -> DataLink:
        """Make a volume with these files."""
        client = self.engine.client
        volume = f"studioctl-verify-{uuid.uuid4().hex[:12]}"
        client.create_volume(volume, labels={OURS: "1"})
        self.stack.callback(client.remove_volume, volume, force=True)
        if files:
            self._fill(volume, files)
        return DataLink(name, volume, writable)

    def _fill(self, volume: str, files: Mapping[str, bytes]) -> None:
        """Put the files there through a container that is never started."""
        client = self.engine.client
        host = client.create_host_config(binds={volume: {"bind": "/link", "mode": "rw"}})
        made = client.create_container(self.image, host_config=host, labels={OURS: "1"})
        try:
            client.put_archive(made["Id"], "/link", _packed(files))
        finally:
            client.remove_container(made["Id"], v=True, force=True)


@contextlib.contextmanager
def containers(
    engine: Engine, image: str, program: Sequence[str], clock: Clock, stop_s: int
) -> Iterator[Containers]:
    """Start sessions of an image, and leave nothing behind."""
    with contextlib.ExitStack() as stack:
        yield Containers(engine, image, program, stack, clock, stop_s)


def _packed(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), int(time.time())
            tar.addfile(entry, io.BytesIO(content))
    return target.getvalue()
