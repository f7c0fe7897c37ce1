"""Run MLflow's job runner as a child that ends with this server: `python -m studio.jobs`.

MLflow starts it from `mlflow server` (mlflow/server/jobs/utils.py); its consumers watch their
parent themselves. The engine is MLflow's own choice by `MLFLOW_SERVER_JOB_EXECUTION_ENGINE`.
"""

import os
import runpy
import time
from pathlib import Path

from studio import lifetime


def main() -> None:
    """Become the job runner."""
    lifetime.die_with_parent()
    Path(os.environ["_MLFLOW_HUEY_STORAGE_PATH"]).mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["_MLFLOW_SERVER_UP_TIME"] = str(int(time.time() * 1000))
    from mlflow.server.jobs.utils import get_job_execution_engine

    executor = get_job_execution_engine() == "executor"
    name = "_executor_runner" if executor else "_job_runner"
    runpy.run_module(f"mlflow.server.jobs.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
