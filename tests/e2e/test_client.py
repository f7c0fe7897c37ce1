"""What users' scripts do: MLflow's client in another process, which sees a URL and no folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.another_process import run_client
from tests.running import Studio

pytestmark = pytest.mark.mlflow
Start = Callable[..., Studio]


def test_a_script_logs_everything_and_reads_it_back(
    start_studio: Start, home: Path, tmp_path: Path
) -> None:
    studio = start_studio()
    found = run_client("everything.py", tmp_path / "client", studio.url)
    assert found["name"] == "Lauf ü日本"
    assert found["status"] == "FINISHED"
    assert found["params"] == {"alpha": "0.5", "solver": "lsqr"}
    assert found["metrics"] == {"rmse": 0.25, "r2": 0.75}
    assert found["tags"] == {"team": "genomics", "note": "ü日本"}
    assert found["files"] == {
        "report.txt": "report.txt",
        "empty.bin": "",
        "figures/Übersicht ü日本.svg": "figures/Übersicht ü日本.svg",
    }
    assert found["predicted"] == pytest.approx([2, 4, 6])
    assert found["registered"] == pytest.approx([2, 4, 6])
    assert found["spans"] == ["annotate", "look up"]
    kept = sorted(path.name for path in (home / "mlruns").rglob("*") if path.is_file())
    assert {"report.txt", "empty.bin", "Übersicht ü日本.svg", "MLmodel"} <= set(kept)

    assert found["artifact_uri"].startswith("mlflow-artifacts:/")
    assert found["source"].startswith("models:/")
    for answer in all_answers(studio, found["experiment"], found["run"]):
        assert str(home) not in answer, "a client was shown a folder of the server"


def all_answers(studio: Studio, experiment: str, run: str) -> list[str]:
    """Every answer of the API that could name a place."""
    page = {"max_results": 100}
    asked: list[tuple[str, object]] = [
        ("/api/2.0/mlflow/experiments/search", page),
        (f"/api/2.0/mlflow/experiments/get?experiment_id={experiment}", None),
        ("/api/2.0/mlflow/runs/search", {"experiment_ids": [experiment], **page}),
        (f"/api/2.0/mlflow/runs/get?run_id={run}", None),
        (f"/api/2.0/mlflow/artifacts/list?run_id={run}", None),
        (f"/ajax-api/2.0/mlflow/artifacts/list?run_id={run}&path=out", None),
        ("/api/2.0/mlflow-artifacts/artifacts?path=", None),
        ("/api/2.0/mlflow/registered-models/search", None),
        ("/api/2.0/mlflow/model-versions/search", None),
        ("/api/2.0/mlflow/model-versions/get-download-uri?name=double%20it&version=1", None),
        ("/api/2.0/mlflow/logged-models/search", {"experiment_ids": [experiment]}),
        ("/api/3.0/mlflow/traces/search", {"locations": [location(experiment)]}),
        ("/api/3.0/mlflow/server-info", None),
    ]
    answers = [studio.request(path, body) for path, body in asked]
    assert [(path, answer.code) for (path, _), answer in zip(asked, answers, strict=True)] == [
        (path, 200) for path, _ in asked
    ]
    return [answer.text for answer in answers]


def location(experiment: str) -> dict[str, object]:
    return {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
