"""The folder on local disk that holds the live database and the server's own state.

It belongs to one running server: a lock on it guards against a second one on the same database.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import HOST_UNUSABLE, StartRefused

SHORT_PATH = Path("/tmp/mlflow")


@dataclass(frozen=True, slots=True)
class Home:
    """An opened home. The lock is held for as long as `lock` stays open."""

    path: Path
    lock: int

    @property
    def run(self) -> Path:
        return self.path / "run"


def open_home(path: Path, *, in_image: bool) -> Home:
    """Create the folder (0700), take its lock and clear what an earlier server left in `run/`.

    Raises `StartRefused` 73 when it cannot be used or when another server has it.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        _take(lock, path)
        shutil.rmtree(path / "run", ignore_errors=True)
        (path / "run" / "tmp").mkdir(mode=0o700, parents=True)
        (path / "run").chmod(0o700)
    except OSError as exc:
        raise StartRefused(
            HOST_UNUSABLE,
            f"the home folder {path} cannot be used: {exc.strerror}.\n"
            "Set STUDIO_HOME to a folder on local disk that this user may write to.",
        ) from exc
    if in_image and os.geteuid() == 0:
        _keep_short_path(path)
    return Home(path, lock)


def _take(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
        raise StartRefused(
            HOST_UNUSABLE,
            f"another server (process {holder or 'unknown'}) is using {path}.\n"
            "Stop it, or set STUDIO_HOME to another folder.",
        ) from exc
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)


def _keep_short_path(path: Path) -> None:
    """Let the documented `sqlite:////tmp/mlflow/mlflow.db` name the home (in the image only)."""
    if not SHORT_PATH.exists() and not SHORT_PATH.is_symlink():
        SHORT_PATH.symlink_to(path)


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a small local status file so that a reader never sees half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(document), encoding="utf-8")
    partial.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Read a status file; one that is not there yet is empty."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
