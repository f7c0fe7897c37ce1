"""Log all that MLflow's clients log, and read it back. Prints what came back."""

import json
import time
from pathlib import Path

import mlflow
import numpy as np
from mlflow import MlflowClient
from sklearn.linear_model import LinearRegression

NAMES = ("report.txt", "empty.bin", "figures/Übersicht ü日本.svg")


@mlflow.trace
def annotate(variant: str) -> str:
    """A traced function with a traced step inside."""
    with mlflow.start_span("look up") as span:
        span.set_inputs({"variant": variant})
    return f"{variant}: benign"


def main() -> None:
    """A training script, and then somebody who looks at what it left."""
    mlflow.set_experiment("everything")
    inputs = np.array([[1.0], [2.0], [3.0]])
    model = LinearRegression().fit(inputs, np.array([2.0, 4.0, 6.0]))
    _write_files(Path("files"))
    with mlflow.start_run(run_name="Lauf ü日本") as run:
        mlflow.log_params({"alpha": 0.5, "solver": "lsqr"})
        mlflow.log_metrics({"rmse": 0.25, "r2": 0.75}, step=1)
        mlflow.set_tags({"team": "genomics", "note": "ü日本"})
        mlflow.log_artifacts("files", "out")
        logged = mlflow.sklearn.log_model(
            model, name="model", input_example=inputs, registered_model_name="double it"
        )
    annotate("chr1:12345 A>G")
    print(json.dumps(_read_back(run.info.run_id, logged.model_uri, inputs)))


def _write_files(folder: Path) -> None:
    for name in NAMES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if "empty" in name else name.encode())


def _read_back(run_id: str, model_uri: str, inputs: np.ndarray) -> dict[str, object]:
    client = MlflowClient()
    run = client.get_run(run_id)
    version = client.get_model_version("double it", "1")
    downloaded = Path(client.download_artifacts(run_id, "out", "."))
    return {
        "experiment": run.info.experiment_id,
        "run": run_id,
        "name": run.info.run_name,
        "status": run.info.status,
        "artifact_uri": run.info.artifact_uri,
        "params": run.data.params,
        "metrics": run.data.metrics,
        "tags": {name: run.data.tags[name] for name in ("team", "note")},
        "top": sorted(file.path for file in client.list_artifacts(run_id)),
        "files": {
            path.relative_to(downloaded).as_posix(): path.read_bytes().decode()
            for path in downloaded.rglob("*")
            if path.is_file()
        },
        "model_uri": model_uri,
        "source": version.source,
        "predicted": mlflow.pyfunc.load_model(model_uri).predict(inputs).tolist(),
        "registered": mlflow.pyfunc.load_model("models:/double it/1").predict(inputs).tolist(),
        "spans": _spans(),
    }


def _spans() -> list[str]:
    mlflow.flush_trace_async_logging()
    deadline = time.monotonic() + 30
    while True:
        traces = mlflow.search_traces(return_type="list")
        if traces and traces[0].data.spans:
            return sorted(span.name for span in traces[0].data.spans)
        if time.monotonic() > deadline:
            raise SystemExit("the trace did not arrive")
        time.sleep(0.2)


if __name__ == "__main__":
    main()
