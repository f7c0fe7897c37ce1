"""Pack a build context into a tar file that is a function of its content.

The plainest format (USTAR), entries in order, one owner, one date, two modes. Every file is copied
in pieces, so the memory needed does not grow with the context.
"""

import hashlib
import os
import stat
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from deploy.context import ignore, suspects
from deploy.context.listing import Entry, collect, said
from deploy.context.model import File, Packed
from deploy.errors import ContextChanged, ContextInvalid

# 1980 and not 1970: zip files, wheels among them, cannot hold an earlier date.
MTIME = 315532800
CHUNK = 1024 * 1024
NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def pack(folder: Path, dockerfile: str = "Dockerfile") -> Packed:
    """Pack what the ignore rules leave of a folder, and its Dockerfile.

    Use it as a context manager: the tar is a temporary file.
    """
    name = _inside(folder, dockerfile)
    rules = ignore.read(folder, name)
    hidden = rules.exclude(name)
    listing = collect(folder, rules, _needed(rules, name, hidden=hidden))
    entries = [entry for entry in listing.entries if not _misleads(entry, rules)]
    if not any(entry.name == name and not entry.is_folder for entry in entries):
        raise ContextInvalid(folder, f"there is no {name} in it.")
    descriptor, path = tempfile.mkstemp(prefix="studioctl-context-", suffix=".tar")
    try:
        with os.fdopen(descriptor, "wb") as target:
            packing = _Packing(folder, target, tells_executables(entries, name))
            for entry in entries:
                packing.add(entry, whole=entry.name == name)
            packing.end()
        return Packed(
            path=Path(path),
            digest=f"sha256:{packing.hash.hexdigest()}",
            size=packing.size,
            files=tuple(File(e.name, e.status.st_size) for e in entries if not e.is_folder),
            dockerfile=packing.text(name),
            warnings=_warnings(packing.secrets, listing.empty),
            folder=folder,
            dockerfile_name=name,
            dockerfile_hidden=hidden,
        )
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise


def _inside(folder: Path, dockerfile: str) -> str:
    name = os.path.normpath(dockerfile).replace(os.sep, "/")
    if Path(dockerfile).is_absolute() or name.startswith("..") or name == ".":
        raise ContextInvalid(folder, f"the Dockerfile {dockerfile} does not lie in it.")
    return name


def _needed(rules: ignore.Rules, dockerfile: str, *, hidden: bool) -> frozenset[str]:
    """Name what the builder needs: rules that hide the Dockerfile from COPY travel with it."""
    also = {ignore.NAME} if hidden and rules.source == ignore.NAME else set()
    return frozenset({dockerfile, *also})


def _misleads(entry: Entry, rules: ignore.Rules) -> bool:
    """Whether an entry is an ignore file that is not in force, but that a builder would apply."""
    return entry.name == ignore.NAME and rules.source != ignore.NAME


def tells_executables(entries: Sequence[Entry], dockerfile: str) -> bool:
    """Whether the file system knows which files are executable.

    Windows does not, nor do its disks elsewhere: they show every file as executable, the Dockerfile
    among them, which nobody executes.
    """
    if os.name == "nt":
        return False
    return not any(e.name == dockerfile and e.status.st_mode & stat.S_IXUSR for e in entries)


@dataclass(slots=True)
class _Packing:
    folder: Path
    target: IO[bytes]
    modes_count: bool
    size: int = 0
    hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    secrets: list[str] = field(default_factory=list)
    kept: bytes = b""

    def add(self, entry: Entry, *, whole: bool = False) -> None:
        """Append one entry; keep the content of the one that is wanted whole."""
        if entry.is_folder:
            self._header(entry, tarfile.DIRTYPE, 0, 0o755)
            return
        try:
            descriptor = os.open(entry.real, os.O_RDONLY | NO_WAIT)
        except FileNotFoundError as error:
            raise ContextChanged(self.folder, entry.name) from error
        except OSError as error:
            why = f"{entry.name} cannot be read: {error.strerror}."
            raise ContextInvalid(self.folder, why) from error
        with os.fdopen(descriptor, "rb", buffering=0) as source:
            self._check_same(entry, os.fstat(descriptor))
            self._copy(entry, source, whole=whole)
            self._check_same(entry, os.fstat(descriptor))

    def _copy(self, entry: Entry, source: IO[bytes], *, whole: bool) -> None:
        left = entry.status.st_size
        chunk = source.read(min(left, CHUNK))
        if suspects.by_name(entry.name) or suspects.by_content(chunk):
            self.secrets.append(entry.name)
        self._header(entry, tarfile.REGTYPE, left, self._mode(entry, chunk))
        while chunk:
            self._write(chunk)
            self.kept += chunk if whole else b""
            left -= len(chunk)
            chunk = source.read(min(left, CHUNK)) if left else b""
        if left or source.read(1):
            raise ContextChanged(self.folder, entry.name)
        self._write(bytes(-entry.status.st_size % tarfile.BLOCKSIZE))

    def _mode(self, entry: Entry, start: bytes) -> int:
        if self.modes_count:
            executable = bool(entry.status.st_mode & stat.S_IXUSR)
        else:
            executable = start.startswith(b"#!")
        return 0o755 if executable else 0o644

    def _header(self, entry: Entry, kind: bytes, size: int, mode: int) -> None:
        info = tarfile.TarInfo(entry.name)
        info.type, info.size, info.mode, info.mtime = kind, size, mode, MTIME
        self._write(info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict"))

    def end(self) -> None:
        """Write the end of the archive: two blocks of zeros, and no padding after them."""
        self._write(bytes(2 * tarfile.BLOCKSIZE))

    def _write(self, chunk: bytes) -> None:
        self.target.write(chunk)
        self.hash.update(chunk)
        self.size += len(chunk)

    def _check_same(self, entry: Entry, now: os.stat_result) -> None:
        then = entry.status
        if (now.st_size, now.st_mtime_ns, now.st_ino) != (
            then.st_size,
            then.st_mtime_ns,
            then.st_ino,
        ):
            raise ContextChanged(self.folder, entry.name)

    def text(self, name: str) -> str:
        try:
            return self.kept.decode()
        except UnicodeDecodeError as error:
            raise ContextInvalid(self.folder, f"{name} is not UTF-8 text.") from error


def _warnings(secrets: Sequence[str], empty: Sequence[str]) -> tuple[str, ...]:
    lines = []
    if secrets:
        lines.append(
            f"these look like secrets, and whoever gets the image can read them: {_some(secrets)}."
            "\nIf the image does not need them, list them in .dockerignore."
        )
    if empty:
        lines.append(f"empty folders are left out, as git and Wave do: {_some(empty)}.")
    return tuple(lines)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(map(said, names[:10])) + more
