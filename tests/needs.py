"""What some tests need beyond Python: each answer is a reason to skip, or None when it is there.

A marker of the same name asks here before its test runs; see `conftest.py`.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ON_MACOS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
_CAP_SYS_ADMIN = 21  # capabilities(7); its number is in linux/capability.h
POSTGRES_FOLDERS = ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt")


@cache
def docker() -> str | None:
    """A Docker engine that answers."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    try:
        asked = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Os}}"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "the Docker engine does not answer"
    if asked.returncode != 0:
        return "no Docker engine answers"
    return None if asked.stdout.strip() == "linux" else "the Docker engine runs no Linux containers"


@cache
def mlflow() -> str | None:
    """MLflow's server, on a system that can run it."""
    if os.name != "posix":
        return "the server runs on Linux and macOS only"
    return None if find_spec("mlflow") and find_spec("gunicorn") else "MLflow is not installed"


@cache
def chromium() -> str | None:
    """The path of a browser of the Chromium family, for Playwright's executable_path."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    return found or (str(CHROMIUM_ON_MACOS) if CHROMIUM_ON_MACOS.exists() else None)


def browser() -> str | None:
    """Playwright and a browser that it can drive."""
    if find_spec("playwright") is None:
        return "Playwright is not installed"
    return None if chromium() else "there is no Chromium"


@cache
def postgres_folder() -> Path | None:
    """The folder of PostgreSQL's own programs, which are seldom on the PATH."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = [
        program.parent for top in POSTGRES_FOLDERS for program in Path(top).glob("*/bin/initdb")
    ]
    return max(found, default=None)


def postgres() -> str | None:
    """PostgreSQL's server programs."""
    return None if postgres_folder() else "PostgreSQL's server programs are not installed"


def caddy() -> str | None:
    """The Caddy web server."""
    return None if shutil.which("caddy") else "there is no caddy command"


def mariadb() -> str | None:
    """MariaDB's server programs."""
    found = shutil.which("mariadbd") and shutil.which("mariadb-install-db")
    return None if found else "MariaDB's server programs are not installed"


def s3fs() -> str | None:
    """s3fs and a kernel that lets it mount: a bucket as a folder."""
    if shutil.which("s3fs") is None:
        return "there is no s3fs command"
    return None if os.access("/dev/fuse", os.W_OK) else "FUSE file systems cannot be mounted here"


def strace() -> str | None:
    """A tracer of system calls."""
    return None if shutil.which("strace") else "there is no strace command"


def mounts() -> str | None:
    """The right to mount file systems, which root in a container does not have."""
    status = Path("/proc/self/status")
    found = status.exists() and re.search(r"^CapEff:\s*(\w+)$", status.read_text(), re.MULTILINE)
    may = found and int(found[1], 16) >> _CAP_SYS_ADMIN & 1
    return None if may and shutil.which("mount") else "file systems cannot be mounted here"


def read_only() -> str | None:
    """A way to make a folder read-only: permissions do not bind root, who needs a mount."""
    return mounts() if os.name == "posix" and os.geteuid() == 0 else None


def tw() -> str | None:
    """Seqera's own command line."""
    return None if shutil.which("tw") else "there is no tw command"


def specs() -> str | None:
    """The Platform's OpenAPI file."""
    folder = os.environ.get("SEQERA_SPECS")
    found = folder and Path(folder, "seqera-platform-api.yaml").is_file()
    return None if found else "SEQERA_SPECS names no folder with the Platform's OpenAPI file"


BY_MARKER: dict[str, Callable[[], str | None]] = {
    "docker": docker,
    "mlflow": mlflow,
    "browser": browser,
    "postgres": postgres,
    "caddy": caddy,
    "mariadb": mariadb,
    "s3fs": s3fs,
    "strace": strace,
    "mounts": mounts,
    "read_only": read_only,
}
# Seqera's tw and the description of its API come from no package index, so nobody is required to
# have them: where they are not there, their tests are left out, not skipped. The others use fakes.
WHERE_THERE_IS_ONE: dict[str, Callable[[], str | None]] = {"tw": tw, "specs": specs}
