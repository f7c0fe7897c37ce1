"""The environment contract: every variable that the runtime knows, in one table.

`studio.settings` parses them, the tables of docs/configuration.md are compared with this one, and a
test sets each and looks for its effect in a running server: a name without one cannot be added.
"""

from dataclasses import dataclass
from typing import Literal

Group = Literal["platform", "mlflow", "studio", "internal"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: what it means, and whether a user may set it here.

    `refused` is the remedy shown when it is set; None means that it is honoured. `secret` values
    are never printed and have a twin `<name>_FILE` that names a file holding the value.
    """

    name: str
    meaning: str
    default: str = ""
    group: Group = "mlflow"
    secret: bool = False
    refused: str | None = None


def _platform(name: str, meaning: str, default: str = "") -> Variable:
    return Variable(name, meaning, default, "platform")


def _studio(name: str, meaning: str, default: str = "") -> Variable:
    return Variable(name, meaning, default, "studio")


def _secret(name: str, meaning: str, default: str = "") -> Variable:
    return Variable(name, meaning, default, secret=True)


def _refused(name: str, remedy: str) -> Variable:
    return Variable(name, "not a setting of this server", refused=remedy)


def _internal(name: str, remedy: str) -> Variable:
    return Variable(name, "set by the server for its workers", group="internal", refused=remedy)


VARIABLES: tuple[Variable, ...] = (
    _platform("CONNECT_TOOL_PORT", "Port to listen on; set by the Platform in a session.", "8080"),
    _platform("CONNECT_TOOL_PATH_PREFIX", "Path below which the proxy shows the Studio."),
    _secret(
        "MLFLOW_BACKEND_STORE_URI",
        "Database of experiments and runs: `sqlite:`, `postgresql:` or `mysql:`.",
        "sqlite:////tmp/mlflow/mlflow.db",
    ),
    _secret("MLFLOW_REGISTRY_STORE_URI", "Database of the model registry.", "the backend store"),
    _secret("MLFLOW_READ_REPLICA_BACKEND_STORE_URI", "Read-only replica for queries."),
    _secret("MLFLOW_WORKSPACE_STORE_URI", "Database of MLflow workspaces, if they are enabled."),
    Variable(
        "MLFLOW_DEFAULT_ARTIFACT_ROOT",
        "A cloud URI: clients write there themselves. A folder: the server keeps artifacts in it.",
        "/tmp/mlflow/mlruns",
    ),
    Variable(
        "MLFLOW_ARTIFACTS_DESTINATION",
        "Where the server keeps artifacts: a folder, `s3://`, `gs://`, `wasbs://` or `abfss://`.",
        "the writable data link, else /tmp/mlflow/mlruns",
    ),
    Variable("MLFLOW_SERVE_ARTIFACTS", "Whether artifacts pass through the server.", "true"),
    Variable("MLFLOW_ARTIFACTS_ONLY", "Serve artifacts and nothing else.", "false"),
    Variable("MLFLOW_ENABLE_WORKSPACES", "MLflow's own workspaces.", "false"),
    Variable("MLFLOW_TRACE_ARCHIVAL_CONFIG", "YAML file of MLflow's trace archival."),
    Variable("MLFLOW_EXPOSE_PROMETHEUS", "Folder for metrics; switches `/metrics` on."),
    Variable(
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION",
        "MLflow's background jobs (scorers, evaluation): eight more processes.",
        "false",
    ),
    Variable("MLFLOW_GATEWAY_URI", "Address at which jobs reach the gateway.", "this server"),
    Variable("MLFLOW_SERVER_ALLOWED_HOSTS", "MLflow's name for `STUDIO_ALLOWED_HOSTS`."),
    Variable(
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
        "Other origins whose pages may use the API, comma-separated; no wildcards.",
    ),
    Variable(
        "MLFLOW_SERVER_X_FRAME_OPTIONS",
        "`SAMEORIGIN`, `DENY` or `NONE`; instead of `STUDIO_FRAME_ANCESTORS`.",
    ),
    Variable(
        "MLFLOW_SERVER_SECRETS_CACHE_TTL",
        "Seconds that gateway secrets stay cached (10-300).",
        "60",
    ),
    Variable(
        "MLFLOW_SERVER_SECRETS_CACHE_MAX_SIZE", "Entries of the secrets cache (1-10000).", "1000"
    ),
    _secret("MLFLOW_CRYPTO_KEK_PASSPHRASE", "Passphrase that protects gateway secrets."),
    _secret("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "Key that protects webhook secrets."),
    Variable("MLFLOW_DISABLE_TELEMETRY", "Switches MLflow's usage telemetry off."),
    Variable("DO_NOT_TRACK", "Switches MLflow's usage telemetry off."),
    _studio("STUDIO_PORT", "Port to listen on outside the Platform; 0 takes any free one.", "8080"),
    _studio(
        "STUDIO_HOME",
        "Folder on local disk for the live database and the server's state.",
        "/var/lib/mlflow-studio",
    ),
    _studio("STUDIO_DATA_DIR", "Folder below which data links are mounted.", "/workspace/data"),
    _studio("STUDIO_DATA_LINK", "Name of the data link to use when there are several."),
    _studio(
        "STUDIO_LINK_WAIT",
        "Seconds to wait in a session for the files of a data link that is still empty; 0: never.",
        "60",
    ),
    _studio(
        "STUDIO_ALLOWED_HOSTS",
        "Hosts under which the Studio answers, comma-separated; `*.example.com` is one label.",
        "in a session any host with same-origin checks; elsewhere localhost",
    ),
    _studio(
        "STUDIO_FRAME_ANCESTORS",
        "Pages that may show the Studio in a frame (CSP sources).",
        "'self' and the parent domains",
    ),
    _studio(
        "STUDIO_WORKERS",
        "Server processes (1-32).",
        "one a core: up to 2, and 2 to 4 with a database server",
    ),
    _studio("STUDIO_PUBLISH_INTERVAL", "Seconds between two published snapshots (1-3600).", "15"),
    _studio("STUDIO_RESTORE_FROM", "Start from this published state: `<session>/<number>`."),
    _studio("STUDIO_ALLOW_EMPTY", "Start empty although no published state verifies.", "false"),
    _studio("STUDIO_ON_CONFLICT", "Two lineages on one link: `fork` or `refuse`.", "fork"),
    _studio(
        "STUDIO_DB_UPGRADE",
        "Older database schema: `auto` upgrades, `never` refuses.",
        "auto for SQLite, never for a database server",
    ),
    _studio("STUDIO_DB_WAIT", "Seconds to wait for a database server.", "300"),
    _refused("MLFLOW_HOST", "the address follows from where the server runs"),
    _refused("MLFLOW_PORT", "set STUDIO_PORT instead"),
    _refused("MLFLOW_WORKERS", "set STUDIO_WORKERS instead"),
    _refused("MLFLOW_STATIC_PREFIX", "set CONNECT_TOOL_PATH_PREFIX instead"),
    _refused("MLFLOW_GUNICORN_OPTS", "gunicorn is configured by this runtime"),
    _refused("MLFLOW_UVICORN_OPTS", "this runtime serves with gunicorn"),
    _refused(
        "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
        "the checks stay on; name the hosts in STUDIO_ALLOWED_HOSTS",
    ),
    _refused(
        "MLFLOW_TRACKING_URI", "it is a client's; name the database in MLFLOW_BACKEND_STORE_URI"
    ),
    _refused("MLFLOW_REGISTRY_URI", "it is a client's; set MLFLOW_REGISTRY_STORE_URI instead"),
    _refused("MLFLOW_WORKSPACE", "it is a client's; MLflow's server refuses it too"),
    _refused(
        "MLFLOW_FLASK_SERVER_SECRET_KEY",
        "only MLflow's basic-auth uses it; here the Platform's login stands before the server",
    ),
    _refused(
        "MLFLOW_ENABLE_REMOTE_ASSISTANT",
        "MLflow's assistant runs programs on the server; it answers only on this machine",
    ),
    _refused("prometheus_multiproc_dir", "set MLFLOW_EXPOSE_PROMETHEUS instead"),
    _refused("MLFLOW_SERVER_PID", "the job runner gets it from this runtime"),
    _internal("_MLFLOW_SERVER_FILE_STORE", "set MLFLOW_BACKEND_STORE_URI instead"),
    _internal("_MLFLOW_SERVER_REGISTRY_STORE", "set MLFLOW_REGISTRY_STORE_URI instead"),
    _internal(
        "_MLFLOW_SERVER_READ_REPLICA_BACKEND_STORE",
        "set MLFLOW_READ_REPLICA_BACKEND_STORE_URI instead",
    ),
    _internal("_MLFLOW_SERVER_ARTIFACT_ROOT", "set MLFLOW_DEFAULT_ARTIFACT_ROOT instead"),
    _internal("_MLFLOW_SERVER_SERVE_ARTIFACTS", "set MLFLOW_SERVE_ARTIFACTS instead"),
    _internal("_MLFLOW_SERVER_ARTIFACT_DESTINATION", "set MLFLOW_ARTIFACTS_DESTINATION instead"),
    _internal("_MLFLOW_SERVER_ARTIFACTS_ONLY", "set MLFLOW_ARTIFACTS_ONLY instead"),
    _internal("_MLFLOW_STATIC_PREFIX", "set CONNECT_TOOL_PATH_PREFIX instead"),
    _internal("_MLFLOW_SERVER_BOOT_ID", "leave it out"),
    _internal("_MLFLOW_IN_JOB_EXECUTOR", "leave it out: it would let the server run users' code"),
    _internal("_MLFLOW_SGI_NAME", "leave it out"),
    _internal("_MLFLOW_HUEY_STORAGE_PATH", "leave it out"),
    _internal("_MLFLOW_SERVER_UP_TIME", "leave it out"),
    _internal("_MLFLOW_AUTH_ADMIN_BOOTSTRAPPED", "leave it out"),
    _internal("_MLFLOW_INTERNAL_GATEWAY_AUTH_TOKEN", "leave it out"),
)

BY_NAME = {variable.name: variable for variable in VARIABLES}
