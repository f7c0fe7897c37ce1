"""A client that lets the server score a trace in a background job; run as a program of its own.

$ python client_scores.py URL      the last line is JSON: the job's status and its result
"""

import json
import sys
import time
import urllib.request

import mlflow
from mlflow.genai.scorers import ResponseLength


def call(url: str, body: object = None) -> dict[str, object]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def main(server: str) -> None:
    mlflow.set_tracking_uri(server)
    experiment = mlflow.set_experiment("jobs").experiment_id
    with mlflow.start_span("question") as span:
        span.set_outputs("an answer longer than ten")
    mlflow.flush_trace_async_logging()
    params = {
        "experiment_id": experiment,
        "serialized_scorer": json.dumps(ResponseLength(max_length=10).model_dump()),
        "trace_ids": [span.trace_id],
    }
    jobs = f"{server}/ajax-api/3.0/jobs/"
    job = call(jobs, {"job_name": "invoke_scorer", "params": params})
    deadline = time.monotonic() + 150
    while job["status"] in {"PENDING", "RUNNING"} and time.monotonic() < deadline:
        time.sleep(0.5)
        job = call(f"{jobs}{job['job_id']}")
    print(json.dumps({name: job[name] for name in ("status", "result", "error_message")}))


if __name__ == "__main__":
    main(sys.argv[1])
