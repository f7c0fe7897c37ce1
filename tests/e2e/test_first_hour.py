"""A user's first hour: from nothing to a Studio, through a restart and an upgrade, with one run.

The image, the registry and the sessions are real; the Platform is the fake one, in real time. The
data link is a folder that is mounted into each session.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from deploy.wait import Clock
from tests.deploy import calling
from tests.e2e.registry import Registry, registry
from tests.fakes.containers import DockerSessions
from tests.fakes.platform import TOKEN, Platform, Started, Stopping
from tests.image.conftest import STAND_IN
from tests.image.containers import BUILD_ARGUMENTS, docker
from tests.running import CLEAN

pytestmark = [pytest.mark.docker, pytest.mark.mlflow, pytest.mark.timeout(1300)]

ONE_RUN = Path(__file__).parent / "clients/one_run.py"
EXPERIMENT = "variant calling"


@dataclass
class User:
    """Someone in an empty folder, with a workspace, a registry and Docker."""

    folder: Path
    platform: Platform
    registry: Registry
    link: Path

    def calls(self, *words: str) -> str:
        """Call studioctl as a shell does; give what it printed on stdout."""
        done = calling.studioctl(
            *words,
            cwd=self.folder,
            limit_s=1200,
            **{name: value for name, value in os.environ.items() if name.startswith("DOCKER_")},
            HOME=str(self.folder.parent),
            TOWER_ACCESS_TOKEN=TOKEN,
            TOWER_API_ENDPOINT=self.platform.endpoint,
        )
        assert done.returncode == 0, f"studioctl {' '.join(words)}:\n{done.stderr[-6000:]}"
        assert TOKEN not in done.stdout + done.stderr
        return done.stdout.strip()

    def fills_in(self) -> None:
        """Write into the sample profile what only the user knows."""
        file = self.folder / "studio.yaml"
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
        said["compute-env"] = "aws-eu"
        said["data-links"] = [{"name": "runs", "writable": True}]
        said["resources"]["memory"] = "2 GiB"
        arguments = {name: os.environ[name] for name in BUILD_ARGUMENTS if os.environ.get(name)}
        said["image"] |= {
            "build": "docker",
            "repository": f"{self.registry.host}/acme/mlflow-studio",
            "arguments": arguments,
        }
        file.write_text(yaml.safe_dump(said), encoding="utf-8")

    def logs_a_run(self, url: str) -> dict[str, str]:
        """Log a run with MLflow's own client, as a training script does."""
        done = subprocess.run(
            [sys.executable, str(ONE_RUN), EXPERIMENT],
            env={**CLEAN, "MLFLOW_TRACKING_URI": url, "MLFLOW_DISABLE_TELEMETRY": "true"},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        return found

    def finds(self, url: str, run: dict[str, str]) -> None:
        """Find the run again, with its metrics and its file."""
        api = f"{url}/api/2.0/mlflow"
        there = requests.get(f"{api}/runs/get", params={"run_id": run["id"]}, timeout=30).json()
        data: dict[str, Any] = there["run"]["data"]
        assert {each["key"]: each["value"] for each in data["metrics"]} == {"f1_snp": 0.9957}
        text = requests.get(
            f"{url}/get-artifact",
            params={"path": "qc/summary.txt", "run_uuid": run["id"]},
            timeout=30,
        ).text
        assert text == "4 212 variants\n"

    def has_another_image(self, image: str) -> str:
        """Push a newer image: the same with one layer more."""
        other = f"{self.registry.host}/acme/mlflow-studio:newer-{uuid.uuid4().hex[:8]}"
        folder = self.folder / "newer"
        folder.mkdir()
        (folder / "Dockerfile").write_text(f"FROM {image}\nLABEL newer=yes\n")
        docker("build", "--tag", other, str(folder), env={"DOCKER_BUILDKIT": "0"})
        docker("push", other)
        return other


@pytest.fixture
def a_user(tmp_path: Path) -> Iterator[User]:
    folder, link = tmp_path / "project", tmp_path / "link"
    folder.mkdir()
    link.mkdir()
    sessions = DockerSessions(
        options=[f"--volume={STAND_IN}:/usr/bin/connect-client:ro"],
        environment={"MLFLOW_DISABLE_TELEMETRY": "true"},
    )
    with (
        registry(tmp_path / "registry") as a_registry,
        sessions,
        Platform(Clock(), runner=sessions) as platform,
    ):
        # How long things take is the containers' own matter.
        platform.lives.usual_start = Started(starting_s=0)
        platform.lives.usual_stop = Stopping(0)
        platform.book.start_protected_s = 0
        platform.add_compute_env("aws-eu", platform="aws-cloud", allowBuckets=["s3://acme-runs"])
        platform.add_link("runs", "s3://acme-runs", folder=link)
        yield User(folder, platform, a_registry, link)
    of_this_test = f"--filter=reference={a_registry.host}/*/*"
    tags = docker("images", "--format={{.Repository}}:{{.Tag}}", of_this_test).split()
    if tags:
        docker("image", "rm", "--force", *tags)


def test_a_run_outlives_a_restart_and_an_upgrade(a_user: User) -> None:
    a_user.calls("init")
    a_user.fills_in()
    image = a_user.calls("build", "--docker", "--push")
    assert image.startswith(f"{a_user.registry.host}/acme/mlflow-studio:")

    url = a_user.calls("deploy", "-w", "Acme/ml")
    studio = a_user.platform.studio("mlflow")
    assert (url, studio.image) == (studio.url, image)
    assert a_user.calls("url", "-w", "Acme/ml") == url
    run = a_user.logs_a_run(url)
    a_user.finds(url, run)

    a_user.calls("stop", "-w", "Acme/ml")
    assert a_user.platform.status("mlflow") == "stopped"
    assert a_user.calls("start", "-w", "Acme/ml") == url
    a_user.finds(url, run)

    newer = a_user.has_another_image(image)
    said = json.loads(a_user.calls("deploy", "-w", "Acme/ml", "--image", newer, "--json"))
    assert (said["action"], said["ready"], said["image"]) == ("replace", "ready", newer)
    assert said["url"] != url
    (kept,) = (each for each in a_user.platform.studios.values() if each.name != "mlflow")
    assert "studioctl-state" in {label.name for label in kept.labels}
    a_user.finds(said["url"], run)
    another = a_user.logs_a_run(said["url"])

    back = a_user.calls("rollback", "-w", "Acme/ml")
    assert back == url
    for each in (run, another):
        a_user.finds(back, each)
    assert sorted(path.name for path in a_user.link.iterdir()) == ["mlflow-studio"]
