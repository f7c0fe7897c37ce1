"""What publishing costs the server, and how fast a database comes back.

The load is SQLite's alone, 50 commits a second, once without a publisher and once with one: what a
server adds would only hide the difference.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import databases, processes, servers
from bench.environment import Environment
from bench.figures import OURS, percentile
from bench.measurements import Scale

_DELTA_COMMITS_S = 2.0
_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Place:
    """A home with a database, a data link, and the commands between them."""

    python: Path
    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def db(self) -> Path:
        return self.home / "mlflow.db"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def link(self) -> Path:
        return self.data / "link"

    def make(self, database: Path) -> None:
        """Begin with a copy of a database, and nothing on the link."""
        self.link.mkdir(parents=True)
        self.home.mkdir(mode=0o700)
        shutil.copyfile(database, self.db)

    def command(self, verb: str, home: Path, *words: str) -> list[str]:
        """One of the commands that the supervisor runs."""
        places = ["--link", self.link, "--db", home / "mlflow.db", "--home", home]
        return [str(self.python), "-P", "-m", "studio.snapshots", verb, *map(str, places), *words]

    def publishing(self, interval_s: float) -> "subprocess.Popen[bytes]":
        """Start a publisher; it has published and rehearsed the first state when this returns."""
        words = self.command("publish", self.home, "--interval", str(interval_s))
        process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        self.wait(lambda status: status.get("drill") is not None)
        return process

    def wait(self, true: Any) -> None:
        """Wait until the publisher's status fulfils something."""
        deadline = time.monotonic() + _LIMIT_S
        while not true(self.status()):
            if time.monotonic() > deadline:
                raise SystemExit("error: the publisher does not publish")
            time.sleep(0.05)

    def status(self) -> dict[str, Any]:
        with suppress(FileNotFoundError):
            found: dict[str, Any] = json.loads((self.home / "run/publisher.json").read_text())
            return found
        return {}

    def bytes_on_link(self) -> int:
        return sum(path.stat().st_size for path in self.link.rglob("*") if path.is_file())


def measure(prepared: Environment, folder: Path, scale: Scale) -> dict[str, float]:
    """All figures about snapshots; the databases are made anew and removed afterwards."""
    folder.mkdir(parents=True)
    try:
        return {
            **_of_a_common_one(prepared, folder, scale),
            **_of_a_large_one(prepared, folder, scale),
        }
    finally:
        shutil.rmtree(folder)


def _of_a_common_one(prepared: Environment, folder: Path, scale: Scale) -> dict[str, float]:
    """A database of 100 MB, or as the scale says."""
    database = folder / "common.db"
    databases.make(prepared.our_database, database, scale.common_mb)
    place = Place(prepared.python, folder / "common")
    place.make(database)
    seconds, interval = scale.commits_s, min(15.0, scale.commits_s / 4)
    without = _commits(place.db, seconds)
    process = place.publishing(interval)
    before, used = place.bytes_on_link(), processes.cpu_s([process.pid])
    publishing = _commits(place.db, seconds)
    used = processes.cpu_s([process.pid]) - used
    stopped_s, _ = _stopped(process)
    shipped = place.bytes_on_link() - before
    found = {
        "commit_alone_p50_ms": percentile(without, 50),
        "commit_alone_p99_ms": percentile(without, 99),
        "commit_p50_ms": percentile(publishing, 50),
        "commit_more_ms": percentile(publishing, 50) - percentile(without, 50),
        "commit_p99_ms": percentile(publishing, 99),
        "shipped_bytes": shipped / len(publishing),
        "publisher_percent": 100 * used / seconds,
        "final_s": stopped_s,
        "restore_s": _restored(place, folder / "restored"),
    }
    return {**found, **_starts(prepared, place, folder)}


def _of_a_large_one(prepared: Environment, folder: Path, scale: Scale) -> dict[str, float]:
    """A database of 1 GB, or as the scale says: the publisher's memory, and the way back."""
    database = folder / "large.db"
    databases.make(prepared.our_database, database, scale.large_mb)
    place = Place(prepared.python, folder / "large")
    place.make(database)
    database.unlink()
    process = place.publishing(15.0)
    _commits(place.db, _DELTA_COMMITS_S)
    _, memory = _stopped(process)
    return {
        "large_cycle_s": place.status()["cycle_s"],
        "large_memory_mb": memory,
        "large_restore_s": _restored(place, folder / "large-restored"),
    }


def _commits(db: Path, seconds: float) -> list[float]:
    words = [sys.executable, "-m", "bench.databases", str(db), str(seconds)]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


def _stopped(process: "subprocess.Popen[bytes]") -> tuple[float, float]:
    """Stop a publisher, which publishes what is left: how long that takes, and its most memory."""
    began, peak = time.perf_counter(), 0.0
    process.send_signal(signal.SIGTERM)
    while process.poll() is None:
        peak = processes.peak_mb(process.pid) or peak
        time.sleep(0.01)
    if process.returncode:
        raise SystemExit("error: the publisher failed")
    return time.perf_counter() - began, peak


def _restored(place: Place, home: Path) -> float:
    """A start with an empty home, as a process."""
    began = time.perf_counter()
    _report(place.command("start", home))
    seconds = time.perf_counter() - began
    shutil.rmtree(home)
    return seconds


def _report(command: Sequence[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    choice = json.loads(done.stdout)["choice"]
    if choice != "restore":
        raise SystemExit(f"error: the start chose {choice}")


def _starts(prepared: Environment, place: Place, folder: Path) -> dict[str, float]:
    """The server's start with an empty home, with nothing on the link and with all of it there."""
    with servers.running(OURS, prepared, folder / "without", empty=True) as server:
        without = server.start_s
    with servers.running(OURS, prepared, folder / "with", empty=True, data=place.data) as server:
        restoring = server.start_s
    return {"start_restoring_s": restoring, "start_more_s": restoring - without}
