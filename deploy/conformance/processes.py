"""Sessions as processes of this machine: each with a home and data links in a folder of its own."""

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.conformance.session import DataLink, Stopped
from deploy.launch import free_port
from deploy.process import Background, Command
from deploy.wait import Clock

_SETTINGS = ("MLFLOW_", "STUDIO_", "CONNECT_TOOL_")


@dataclass(slots=True)
class Process:
    """One session; the `Session` of checks."""

    command: Command
    listens: int
    log_file: Path
    clock: Clock
    stop_s: int
    child: Background | None = None

    @property
    def port(self) -> int | None:
        """The port that it was given."""
        return self.listens if self.running else None

    @property
    def running(self) -> bool:
        """Tell whether it has been started and has not ended."""
        return self.child is not None and self.child.running

    @property
    def elsewhere(self) -> str:
        """Not known: other programs of this machine listen, too."""
        return ""

    @property
    def log(self) -> str:
        """Both of its channels, from the first start on."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def start(self) -> None:
        """Start it, the first time or again."""
        self.child = Background(self.command, self.log_file)

    def stop(self) -> Stopped:
        """Stop it as the Platform does."""
        assert self.child is not None, "it was never started"
        began = self.clock.steady()
        code = self.child.terminate(self.stop_s)
        return Stopped(-9 if code is None else code, self.clock.steady() - began, code is None)

    def kill(self) -> None:
        """End it at once, with all that it has started."""
        if self.child is not None:
            self.child.kill()

    def has(self, path: str) -> bool:
        """Look at this machine's disk."""
        return Path(path).exists()


@dataclass(frozen=True, slots=True)
class Processes:
    """The `Platform` of checks for a program of this machine."""

    program: Sequence[str]
    env: Mapping[str, str]
    folder: Path
    stack: contextlib.ExitStack
    clock: Clock
    start_s: float
    stop_s: int

    @property
    def scratch(self) -> str:
        """A folder that all sessions share."""
        return str(self.folder / "scratch")

    def session(self, env: Mapping[str, str], links: Sequence[DataLink] = ()) -> Process:
        """Make a session with an empty home."""
        place = self.folder / f"session-{uuid.uuid4().hex[:8]}"
        data = place / "data"
        data.mkdir(parents=True)
        for link in links:
            (data / link.name).symlink_to(link.place, target_is_directory=True)
        port = free_port()
        ours = {
            "CONNECT_TOOL_PORT": str(port),
            "STUDIO_HOME": str(place / "home"),
            "STUDIO_DATA_DIR": str(data),
            "STUDIO_LINK_WAIT": "0",  # these links are complete
        }
        command = Command(tuple(self.program), {**self.env, **ours, **env})
        session = Process(command, port, place / "log", self.clock, self.stop_s)
        self.stack.callback(session.kill)
        return session

    def link(self, name: str) -> DataLink:
        """Make a folder."""
        place = self.folder / f"link-{uuid.uuid4().hex[:8]}"
        place.mkdir()
        return DataLink(name, str(place))

    def read_only_link(self, name: str, files: Mapping[str, bytes]) -> DataLink | None:
        """Make a folder with these files; to root nothing is read-only."""
        place = Path(self.link(name).place)
        for file, content in files.items():
            (place / file).write_bytes(content)
        place.chmod(0o555)
        self.stack.callback(place.chmod, 0o755)
        return None if os.access(place, os.W_OK) else DataLink(name, str(place), writable=False)


@contextlib.contextmanager
def processes(
    program: Sequence[str], env: Mapping[str, str], clock: Clock, start_s: float, stop_s: int
) -> Iterator[Processes]:
    """Start sessions of a program, and leave nothing behind.

    The user's own settings for a server are left out: the checks bring theirs.
    """
    env = {n: v for n, v in env.items() if not n.upper().lstrip("_").startswith(_SETTINGS)}
    with (
        tempfile.TemporaryDirectory(prefix="studioctl-verify-") as name,
        contextlib.ExitStack() as stack,
    ):
        folder = Path(name).resolve()
        (folder / "scratch").mkdir()
        yield Processes(program, env, folder, stack, clock, start_s, stop_s)
