"""Log one metric after the other until the time is over. Prints how many were acknowledged."""

import json
import sys
import time

from mlflow import MlflowClient


def main(seconds: float) -> None:
    """A training loop, whatever happens to the server meanwhile."""
    client = MlflowClient()
    run = client.create_run("0")
    print(run.info.run_id, flush=True)
    logged, longest, end = 0, 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        client.log_metric(run.info.run_id, "loss", 1 / (logged + 1), step=logged)
        logged, longest = logged + 1, max(longest, time.monotonic() - began)
        time.sleep(0.05)
    kept = len(client.get_metric_history(run.info.run_id, "loss"))
    print(json.dumps({"logged": logged, "kept": kept, "longest_s": longest}))


if __name__ == "__main__":
    main(float(sys.argv[1]))
