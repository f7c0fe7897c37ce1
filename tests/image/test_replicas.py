"""Two replicas on one PostgreSQL behind Caddy: under load one is killed, then the other stopped."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.image.composing import Project
from tests.image.containers import PYTHON
from tests.running import CLEAN, wait_until

pytestmark = [
    pytest.mark.docker,
    pytest.mark.mlflow,
    pytest.mark.slow,
    pytest.mark.timeout(1300),
]

CLIENT = Path(__file__).parent / "client_steady.py"
CLIENTS = 4
REPLICAS = ("studio-1", "studio-2")


@dataclass
class Load:
    """Clients that log runs until they are told to end. `acknowledged`: what they were answered."""

    process: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def acknowledged(self) -> dict[str, str]:
        return {line["name"]: line["id"] for line in self.lines if "id" in line}

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def wait_more(self, runs: int) -> None:
        """Wait until so many more runs have been acknowledged."""
        goal = len(self.acknowledged) + runs
        wait_until(lambda: len(self.acknowledged) >= goal, 60, lambda: str(self.lines[-3:]))

    def end(self) -> dict[str, list[str]]:
        """Let the clients finish, and give what the last line says."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(60) == 0
        wait_until(lambda: "begun" in self.lines[-1], 10)
        told: dict[str, list[str]] = self.lines[-1]
        return told


@pytest.fixture
def project(tmp_path: Path, free_port: int, image: str) -> Iterator[Project]:
    """The two replicas, serving, with a folder of the test's own instead of ./test-data."""
    link = tmp_path / "link"
    link.mkdir()
    overlay = tmp_path / "overlay.yml"
    mounted = {"volumes": [f"{link}:/workspace/data/test-data"]}
    overlay.write_text(json.dumps({"services": dict.fromkeys(REPLICAS, mounted)}))
    env = {"PORT": str(free_port), "COMPOSE_PROJECT_NAME": f"mlflow-replicas-test-{free_port}"}
    made = Project(["docker-compose.replicas.yml", str(overlay)], env)
    try:
        made.up()
        yield made
    finally:
        made.compose("run", "--rm", "--no-deps", "--entrypoint=chown", "studio-1", "-R",
                     str(os.getuid()), "/workspace/data/test-data")  # fmt: skip
        made.compose("down", "--volumes", "--timeout=30")


@pytest.fixture
def load(project: Project, tmp_path: Path) -> Iterator[Load]:
    process = subprocess.Popen(
        [sys.executable, "-P", str(CLIENT), project.url, str(CLIENTS)],
        env={**CLEAN, "HOME": str(tmp_path)},
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    made = Load(process)
    reader = threading.Thread(target=made.read)
    reader.start()
    try:
        yield made
    finally:
        process.kill()
        process.wait(20)
        reader.join()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()


def in_database(project: Project, query: str) -> Counter[str]:
    """How often each value comes back."""
    said = project.compose("exec", "-T", "postgres", "psql", "--username=mlflow", "--no-align",
                           "--tuples-only", f"--command={query}", "mlflow")  # fmt: skip
    return Counter(said.split())


def doubled(project: Project) -> set[str]:
    names = in_database(project, "SELECT name FROM runs")
    return {name for name, count in names.items() if count > 1}


def wait_ready(project: Project, replica: str) -> None:
    """Wait for the replica's own word, not for the proxy's."""
    ask_itself = "import urllib.request as r; r.urlopen('http://localhost:8080/studio/ready')"

    def is_ready() -> bool:
        try:
            project.compose("exec", "-T", replica, PYTHON, "-c", ask_itself)
        except AssertionError:
            return False
        return True

    wait_until(is_ready, 60, lambda: project.compose("logs", replica))


def test_no_acknowledged_run_is_lost_or_doubled_while_a_replica_is_killed(
    project: Project, load: Load
) -> None:
    for replica in REPLICAS:
        wait_ready(project, replica)
    made = [r for r in REPLICAS if "creating the tables" in project.compose("logs", r)]
    assert len(made) == 1

    load.wait_more(40)
    project.compose("kill", "studio-1")
    load.wait_more(80)
    # A call whose answer the kill cut off is repeated by MLflow's client, which has no key for
    # repeats: of a create that was stored already, the first run stays, and nobody was told its id.
    cut_off = doubled(project)
    assert len(cut_off) <= CLIENTS
    project.compose("start", "studio-1")
    wait_ready(project, "studio-1")

    # An ordinary stop, as at every replacement, answers what it has taken.
    load.wait_more(40)
    project.compose("stop", "studio-2")
    load.wait_more(80)
    project.compose("start", "studio-2")
    wait_ready(project, "studio-2")
    load.wait_more(40)
    told = load.end()

    assert told["errors"] == []
    assert sorted(load.acknowledged) == sorted(told["begun"])
    runs = in_database(project, "SELECT run_uuid FROM runs")
    metrics = in_database(project, "SELECT run_uuid FROM metrics")
    assert set(load.acknowledged.values()) <= set(runs)
    assert metrics == Counter(load.acknowledged.values())
    assert doubled(project) == cut_off
    assert len(runs) == len(load.acknowledged) + len(cut_off)
    # Published to this machine only.
    assert project.compose("port", "caddy", "5000").startswith("127.0.0.1:")
