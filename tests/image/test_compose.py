"""`docker compose up`, with SQLite and with PostgreSQL."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.composing import Project
from tests.image.containers import ask

pytestmark = [
    pytest.mark.docker,
    pytest.mark.mlflow,
    pytest.mark.slow,
    pytest.mark.timeout(1300),
]


@pytest.fixture
def project(
    request: pytest.FixtureRequest, tmp_path: Path, free_port: int, image: str
) -> Iterator[Project]:
    """The files named by the test, with a data link of its own instead of ./test-data."""
    link = tmp_path / "link"
    link.mkdir()
    overlay = tmp_path / "overlay.yml"
    services = {"studio": {"volumes": [f"{link}:/workspace/data/test-data"]}}
    overlay.write_text(json.dumps({"services": services}))
    env = {"PORT": str(free_port), "COMPOSE_PROJECT_NAME": f"mlflow-studio-test-{free_port}"}
    made = Project([*request.param, str(overlay)], env)
    try:
        yield made
    finally:
        made.compose("run", "--rm", "--no-deps", "--entrypoint=chown", "studio", "-R",
                     str(os.getuid()), "/workspace/data/test-data")  # fmt: skip
        made.compose("down", "--volumes", "--timeout=30")


@pytest.mark.parametrize("project", [["docker-compose.yml"]], indirect=True, ids=["sqlite"])
def test_compose_serves_on_localhost_and_keeps_runs(project: Project, tmp_path: Path) -> None:
    project.up()
    created = ask(project.url, "/api/2.0/mlflow/experiments/create", {"name": "kept"})
    assert created.code == 200
    assert any((tmp_path / "link").iterdir())
    # Published to this machine only.
    published = project.compose("port", "studio", project.env["PORT"]).strip()
    assert published.startswith("127.0.0.1:")
    project.compose("down", "--timeout=30")
    project.up()
    found = ask(project.url, "/api/2.0/mlflow/experiments/get-by-name?experiment_name=kept")
    assert found.code == 200


@pytest.mark.parametrize(
    "project",
    [["docker-compose.yml", "docker-compose.postgres.yml"]],
    indirect=True,
    ids=["postgres"],
)
def test_compose_serves_from_postgresql(project: Project) -> None:
    project.up()
    created = ask(project.url, "/api/2.0/mlflow/experiments/create", {"name": "kept"})
    assert created.code == 200
    query = "select name from experiments order by name"
    rows = project.compose("exec", "-T", "postgres", "psql", "--username=mlflow", "--no-align",
                           "--tuples-only", f"--command={query}", "mlflow")  # fmt: skip
    assert "kept" in rows.split()
    password = project.compose("exec", "-T", "studio", "cat", "/credentials/password").strip()
    assert len(password) == 48
    # The password is in the files alone: in no environment, no log and no answer.
    containers = project.compose("ps", "--all", "--quiet").split()
    told = subprocess.run(
        ["docker", "inspect", *containers], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    status = ask(project.url, "/studio/status").text
    assert password not in told + project.compose("logs") + status
    assert "PostgreSQL" in status or "postgresql" in status
