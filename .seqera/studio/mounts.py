"""Look at the mounted data links: which there are, and whether they can be written to.

A data link appears as a folder below `/workspace/data` (Seqera docs, "Studio session data-links"),
read-only unless its bucket is among the compute environment's *Allowed S3 buckets*. The Platform
offers no flag for that, so it is tried. A probe is necessary, not sufficient: Fusion uploads later,
and a refusal by the object store may show only in its own log.
"""

import contextlib
import errno
import os
import stat
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.snapshots.layout import ROOT, sessions_dir

READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_PASSING = {errno.EIO, errno.EBUSY, errno.ETIMEDOUT, errno.EINTR, getattr(errno, "EREMOTEIO", 121)}
_PAUSES_S = (0.5, 1, 2, 4, 8, 0)
_NO_ANSWER_S = 40.0

Access = Literal["writable", "read-only", "failing"]


@dataclass(frozen=True, slots=True)
class Mount:
    """A data link as this process sees it.

    `ours` says that a Studio has published on it before. One that is not `readable` cannot even be
    listed, so nobody knows what it holds.
    """

    name: str
    path: Path
    access: Access
    reason: str = ""
    ours: bool = False
    readable: bool = True

    @property
    def writable(self) -> bool:
        return self.access == "writable"


def look(
    data_dir: Path,
    sleep: Callable[[float], None] = time.sleep,
    no_answer_s: float = _NO_ANSWER_S,
) -> tuple[Mount, ...]:
    """List the data links below `data_dir` in the order of their names, each one probed.

    They are probed at the same time; one that gives no answer at all within `no_answer_s` is left.
    """
    paths = links(data_dir, mount_table())
    found: dict[Path, Mount] = {}

    def probe_one(path: Path) -> None:
        found[path] = _probe(path, sleep)

    probes = [threading.Thread(target=probe_one, args=(path,), daemon=True) for path in paths]
    for probe in probes:
        probe.start()
    deadline = time.monotonic() + no_answer_s
    for probe in probes:
        probe.join(max(0.0, deadline - time.monotonic()))
    return tuple(found.get(path) or _silent(path, no_answer_s) for path in paths)


def links(data_dir: Path, mounted: Iterable[str]) -> list[Path]:
    """The folders that are data links: those below `data_dir`, or itself when it is the mount.

    A folder that is mounted as a whole, with nothing mounted below it (as a compose file does), is
    one link and its folders are that link's content.
    """
    try:
        # The folder above knows what is a folder: a mount that may not answer is not asked.
        with os.scandir(data_dir) as entries:
            folders = sorted(data_dir / entry.name for entry in entries if entry.is_dir())
    except OSError:
        return []
    real = os.path.realpath(data_dir)
    points = frozenset(mounted)
    below = any(point.startswith(real + "/") for point in points)
    if real in points and not below:
        return [data_dir]
    return [folder for folder in folders if not folder.name.startswith(".")]


def mount_table() -> dict[str, str]:
    """All mount points with the type of each file system; empty where the kernel does not say.

    `os.path.ismount` misses binds within one file system, as in containers.
    """
    if sys.platform != "linux":
        return {}
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    table = {}
    for line in lines.splitlines():
        mount, _, system = line.partition(" - ")
        fields = mount.split(" ")
        if len(fields) > 4:
            table[_unescape(fields[4])] = system.split(" ")[0]
    return table


def _unescape(text: str) -> str:
    for code, char in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        text = text.replace(code, char)
    return text


def _probe(path: Path, sleep: Callable[[float], None]) -> Mount:
    access: Access = "failing"
    readable, ours = True, False
    for pause_s in _PAUSES_S:
        error = None
        try:
            with os.scandir(path) as entries:
                next(entries, None)  # one of them proves it, and there may be a million
            ours = _holds_sessions(path)
        except OSError as exc:
            error, readable = exc, False
        else:
            readable = True
            error = _try_to_write(path / f".{ROOT}-probe-{uuid.uuid4().hex}")
        if error is None:
            return Mount(path.name, path, "writable", ours=ours)
        reason = f"{errno.errorcode.get(error.errno or 0, error.errno)}: {error.strerror}"
        access = "read-only" if readable and error.errno in READ_ONLY else "failing"
        if error.errno not in _PASSING or not pause_s:
            break
        sleep(pause_s)
    return Mount(path.name, path, access, reason, ours, readable)


def _holds_sessions(path: Path) -> bool:
    try:
        return stat.S_ISDIR(sessions_dir(path).stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _silent(path: Path, waited_s: float) -> Mount:
    reason = f"ETIMEDOUT: no answer for {waited_s:g} s"
    return Mount(path.name, path, "failing", reason, readable=False)


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
            raise OSError(errno.EIO, "what was written reads back differently")
        path.unlink()
    except OSError as exc:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return exc
    return None
