"""A client that logs a model with its artifacts and loads it back; run as a program of its own.

$ python client_models.py URL      the last line is JSON: where it went, and whether it is the same
"""

import json
import sys
import tempfile

import mlflow
from sklearn.linear_model import LinearRegression


def main(server: str) -> None:
    mlflow.set_tracking_uri(server)
    mlflow.set_experiment("models")
    inputs = [[1.0], [2.0], [3.0]]
    model = LinearRegression().fit(inputs, [2.0, 4.0, 6.0])
    with mlflow.start_run() as run:
        mlflow.log_param("kind", "linear")
        mlflow.log_metric("error", 0.0)
        mlflow.log_text("hello", "notes/hello.txt")
        logged = mlflow.sklearn.log_model(model, name="model", skops_trusted_types=[])
    with tempfile.TemporaryDirectory() as folder:
        loaded = mlflow.pyfunc.load_model(logged.model_uri, dst_path=folder)
        same = list(loaded.predict(inputs)) == list(model.predict(inputs))
    print(json.dumps({"artifacts": run.info.artifact_uri, "same": same}))


if __name__ == "__main__":
    main(sys.argv[1])
