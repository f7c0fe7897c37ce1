#!/bin/sh
set -eu
mkdir -p /tmp/mlflow/mlruns
export _MLFLOW_SERVER_FILE_STORE=sqlite:////tmp/mlflow/mlflow.db
export _MLFLOW_SERVER_ARTIFACT_ROOT=mlflow-artifacts:/
export _MLFLOW_SERVER_ARTIFACT_DESTINATION=/tmp/mlflow/mlruns
export _MLFLOW_SERVER_SERVE_ARTIFACTS=true
export PYTHONPATH=/bad
exec python -m uvicorn wrapped:app --host 0.0.0.0 --port "$CONNECT_TOOL_PORT" --log-level warning
