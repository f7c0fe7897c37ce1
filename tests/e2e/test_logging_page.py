"""The code of docs/logging.md, run as it stands against a server of this machine."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.documented import BY_HAND, RUN_BY, page
from tests.running import CLEAN, Studio, copy_database, running

PAGE = page("logging")
BLOCKS = PAGE.blocks("python")
# The README's line is one more.
(ONE_LINE,) = (c for c in {**RUN_BY, **BY_HAND} if c.startswith("MLFLOW_TRACKING_URI="))
RECORDED = {
    "by hand": (BLOCKS[0], (), "variant-calling", {"f1": 0.97}),
    "from a pipeline": (BLOCKS[1], ("NA12879", "qc.json"), "variant-calling", {"q30": 0.9}),
    "in one line": (ONE_LINE.split('"')[1], (), "Default", {"accuracy": 0.97}),
}

pytestmark = [pytest.mark.mlflow]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Iterator[Studio]:
    home = copy_database(migrated_database, tmp_path_factory.mktemp("logging") / "home")
    with running(home) as studio:
        yield studio


@pytest.mark.parametrize(
    ("code", "arguments", "experiment", "metrics"), RECORDED.values(), ids=RECORDED
)
def test_a_block_of_python_logs_what_it_says(
    server: Studio,
    tmp_path: Path,
    code: str,
    arguments: tuple[str, ...],
    experiment: str,
    metrics: dict[str, float],
) -> None:
    (tmp_path / "qc.json").write_text(json.dumps({"q30": 0.9}))
    (tmp_path / "log.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-P", "log.py", *arguments],
        env={**CLEAN, "MLFLOW_TRACKING_URI": server.url, "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    path = "/api/2.0/mlflow/experiments/get-by-name?experiment_name="
    found = server.request(path + experiment).json()["experiment"]["experiment_id"]
    search = {"experiment_ids": [found], "max_results": 1}
    (run,) = server.request("/api/2.0/mlflow/runs/search", search).json()["runs"]
    assert {m["key"]: m["value"] for m in run["data"]["metrics"]} == metrics
    if experiment != "Default":
        listed = f"/api/2.0/mlflow/artifacts/list?run_id={run['info']['run_id']}"
        assert server.request(listed).json()["files"][0]["path"] == "qc"


def test_every_block_of_python_is_run() -> None:
    assert len(BLOCKS) == 2


def test_the_profile_that_it_shows_is_valid(tmp_path: Path) -> None:
    (block,) = PAGE.blocks("yaml")
    assert set(yaml.safe_load(block)) == {"environment"}
    (tmp_path / "studio.yaml").write_text(f"name: mlflow\n{block}")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "deploy.cli", "profile", "validate"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
