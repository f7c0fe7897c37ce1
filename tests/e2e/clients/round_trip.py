"""Log a run, search for it, read its metrics and artifact back. Prints what came back."""

import json
from pathlib import Path

from mlflow import MlflowClient


def main() -> None:
    """What a pipeline and the person after it do, with MLflow's low-level client."""
    client = MlflowClient()
    experiment = client.create_experiment("variant-calling")
    run = client.create_run(experiment, run_name="NA12878")
    client.log_param(run.info.run_id, "caller", "deepvariant")
    for step in range(3):
        client.log_metric(run.info.run_id, "f1", 0.9 + step / 100, step=step)
    Path("report.txt").write_text("4 212 variants\n", encoding="utf-8")
    client.log_artifact(run.info.run_id, "report.txt", "qc")
    client.set_terminated(run.info.run_id)
    (found,) = client.search_runs([experiment], "metrics.f1 > 0.91")
    report = client.download_artifacts(run.info.run_id, "qc/report.txt", ".")
    history = client.get_metric_history(run.info.run_id, "f1")
    answer = {
        "run": found.info.run_id,
        "name": found.info.run_name,
        "caller": found.data.params["caller"],
        "history": [metric.value for metric in history],
        "artifact_uri": found.info.artifact_uri,
        "artifacts": [file.path for file in client.list_artifacts(run.info.run_id, "qc")],
        "report": Path(report).read_text(encoding="utf-8"),
    }
    client.delete_run(run.info.run_id)
    client.delete_experiment(experiment)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
