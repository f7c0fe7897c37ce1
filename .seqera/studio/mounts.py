"""Look at the mounted data links: which there are, and whether they can be written to.

A data link appears as a folder below `/workspace/data` (Seqera docs, "Studio session data-links"),
read-only unless its bucket is among the compute environment's *Allowed S3 buckets*. The Platform
offers no flag for that, so it is tried. A probe is necessary, not sufficient: Fusion uploads later,
and a refusal by the object store may show only in its own log.
"""

import errno
import os
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MARKER = "mlflow-studio"
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_PASSING = {errno.EIO, errno.EBUSY, errno.ETIMEDOUT, errno.EINTR, getattr(errno, "EREMOTEIO", 121)}

Access = Literal["writable", "read-only", "failing"]


@dataclass(frozen=True, slots=True)
class Mount:
    """A data link as this process sees it. `ours` says that a Studio has published on it before."""

    name: str
    path: Path
    access: Access
    reason: str = ""
    ours: bool = False

    @property
    def writable(self) -> bool:
        return self.access == "writable"


def look(data_dir: Path, sleep: Callable[[float], None] = time.sleep) -> tuple[Mount, ...]:
    """List the data links below `data_dir` in the order of their names, each one probed."""
    return tuple(_probe(path, sleep) for path in links(data_dir, mount_points()))


def links(data_dir: Path, mounted: frozenset[str]) -> list[Path]:
    """The folders that are data links: those below `data_dir`, or itself when it is the mount.

    A folder that is mounted as a whole, with nothing mounted below it (as a compose file does), is
    one link and its folders are that link's content.
    """
    try:
        folders = sorted(entry for entry in data_dir.iterdir() if entry.is_dir())
    except OSError:
        return []
    real = os.path.realpath(data_dir)
    below = any(point.startswith(real + "/") for point in mounted)
    if real in mounted and not below:
        return [data_dir]
    return [folder for folder in folders if not folder.name.startswith(".")]


def mount_points() -> frozenset[str]:
    """All mount points; `os.path.ismount` misses binds within one file system, as in containers."""
    if sys.platform != "linux":
        return frozenset()
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    fields = (line.split(" ") for line in lines.splitlines())
    return frozenset(_unescape(field[4]) for field in fields if len(field) > 4)


def _unescape(text: str) -> str:
    for code, char in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        text = text.replace(code, char)
    return text


def _probe(path: Path, sleep: Callable[[float], None]) -> Mount:
    ours = (path / MARKER / "sessions").is_dir()
    access: Access = "failing"
    for pause_s in (0.5, 1, 2, 4, 8, 0):
        error = _try_to_write(path / f".{MARKER}-probe-{uuid.uuid4().hex}")
        if error is None:
            return Mount(path.name, path, "writable", ours=ours)
        reason = f"{errno.errorcode.get(error.errno or 0, error.errno)}: {error.strerror}"
        access = "read-only" if error.errno in _READ_ONLY else "failing"
        if error.errno not in _PASSING or not pause_s:
            break
        sleep(pause_s)
    return Mount(path.name, path, access, reason, ours)


def _try_to_write(path: Path) -> OSError | None:
    """Create, write, sync, read back and remove one file of a name never used before."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(descriptor, b"probe")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if path.read_bytes() != b"probe":
            return OSError(errno.EIO, "what was written reads back differently")
        path.unlink()
    except OSError as exc:
        return exc
    return None
