"""MLflow's background jobs, switched on: they run, reach this server, and leave nothing."""

import hashlib
import json
import tempfile
from pathlib import Path

import pytest

from tests.e2e.effects import effect_of
from tests.running import Studio, descendants, is_alive, running, shared_memory, wait_until

pytestmark = [pytest.mark.mlflow, pytest.mark.slow]

# MLflow's own jobs need a language model; this one tells what jobs are given.
A_JOB = """
import os, urllib.request
from mlflow.server.jobs import job

@job(name="tell", max_workers=1)
def tell(question: str):
    with urllib.request.urlopen(question, timeout=20) as answer:
        version = answer.read().decode()
    return {"gateway": os.environ["MLFLOW_GATEWAY_URI"], "version": version}
"""
A_JOBS_NAMES = {
    "_MLFLOW_SUPPORTED_JOB_FUNCTION_LIST": "a_job.tell",
    "_MLFLOW_ALLOWED_JOB_NAME_LIST": "tell",
}
GATEWAY = "http://gateway.example.com:5000"


def command_lines(studio: Studio) -> list[str]:
    found = []
    for pid in descendants(studio.process.pid):
        found.append((Path("/proc") / str(pid) / "cmdline").read_text().replace("\0", " "))
    return found


@effect_of("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "MLFLOW_GATEWAY_URI")
def test_a_job_runs_reaches_this_server_and_leaves_nothing_behind(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "a_job.py").write_text(A_JOB)
    user = tmp_path / "user"
    user.mkdir()
    shared = shared_memory()
    env = {
        **A_JOBS_NAMES,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "true",
        "MLFLOW_GATEWAY_URI": GATEWAY,
        "STUDIO_WORKERS": "1",
        "PYTHONPATH": str(tmp_path),
        "HOME": str(user),
    }
    with running(home, env) as studio:
        assert studio.request("/studio/status").json()["jobs"] is True
        submission = {"job_name": "tell", "params": {"question": f"{studio.url}/version"}}
        submitted = studio.request("/ajax-api/3.0/jobs/", submission)
        assert submitted.code == 200, submitted.text
        path = f"/ajax-api/3.0/jobs/{submitted.json()['job_id']}"

        def ended() -> bool:
            return studio.request(path).json()["status"] in ("SUCCEEDED", "FAILED", "TIMEOUT")

        wait_until(ended, 120, lambda: studio.request(path).text + studio.log)
        job = studio.request(path).json()
        assert job["status"] == "SUCCEEDED", job
        told = job["result"] if isinstance(job["result"], dict) else json.loads(job["result"])
        assert told == {"gateway": GATEWAY, "version": studio.request("/version").text}
        consumers = [line for line in command_lines(studio) if "consumer" in line]
        assert len(consumers) >= 2
        pids = descendants(studio.process.pid)
        assert studio.stop() == 0
    wait_until(lambda: not any(map(is_alive, pids)), 10)
    assert shared_memory() <= shared
    assert list(user.iterdir()) == []
    # MLflow locks the making of its tables by a file that it never removes.
    lock = f"db_init_lock-{hashlib.md5(f'sqlite:///{home}/mlflow.db'.encode()).hexdigest()}"
    assert (home / "run" / "tmp" / lock).exists()
    assert not (Path(tempfile.gettempdir()) / lock).exists()


def test_without_jobs_a_submission_says_that_they_are_off(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a_job.py").write_text(A_JOB)
    env = {**A_JOBS_NAMES, "PYTHONPATH": str(tmp_path), "STUDIO_WORKERS": "1"}
    with running(home, env) as studio:
        assert len(descendants(studio.process.pid)) == 2
        submission = {"job_name": "tell", "params": {"question": "x"}}
        answer = studio.request("/ajax-api/3.0/jobs/", submission)
        assert answer.code in (400, 500)
        assert "not enabled" in answer.text
