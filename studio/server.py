"""What is started, and with which environment: settings and storage become commands.

Nothing here starts anything. The private names are those that MLflow 3.17's own `mlflow server`
sets for its workers (mlflow/server/__init__.py, `_run_server`); a test compares the two.
"""

import os
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from studio import uris
from studio.settings import Settings
from studio.storage import Storage

# -P keeps the working directory off the module path: in a session it is the user's folder.
PYTHON = (sys.executable, "-P", "-m")
DRAIN_S = 10
_OTHER_STORES = {
    "_MLFLOW_SERVER_READ_REPLICA_BACKEND_STORE",
    "MLFLOW_WORKSPACE_STORE_URI",
    "MLFLOW_ENABLE_WORKSPACES",
    "MLFLOW_TRACE_ARCHIVAL_CONFIG",
}
FINAL_PUBLISH_S = 8
PINNING_S = 60  # before an upgrade there is time


@dataclass(frozen=True, slots=True)
class Command:
    """One child process: its arguments and its whole environment."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]


def workers(settings: Settings, storage: Storage, cpus: int) -> int:
    """How many server processes: as many as cores, two at most where SQLite has one writer."""
    if settings.workers:
        return settings.workers
    return min(2, cpus) if storage.database.is_sqlite else min(4, max(2, cpus))


def environment(settings: Settings, storage: Storage, env: Mapping[str, str]) -> dict[str, str]:
    """The environment of the workers: the user's, and what `mlflow server` would set for them."""
    uri = storage.database.uri
    registry = settings.registry.uri if settings.registry else uri
    ours = {
        "_MLFLOW_SERVER_FILE_STORE": uri,
        "_MLFLOW_SERVER_REGISTRY_STORE": registry,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": storage.artifact_root,
        "_MLFLOW_SERVER_ARTIFACT_DESTINATION": uris.for_mlflow(storage.artifacts),
        "_MLFLOW_SERVER_BOOT_ID": uuid.uuid4().hex,
        "_MLFLOW_IN_JOB_EXECUTOR": "false",
        "_MLFLOW_SGI_NAME": "uvicorn",
        "MLFLOW_TRACKING_URI": uri,
        "MLFLOW_REGISTRY_URI": registry,
        "MLFLOW_ENABLE_WORKSPACES": "true" if settings.workspaces else "false",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "true" if settings.jobs else "false",
        "STUDIO_HOME": str(settings.home),
        "STUDIO_PORT": str(settings.port),
    }
    if not env.get("TMPDIR"):
        # MLflow leaves lock files there, and a killed server whatever it was receiving.
        ours["TMPDIR"] = str(settings.home / "run" / "tmp")
    if settings.serve_artifacts:
        ours["_MLFLOW_SERVER_SERVE_ARTIFACTS"] = "true"
    if settings.artifacts_only:
        ours["_MLFLOW_SERVER_ARTIFACTS_ONLY"] = "true"
    if settings.replica:
        ours["_MLFLOW_SERVER_READ_REPLICA_BACKEND_STORE"] = settings.replica.uri
    if settings.workspace_store:
        ours["MLFLOW_WORKSPACE_STORE_URI"] = settings.workspace_store.uri
    if settings.trace_archival:
        ours["MLFLOW_TRACE_ARCHIVAL_CONFIG"] = str(settings.trace_archival)
    if settings.prometheus_dir:
        ours["prometheus_multiproc_dir"] = settings.prometheus_dir
    if env.get("DO_NOT_TRACK", "").lower() not in ("", "0", "false"):
        ours["MLFLOW_DISABLE_TELEMETRY"] = "true"  # MLflow itself overlooks DO_NOT_TRACK=1
    if settings.jobs:
        ours["_MLFLOW_HUEY_STORAGE_PATH"] = str(settings.home / "run" / "jobs")
    return {**_without_public_addresses(env), **ours}


def _without_public_addresses(env: Mapping[str, str]) -> dict[str, str]:
    """Leave out what has been resolved, so that one fact has one name inside the server."""
    resolved = {
        "MLFLOW_BACKEND_STORE_URI",
        "MLFLOW_REGISTRY_STORE_URI",
        "MLFLOW_READ_REPLICA_BACKEND_STORE_URI",
    }
    return {name: value for name, value in env.items() if name not in resolved}


def gunicorn(env: Mapping[str, str], *, socket: int, count: int) -> Command:
    """The server itself, on an already bound socket."""
    argv = (
        *PYTHON,
        "gunicorn",
        "--config",
        "python:studio.gunicorn_conf",
        "studio.app:create_app()",
    )
    added = {"_STUDIO_SOCKET": str(socket), "_STUDIO_WORKER_COUNT": str(count)}
    return Command("server", argv, {**env, **added})


def publisher(
    settings: Settings,
    storage: Storage,
    env: Mapping[str, str],
    *,
    once: bool = False,
    pin: str = "",
) -> Command:
    """The process that publishes snapshots on the data link; `once` ends when all is published.

    `pin` also ends then, has that state kept for good, and says why.
    """
    assert storage.link is not None
    assert storage.database.path is not None
    argv = (
        *PYTHON, "studio.snapshots", "publish",
        "--link", str(storage.link.path),
        "--db", storage.database.path,
        "--home", str(settings.home),
        "--interval", f"{settings.publish_interval_s:g}",
        "--final-seconds", str(PINNING_S if pin else FINAL_PUBLISH_S),
        "--parent-pid", str(os.getpid()),
        *(("--once",) if once or pin else ()),
        *(("--pin", pin) if pin else ()),
    )  # fmt: skip
    return Command("publisher", argv, env)


def restore(settings: Settings, storage: Storage, env: Mapping[str, str]) -> Command:
    """The start decision between the local database and the published states, as a process."""
    assert storage.restore_link is not None
    assert storage.database.path is not None
    argv = (
        *PYTHON, "studio.snapshots", "start",
        "--link", str(storage.restore_link.path),
        "--db", storage.database.path,
        "--home", str(settings.home),
        "--on-conflict", settings.on_conflict,
        *(("--restore-from", settings.restore_from) if settings.restore_from else ()),
        *(("--allow-empty",) if settings.allow_empty else ()),
    )  # fmt: skip
    return Command("restore", argv, env)


def lookout(settings: Settings, env: Mapping[str, str]) -> Command:
    """The process that looks, beside the running server, at what else lies on the links."""
    argv = (*PYTHON, "studio.lookout", str(settings.home), str(settings.port), str(os.getpid()))
    return Command("look at the data links", argv, env)


def jobs(settings: Settings, env: Mapping[str, str]) -> Command:
    """MLflow's job runner, which calls back to this server; it ends with this process."""
    here = f"http://127.0.0.1:{settings.port}"
    added = {
        "MLFLOW_TRACKING_URI": here,
        "MLFLOW_GATEWAY_URI": env.get("MLFLOW_GATEWAY_URI") or here,
        "MLFLOW_BACKEND_STORE_URI": env["_MLFLOW_SERVER_FILE_STORE"],
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": env["_MLFLOW_SERVER_ARTIFACT_ROOT"],
        "MLFLOW_SERVER_PID": str(os.getpid()),
    }
    return Command("jobs", (*PYTHON, "studio.jobs"), {**env, **added})


def migrate(
    action: str, settings: Settings, env: Mapping[str, str], database: str | None = None
) -> Command:
    """MLflow's schema code, on one database alone, else on all stores of the environment."""
    added = {
        "STUDIO_DB_WAIT": f"{settings.db_wait_s:g}",
        "STUDIO_DB_UPGRADE": settings.db_upgrade or "",
    }
    if database:
        added |= {"_MLFLOW_SERVER_FILE_STORE": database, "_MLFLOW_SERVER_REGISTRY_STORE": database}
        env = {name: value for name, value in env.items() if name not in _OTHER_STORES}
    return Command("migrate", (*PYTHON, "studio.migrate", action), {**env, **added})


def cpu_count() -> int:
    """The cores that this process may use; a container is often given fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
