"""Decide how a Studio starts on this machine: options and environment in, commands out.

Nothing here looks at the disk or starts anything; `launch` does.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from deploy import formats
from deploy.errors import InvalidSetting
from deploy.process import Command

DEFAULT_PORT = 5000
DEFAULT_HOME = ".studio"
LOCAL_TAG = "mlflow-studio:local"
PLATFORM = formats.DEFAULT_PLATFORM
BUILD_ARGUMENTS = (
    "BASE_IMAGE",
    "CONNECT_IMAGE",
    "CONNECT_CLIENT_VERSION",
    "PIP_INDEX_URL",
    "EXTRA_CA",
)

# Inside the image, see .seqera/Dockerfile.
IMAGE_PYTHON = "/opt/venv/bin/python"
IMAGE_HOME = PurePosixPath("/var/lib/mlflow-studio")
IMAGE_DATA = PurePosixPath("/workspace/data")

# What tells a client which server to use has no meaning for the server itself, which refuses it.
CLIENT_PREFIXES = ("MLFLOW_TRACKING_", "MLFLOW_EXPERIMENT_")
CLIENT_NAMES = frozenset({"MLFLOW_REGISTRY_URI", "MLFLOW_RUN_ID", "MLFLOW_WORKSPACE"})
# With it the server would believe that it runs in a session, behind the Platform's login.
SESSION_PORT = "CONNECT_TOOL_PORT"

CONTAINER_PREFIXES = ("MLFLOW_", "_MLFLOW_", "STUDIO_")
# Of the clouds only what means the same inside: not a profile, not a path of this machine.
CONTAINER_NAMES = frozenset(
    {
        *("CONNECT_TOOL_PATH_PREFIX", "DO_NOT_TRACK"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
        *("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCESS_KEY"),
        *("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"),
    }
)
# Of this machine: inside the container the mounts and the published port stand for them.
HOST_ONLY = frozenset({"STUDIO_PORT", "STUDIO_HOME", "STUDIO_DATA_DIR"})


@dataclass(frozen=True, slots=True)
class Options:
    """What `studioctl up` was asked for; paths are absolute, None means not given."""

    port: int | None = None
    data: Path | None = None
    home: Path | None = None
    image: str | None = None
    docker: bool = False
    open_browser: bool = False


def port(options: Options, env: Mapping[str, str]) -> int:
    """Give the port: the option, else STUDIO_PORT, else 5000; 0 lets the server take any free one.

    >>> port(Options(), {"STUDIO_PORT": "5050"})
    5050
    """
    if options.port is not None:
        return options.port
    text = env.get("STUDIO_PORT", "").strip()
    if not text:
        return DEFAULT_PORT
    if not text.isdecimal() or int(text) > 65535:
        raise InvalidSetting("STUDIO_PORT", f"{text!r} is not a port; give a number up to 65535.")
    return int(text)


def home(options: Options, env: Mapping[str, str], cwd: Path) -> Path:
    """Give the folder for the Studio's own files: the option, else STUDIO_HOME, else ./.studio."""
    return options.home or cwd / (env.get("STUDIO_HOME") or DEFAULT_HOME)


def check_apart(home: Path, data: Path | None) -> None:
    """Refuse a home inside the data link, where the live database would be published as data."""
    if data is not None and home.is_relative_to(data):
        raise InvalidSetting(
            "--data",
            f"{data} contains the Studio's own folder {home}.\n"
            "Put that somewhere else with --home DIR, or give a folder below as --data.",
        )


def client_variables(env: Mapping[str, str]) -> tuple[str, ...]:
    """List the variables of the environment that are meant for MLflow's clients.

    >>> client_variables({"MLFLOW_TRACKING_URI": "x", "MLFLOW_BACKEND_STORE_URI": "y"})
    ('MLFLOW_TRACKING_URI',)
    """
    return tuple(
        sorted(name for name in env if name in CLIENT_NAMES or name.startswith(CLIENT_PREFIXES))
    )


def server_process(options: Options, env: Mapping[str, str], home: Path, python: str) -> Command:
    """Give the command that runs the server as a process of this machine.

    The server looks for data links below one folder. It gets one that holds this link alone
    (`launch` makes it), so that nothing else on the machine is taken for a data link.
    """
    dropped = {*client_variables(env), SESSION_PORT}
    given = {name: value for name, value in env.items() if name not in dropped}
    ours = {
        "STUDIO_PORT": str(port(options, env)),
        "STUDIO_HOME": str(home),
        # A folder named `mlflow` or `studio` where the user stands must not be imported instead.
        "PYTHONSAFEPATH": "1",
    }
    if options.data is not None or not env.get("STUDIO_DATA_DIR"):
        ours["STUDIO_DATA_DIR"] = str(links_folder(home, options.data))
    return Command((python, "-m", "studio"), {**given, **ours})


def links_folder(home: Path, data: Path | None) -> Path:
    """Give the folder that stands for /workspace/data when no container does.

    Each data folder has its own, so a start with another one takes nothing from a server that
    still runs.
    """
    return home / "data" / ("none" if data is None else _short(data))


def image_build(context: Path, env: Mapping[str, str]) -> Command:
    """Give the command that builds the image; build arguments are passed by name."""
    arguments = _each("--build-arg", (name for name in BUILD_ARGUMENTS if env.get(name)))
    return Command(
        ("docker", "build", "--platform", PLATFORM, "--tag", LOCAL_TAG, *arguments, str(context)),
        env,
    )


def server_container(options: Options, env: Mapping[str, str], cwd: Path, image: str) -> Command:
    """Give the command that runs the server from the image, published on 127.0.0.1 only.

    The user's variables are passed by name, so no value shows up in the process list. Connect's
    entrypoint is left out: it needs the Platform. The port must be known, so it cannot be 0.
    """
    if env.get("STUDIO_DATA_DIR"):
        raise InvalidSetting(
            "STUDIO_DATA_DIR", "is a folder outside of the container; use --data DIR instead."
        )
    number = port(options, env)
    dropped = {*client_variables(env), *HOST_ONLY}
    passed = sorted(
        name
        for name in env
        if name not in dropped and (name in CONTAINER_NAMES or name.startswith(CONTAINER_PREFIXES))
    )
    mounts = [_mount(*_container_home(options, env, cwd), IMAGE_HOME)]
    if options.data is not None:
        mounts.append(_mount("bind", str(options.data), IMAGE_DATA / options.data.name))
    argv = (
        *("docker", "run", "--rm", "--platform", PLATFORM),
        *("--name", f"mlflow-studio-{number}"),
        # The server publishes its last state when it stops; Docker's own 10 s may be too short.
        *("--stop-timeout", "30"),
        # The same number inside, so that the address which the server prints is the one to open.
        *("--publish", f"127.0.0.1:{number}:{number}", "--env", f"STUDIO_PORT={number}"),
        *_each("--mount", mounts),
        *_each("--env", passed),
        *("--entrypoint", IMAGE_PYTHON, image, "-m", "studio"),
    )
    return Command(argv, env)


def volume_name(folder: Path) -> str:
    """Give the Docker volume that stands for a folder's `.studio`: one per folder.

    The container runs as root, so it doesn't share the files of a Studio that ran without Docker.
    """
    return f"mlflow-studio-{_short(folder)}"


def kept_in(options: Options, env: Mapping[str, str], cwd: Path) -> str:
    """Say where the container keeps the Studio's own files."""
    kind, source = _container_home(options, env, cwd)
    return f"the Docker volume {source}" if kind == "volume" else source


def url(options: Options, env: Mapping[str, str]) -> str:
    """Give the address at which the Studio will answer, without a slash at its end.

    >>> url(Options(port=5000), {"CONNECT_TOOL_PATH_PREFIX": "/a/b/"})
    'http://localhost:5000/a/b'
    """
    number = port(options, env)
    if not number:
        raise InvalidSetting(
            "--open", "needs a port that is known beforehand; give one with --port."
        )
    prefix = env.get("CONNECT_TOOL_PATH_PREFIX", "").strip("/")
    return f"http://localhost:{number}" + (f"/{prefix}" if prefix else "")


def _container_home(options: Options, env: Mapping[str, str], cwd: Path) -> tuple[str, str]:
    if options.home is None and not env.get("STUDIO_HOME"):
        return "volume", volume_name(cwd)
    return "bind", str(home(options, env, cwd))


def _short(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


def _each(option: str, values: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for value in values for word in (option, value))


def _mount(kind: str, source: str, target: PurePosixPath) -> str:
    """Write a value of --mount, which Docker reads as one line of CSV.

    >>> _mount("bind", "/a,b", PurePosixPath("/x"))
    'type=bind,"source=/a,b",target=/x'
    """
    fields = (f"type={kind}", f"source={source}", f"target={target}")
    return ",".join(
        '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text for text in fields
    )
