"""Serve the real MLflow behind the access layers: `real_mlflow.py MODE HOSTS ORIGINS DIR`.

A program of its own, because MLflow reads its settings once, when it is imported. It chooses a free
port and writes it to `DIR/port`.
"""

import os
import socket
import sys
from pathlib import Path
from typing import cast


def main(mode: str, hosts: str, origins: str, folder: str) -> None:
    import uvicorn

    from studio.middleware.access import guard
    from studio.middleware.hosts import parse_hosts, parse_origins
    from studio.middleware.policy import Mode, Policy, mlflow_allowed_hosts
    from studio.middleware.protocol import WholeTargetProtocol

    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    policy = Policy(cast(Mode, mode), port, parse_hosts(hosts), parse_origins(origins))
    database = f"sqlite:///{Path(folder, 'mlflow.db')}"
    artifacts = str(Path(folder, "artifacts"))
    os.environ |= {
        "_MLFLOW_SERVER_FILE_STORE": database,
        "_MLFLOW_SERVER_REGISTRY_STORE": database,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": artifacts,
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "MLFLOW_TRACKING_URI": database,
        "MLFLOW_SERVER_ALLOWED_HOSTS": mlflow_allowed_hosts(policy),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "HOME": folder,
    }
    if policy.origins:
        os.environ["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"] = ",".join(policy.origins)
    from mlflow.server.fastapi_app import app
    from mlflow.server.handlers import initialize_backend_stores

    initialize_backend_stores(database, database, "mlflow-artifacts:/")
    Path(folder, "port").write_text(str(port))
    config = uvicorn.Config(
        guard(app, policy, "/p/a1"),
        http=WholeTargetProtocol,
        proxy_headers=False,
        log_level="warning",
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
