"""Sessions as containers of an image, with the Platform's port, variables and data links.

connect-client needs the Platform, so the program that it would start is started in its place: as
the main process, which has to handle SIGTERM itself (Seqera docs, custom-envs, "Signals"). Data
links are volumes of the engine, which every engine has, also one in a virtual machine.
"""

from __future__ import annotations

import contextlib
import io
import tarfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploy.conformance import interrupts, listening
from deploy.conformance.session import DataLink, Stopped
from deploy.wait import Clock

if TYPE_CHECKING:
    from deploy.docker.engine import Engine

# Not the default, so that an image with a fixed port is found out.
PORT = 8765
DATA = "/workspace/data"
OURS = "io.seqera.studioctl.verify"
# What a Studio has if nobody says otherwise (studio-config.yaml, computeRequirements).
_MEMORY = 8192 << 20
_KILLED = 137
# As a shell says it: the program cannot be run, or is not there.
_NOT_STARTED = (126, 127)


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
    def elsewhere(self) -> str:
        """What its kernel says; an image without `cat` cannot be asked."""
        from docker.errors import APIError

        client = self.engine.client
        try:
            asked = client.exec_create(self.id, ["cat", *listening.TABLES], stderr=False)
            said: bytes = client.exec_start(asked["Id"])
        except APIError:
            return ""
        return listening.elsewhere(said.decode("utf-8", "replace"), PORT)

    @property
    def log(self) -> str:
        """Both of its channels, and what the engine says of its end."""
        said: bytes = self.engine.client.logs(self.id)
        state = self._inspected()["State"]
        killed = "it was killed for want of memory" if state.get("OOMKilled") else ""
        # runc's words; what stands before them is what was tried, not what was wrong.
        why = str(state.get("Error") or "").rpartition("container process: ")[2]
        return "\n".join((said.decode("utf-8", "replace"), killed, why))

    def start(self) -> None:
        """Start it, the first time or again; a program that cannot be run has ended at once."""
        from docker.errors import APIError

        try:
            self.engine.client.start(self.id)
        except APIError:
            if self._inspected()["State"]["ExitCode"] not in _NOT_STARTED:
                raise

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
            pass  # read to the end, or the connection would stay
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
    start_s: float
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
        with interrupts.put_off():
            made = client.create_container(
                self.image,
                command=list(self.program[1:]),
                entrypoint=list(self.program[:1]),
                environment={"CONNECT_TOOL_PORT": str(PORT), **env},
                ports=[PORT],
                host_config=host,
                labels={OURS: "1"},
                stop_signal="SIGTERM",  # an image's own STOPSIGNAL is for `docker stop`
            )
            id_ = str(made["Id"])
            self.stack.callback(_remove, client.remove_container, id_, v=True)
        return Container(self.engine, id_, self.clock, self.stop_s)

    def link(self, name: str) -> DataLink:
        """Make a volume."""
        volume = f"studioctl-verify-{uuid.uuid4().hex[:12]}"
        with interrupts.put_off():
            self.engine.client.create_volume(volume, labels={OURS: "1"})
            self.stack.callback(_remove, self.engine.client.remove_volume, volume)
        return DataLink(name, volume)

    def read_only_link(self, name: str, files: Mapping[str, bytes]) -> DataLink:
        """Make a volume with these files, which sessions cannot write to."""
        volume = self.link(name).place
        self._fill(volume, files)
        return DataLink(name, volume, writable=False)

    def _fill(self, volume: str, files: Mapping[str, bytes]) -> None:
        """Put the files there through a container that is never started."""
        client = self.engine.client
        host = client.create_host_config(binds={volume: {"bind": "/link", "mode": "rw"}})
        with interrupts.put_off():
            made = client.create_container(self.image, host_config=host, labels={OURS: "1"})
            try:
                client.put_archive(made["Id"], "/link", _packed(files))
            finally:
                client.remove_container(made["Id"], v=True, force=True)


@contextlib.contextmanager
def containers(
    engine: Engine,
    image: str,
    program: Sequence[str],
    clock: Clock,
    start_s: float,
    stop_s: int,
) -> Iterator[Containers]:
    """Start sessions of an image, and leave nothing behind."""
    with contextlib.ExitStack() as stack:
        yield Containers(engine, image, program, stack, clock, start_s, stop_s)


def _remove(remove: Callable[..., None], what: str, **options: bool) -> None:
    """Remove a container or a volume, unless somebody else has done that."""
    from docker.errors import NotFound

    with contextlib.suppress(NotFound):
        remove(what, force=True, **options)


def _packed(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), int(time.time())
            tar.addfile(entry, io.BytesIO(content))
    return target.getvalue()
