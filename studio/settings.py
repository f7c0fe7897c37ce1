"""Read the environment once into one frozen value, or name everything that is wrong with it.

A setting is honoured or refused, never ignored: an unparsable value, a name that MLflow keeps for
itself and a misspelt `STUDIO_` name all end the start with exit code 64, all in one message.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from studio import uris, values
from studio.middleware.frame import parse_frame_ancestors
from studio.middleware.hosts import HostPattern, parse_hosts, parse_origins
from studio.middleware.policy import Mode
from studio.middleware.prefix import parse_prefix
from studio.reader import Reader
from studio.variables import BY_NAME, VARIABLES, Variable

__all__ = [
    "BY_NAME",
    "VARIABLES",
    "InvalidSettings",
    "Settings",
    "Variable",
    "read",
    "resolve_files",
]

# What is of no use to a server that keeps no records.
_OF_RECORDS = (
    "MLFLOW_BACKEND_STORE_URI",
    "MLFLOW_REGISTRY_STORE_URI",
    "MLFLOW_READ_REPLICA_BACKEND_STORE_URI",
    "MLFLOW_WORKSPACE_STORE_URI",
    "MLFLOW_ENABLE_WORKSPACES",
    "MLFLOW_TRACE_ARCHIVAL_CONFIG",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION",
    "STUDIO_RESTORE_FROM",
)


class InvalidSettings(Exception):
    """One or more variables that cannot be honoured; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment, parsed. Defaults are in `studio.variables`; None means "not given"."""

    port: int
    in_session: bool
    in_image: bool
    prefix: str
    home: Path
    data_dir: Path
    data_link: str | None
    link_wait_s: float
    database: uris.Database | None
    registry: uris.Database | None
    replica: uris.Database | None
    workspace_store: uris.Database | None
    artifact_root: str | None
    artifacts_destination: str | None
    serve_artifacts: bool
    artifacts_only: bool
    workspaces: bool
    trace_archival: Path | None
    jobs: bool
    prometheus_dir: str | None
    hosts: tuple[HostPattern, ...]
    origins: tuple[str, ...]
    frame_ancestors: tuple[str, ...] | None
    frame_options: str | None
    workers: int | None
    publish_interval_s: float
    restore_from: str | None
    allow_empty: bool
    on_conflict: str
    db_upgrade: str | None
    db_wait_s: float
    notes: tuple[str, ...] = field(default=())

    def stores(self, records: uris.Database) -> tuple[uris.Database, ...]:
        """The databases that have MLflow's tables, `records` first, each of them once."""
        named = (records, self.registry, self.workspace_store)
        return tuple(dict.fromkeys(store for store in named if store))

    def is_on_link(self, path: str | Path) -> bool:
        """Whether it is below the data links' folder, be it through a symbolic link elsewhere."""
        if Path(path).is_relative_to(self.data_dir):
            return True
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.data_dir))

    @property
    def access_mode(self) -> Mode:
        if self.hosts:
            return "explicit"
        return "same-origin" if self.in_session else "local"

    @property
    def bind_host(self) -> str:
        return "0.0.0.0" if self.in_session or self.in_image else "127.0.0.1"


def read(env: Mapping[str, str], *, in_image: bool, launched: bool = True) -> Settings:
    """Parse `env`. `launched=False` reads it inside a worker, where MLflow's own names are set.

    An empty value means the same as none, as for every MLflow option. `_FILE` twins must have been
    resolved before (`resolve_files`). Raises `InvalidSettings` with every problem at once.
    """
    reader = Reader(env)
    if launched:
        reader.refuse_foreign_names()
    session_port = reader.take("CONNECT_TOOL_PORT", values.integer(1, 65535))
    own_port = reader.take("STUDIO_PORT", values.integer(0, 65535))
    hosts = reader.take("STUDIO_ALLOWED_HOSTS", parse_hosts)
    mlflow_hosts = reader.take("MLFLOW_SERVER_ALLOWED_HOSTS", parse_hosts)
    reader.exclusive("STUDIO_ALLOWED_HOSTS", "MLFLOW_SERVER_ALLOWED_HOSTS")
    reader.exclusive("STUDIO_FRAME_ANCESTORS", "MLFLOW_SERVER_X_FRAME_OPTIONS")
    reader.take("MLFLOW_SERVER_SECRETS_CACHE_TTL", values.integer(10, 300))
    reader.take("MLFLOW_SERVER_SECRETS_CACHE_MAX_SIZE", values.integer(1, 10000))
    reader.take("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", values.webhook_key)
    reader.take("MLFLOW_DISABLE_TELEMETRY", values.boolean)
    jobs = reader.take("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", values.boolean) or False
    if env.get("MLFLOW_GATEWAY_URI") and not jobs:
        reader.problem(
            "MLFLOW_GATEWAY_URI", "only jobs use it; set MLFLOW_SERVER_ENABLE_JOB_EXECUTION"
        )
    home = reader.take("STUDIO_HOME", values.folder)
    settings = Settings(
        port=next(p for p in (session_port, own_port, 8080) if p is not None),
        in_session=bool(env.get("CONNECT_TOOL_PORT")),
        in_image=in_image,
        prefix=reader.take("CONNECT_TOOL_PATH_PREFIX", parse_prefix) or "",
        home=home or Path("/var/lib/mlflow-studio" if in_image else ".studio").absolute(),
        data_dir=reader.take("STUDIO_DATA_DIR", values.folder) or Path("/workspace/data"),
        data_link=reader.take("STUDIO_DATA_LINK", values.link_name),
        link_wait_s=reader.take("STUDIO_LINK_WAIT", values.seconds(0, 3600), 60.0),
        database=reader.take("MLFLOW_BACKEND_STORE_URI", values.database),
        registry=reader.take("MLFLOW_REGISTRY_STORE_URI", values.database),
        replica=reader.take("MLFLOW_READ_REPLICA_BACKEND_STORE_URI", values.database),
        workspace_store=reader.take("MLFLOW_WORKSPACE_STORE_URI", values.database),
        artifact_root=reader.take("MLFLOW_DEFAULT_ARTIFACT_ROOT", uris.artifact_place),
        artifacts_destination=reader.take("MLFLOW_ARTIFACTS_DESTINATION", uris.artifact_place),
        serve_artifacts=reader.take("MLFLOW_SERVE_ARTIFACTS", values.boolean, True),
        artifacts_only=reader.take("MLFLOW_ARTIFACTS_ONLY", values.boolean, False),
        workspaces=reader.take("MLFLOW_ENABLE_WORKSPACES", values.boolean, False),
        trace_archival=reader.take("MLFLOW_TRACE_ARCHIVAL_CONFIG", values.readable_file),
        jobs=jobs,
        prometheus_dir=reader.take(
            "MLFLOW_EXPOSE_PROMETHEUS", lambda text: str(values.folder(text))
        ),
        hosts=hosts or mlflow_hosts or (),
        origins=reader.take("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", parse_origins) or (),
        frame_ancestors=reader.take("STUDIO_FRAME_ANCESTORS", parse_frame_ancestors),
        frame_options=reader.take(
            "MLFLOW_SERVER_X_FRAME_OPTIONS",
            values.choice("SAMEORIGIN", "DENY", "NONE", fold=str.upper),
        ),
        workers=reader.take("STUDIO_WORKERS", values.integer(1, 32)),
        publish_interval_s=reader.take("STUDIO_PUBLISH_INTERVAL", values.seconds(1, 3600), 15.0),
        restore_from=reader.take("STUDIO_RESTORE_FROM", values.state),
        allow_empty=reader.take("STUDIO_ALLOW_EMPTY", values.boolean, False),
        on_conflict=reader.take("STUDIO_ON_CONFLICT", values.choice("fork", "refuse"), "fork"),
        db_upgrade=reader.take("STUDIO_DB_UPGRADE", values.choice("auto", "never")),
        db_wait_s=reader.take("STUDIO_DB_WAIT", values.seconds(0, 86400), 300.0),
        notes=tuple(reader.notes),
    )
    _check_combinations(reader, settings)
    if reader.problems:
        raise InvalidSettings(reader.problems)
    return settings


def resolve_files(
    env: Mapping[str, str],
    read_text: Callable[[str], str] = lambda path: Path(path).read_text("utf-8"),
) -> dict[str, str]:
    """Replace each `<name>_FILE` by the content of the file, less its trailing newlines.

    Only secrets have such a twin. Both set, or a file that cannot be read, is an error.
    """
    resolved, problems = dict(env), []
    for variable in VARIABLES:
        twin = f"{variable.name}_FILE"
        path = env.get(twin) if variable.secret else None
        if not path:
            continue
        if env.get(variable.name):
            problems.append(f"{variable.name} and {twin} are both set; keep one of them")
            continue
        try:
            resolved[variable.name] = read_text(path).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
            problems.append(f"{twin}={path}: the file cannot be read: {reason}")
        else:
            del resolved[twin]
            if not resolved[variable.name]:
                problems.append(f"{twin}={path}: the file is empty")
    if problems:
        raise InvalidSettings(problems)
    return resolved


def _check_combinations(reader: Reader, settings: Settings) -> None:
    root, destination = settings.artifact_root, settings.artifacts_destination
    local_root = uris.local_path(root) if root else None
    if local_root and destination and local_root != uris.local_path(destination):
        reader.problem(
            "MLFLOW_DEFAULT_ARTIFACT_ROOT",
            "a folder there and MLFLOW_ARTIFACTS_DESTINATION name two places; keep one of them",
        )
    if settings.in_session and settings.is_on_link(settings.home):
        reader.problem(
            "STUDIO_HOME",
            "on a data link SQLite loses acknowledged writes; name a folder on the session's disk",
        )
    if destination and destination.lower().startswith("mlflow-artifacts:"):
        reader.problem("MLFLOW_ARTIFACTS_DESTINATION", "that is this server itself")
    if not settings.serve_artifacts and (root is None or local_root):
        reader.problem(
            "MLFLOW_SERVE_ARTIFACTS",
            "without the server in between, clients need a cloud URI they can reach "
            "in MLFLOW_DEFAULT_ARTIFACT_ROOT",
        )
    if settings.artifacts_only:
        off = {"", "0", "false"}
        useless = [name for name in _OF_RECORDS if reader.env.get(name, "").lower() not in off]
        if useless:
            reader.problem("MLFLOW_ARTIFACTS_ONLY", f"such a server has no {', '.join(useless)}")
    elif settings.restore_from and settings.database and not settings.database.is_sqlite:
        reader.problem("STUDIO_RESTORE_FROM", "nothing is restored into a database server")
    if settings.workspace_store and not settings.workspaces:
        reader.problem("MLFLOW_WORKSPACE_STORE_URI", "set MLFLOW_ENABLE_WORKSPACES=true with it")


def assets_folder(prefix: str = sys.prefix) -> Path:
    """Where the image's build left the template database and the precompressed UI."""
    return Path(prefix) / "share" / "mlflow-studio"


def inside_image(prefix: str = sys.prefix) -> bool:
    """Whether this process runs from the image, whose build left a marker beside the assets."""
    return (assets_folder(prefix) / "image.json").is_file()
