"""docs/leaving.md, done as it stands: from a Studio's data link to a server of plain MLflow."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.documented import arguments
from tests.e2e.another_process import run_client
from tests.running import CLEAN, free_port, running, wait_until

pytestmark = [pytest.mark.mlflow, pytest.mark.slow]

MODULES = {"studioctl": "deploy.cli", "mlflow": "mlflow"}


def typed(start: str, **names: object) -> list[str]:
    """The page's command that begins so, as it is typed: with the reader's own names."""
    program, *words = arguments(start)
    for old, new in names.items():
        words = [word.replace(old, str(new)) for word in words]
    return [sys.executable, "-P", "-m", MODULES[program], *words]


def output(command: list[str], folder: Path) -> str:
    return subprocess.run(
        command, env=CLEAN, cwd=folder, stdout=subprocess.PIPE, text=True, timeout=60, check=True
    ).stdout


def asked(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_what_a_studio_kept_is_served_by_plain_mlflow(tmp_path: Path, home: Path) -> None:
    link = tmp_path / "data" / "runs"
    link.mkdir(parents=True)
    with running(home, {"STUDIO_DATA_DIR": str(link.parent)}) as studio:
        run = run_client("one_run.py", tmp_path / "client", studio.url, "leaving")
        assert studio.stop() == 0
    listed = output(typed("studioctl snapshots list FOLDER", FOLDER=link), tmp_path)
    state = listed.splitlines()[1].split()[0]
    export = typed("studioctl snapshots export FOLDER STATE", FOLDER=link, STATE=state)
    output(export, tmp_path)
    assert (tmp_path / "mlflow.db").exists()

    port = free_port()
    serve = [*typed("mlflow server", FOLDER=link), f"--port={port}", "--workers=1"]
    with (tmp_path / "log").open("w") as log:
        # Background jobs would be eight more processes that import MLflow.
        env = {**CLEAN, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        server = subprocess.Popen(
            serve, env=env, cwd=tmp_path, stdout=log, stderr=log, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(url), 90, lambda: (tmp_path / "log").read_text())
        found = asked(f"{url}/api/2.0/mlflow/runs/get?run_id={run['id']}")
        assert found["run"]["info"]["run_name"] == run["name"]
        artifact = f"{url}/get-artifact?run_uuid={run['id']}&path=qc/summary.txt"
        with urllib.request.urlopen(artifact, timeout=60) as answer:
            assert answer.read().decode() == "4 212 variants\n"
    finally:
        # With all that it has started: how plain MLflow stops is not ours to wait for.
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
