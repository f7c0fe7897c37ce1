"""The entries of a build context, in the order of the archive, each known to be packable.

A link becomes what it points to, as long as that lies in the context too: nothing from outside gets
in, and no builder has to know links (Wave's unpacking empties them). Empty folders are left out:
git does not keep them, so a clone would give another archive.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from deploy.context.ignore import Rules
from deploy.errors import ContextInvalid

# What the plain tar format can hold.
NAME_BYTES = 100
PATH_BYTES = 255
FILE_BYTES = 8 * 1024**3 - 1

KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder or a file. `real` is where its content lies: links are resolved in it."""

    name: str
    real: str
    status: os.stat_result = field(repr=False)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is packed, in order, and the folders that are not because nothing is in them."""

    entries: tuple[Entry, ...]
    empty: tuple[str, ...]


def collect(folder: Path, rules: Rules, needed: frozenset[str]) -> Listing:
    """List the context; the files that are needed are there even if the rules leave them out."""
    try:
        top = os.path.realpath(folder, strict=True)
    except OSError as error:
        raise ContextInvalid(folder, f"{error.strerror}.") from error
    walk = _Walk(folder, top, rules, needed)
    files = {entry.name: entry for entry in walk.below("", top, linked=False)}
    # Only folders with something in them, each once.
    kept = {parent for name in files for parent in _parents(name)}
    folders = [entry for entry in walk.folders if entry.name in kept]
    # By the bytes of the name: the same everywhere, whatever the locale.
    entries = sorted([*folders, *files.values()], key=lambda entry: entry.name.encode())
    return Listing(tuple(entries), tuple(walk.empty))


def _parents(name: str) -> Iterator[str]:
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name


@dataclass(slots=True)
class _Walk:
    folder: Path
    top: str
    rules: Rules
    needed: frozenset[str]
    folders: list[Entry] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)

    def below(self, name: str, real: str, *, linked: bool) -> Iterator[Entry]:
        """Give the files below a folder; `linked` says that a link to it was followed."""
        try:
            with os.scandir(real) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise self._invalid(f"{said(name)} cannot be listed: {error.strerror}.") from error
        if not entries:
            self.empty.append(name)
        for entry in entries:
            path = f"{name}/{entry.name}" if name else entry.name
            yield from self._entry(path, entry, linked=linked)

    def _entry(self, name: str, entry: os.DirEntry[str], *, linked: bool) -> Iterator[Entry]:
        excluded = self.rules.exclude(name) or (linked and self._excludes_real(entry.path))
        leads = any(f"{wanted}/".startswith(f"{name}/") for wanted in self.needed)
        if entry.is_symlink():
            if leads or not excluded:
                yield from self._link(name, entry, linked=linked)
            return
        is_folder = entry.is_dir(follow_symlinks=False)
        if excluded and not leads and not (is_folder and not self.rules.prune(name)):
            return
        try:
            status = Path(entry.path).lstat()
        except OSError as error:
            raise self._invalid(f"{said(name)} cannot be read: {error.strerror}.") from error
        if is_folder:
            self.folders.append(Entry(name, entry.path, status))
            yield from self.below(name, entry.path, linked=linked)
        else:
            yield self._file(name, entry.path, status)

    def _link(self, name: str, entry: os.DirEntry[str], *, linked: bool) -> Iterator[Entry]:
        link = f"{said(name)} is a link to {said(str(Path(entry.path).readlink()))}"
        try:
            real = os.path.realpath(entry.path, strict=True)
            status = Path(real).lstat()
        except OSError as error:
            raise self._invalid(f"{link}, which leads nowhere: {error.strerror}.") from error
        if not _lies_in(real, self.top):
            raise self._invalid(f"{link}, outside of it.\nCopy what it points to.")
        if name not in self.needed and self._excludes_real(real):
            raise self._invalid(f"{link}, which {self.rules.source} leaves out.")
        if not stat.S_ISDIR(status.st_mode):
            yield self._file(name, real, status)
            return
        if _lies_in(os.path.realpath(Path(entry.path).parent), real):
            raise self._invalid(f"{link}, a folder that it lies in itself: there is no end.")
        if linked:
            raise self._invalid(f"{link}, a folder, and lies in a linked folder itself.")
        self.folders.append(Entry(name, real, status))
        yield from self.below(name, real, linked=True)

    def _excludes_real(self, real: str) -> bool:
        name = os.path.relpath(real, self.top).replace(os.sep, "/")
        return name != "." and self.rules.exclude(name)

    def _file(self, name: str, real: str, status: os.stat_result) -> Entry:
        for is_kind, kind in KINDS:
            if is_kind(status.st_mode):
                raise self._invalid(f"{said(name)} is {kind}.\nList it in .dockerignore.")
        self._check_name(name)
        if status.st_size > FILE_BYTES:
            raise self._invalid(f"{said(name)} is larger than 8 GiB.")
        return Entry(name, real, status)

    def _check_name(self, name: str) -> None:
        try:
            written = name.encode()
        except UnicodeEncodeError as error:
            raise self._invalid(f"the name {said(name)} is not UTF-8.\nRename it.") from error
        if "\n" in name or "\r" in name:
            raise self._invalid(f"the name {said(name)} has a line break in it.\nRename it.")
        longest = max(len(part) for part in written.split(b"/"))
        if longest > NAME_BYTES or len(written) > PATH_BYTES or not _splits(written):
            raise self._invalid(
                f"the name {said(name)} is too long: the archive takes {NAME_BYTES} bytes a part "
                f"and {PATH_BYTES} in all."
            )

    def _invalid(self, problem: str) -> ContextInvalid:
        return ContextInvalid(self.folder, problem)


def _splits(name: bytes) -> bool:
    """Whether a name fits into the two fields of the format: 155 bytes, a slash, 100 bytes."""
    if len(name) <= NAME_BYTES:
        return True
    slashes = [at for at, byte in enumerate(name) if byte == ord("/")]
    return any(at <= 155 and len(name) - at - 1 <= NAME_BYTES for at in slashes)


def _lies_in(path: str, folder: str) -> bool:
    try:
        return os.path.commonpath([path, folder]) == folder
    except ValueError:  # two drives of Windows
        return False


def said(name: str) -> str:
    """Write a name so that a terminal shows what it is.

    >>> said("a b.txt"), said("a\\tb")
    ('a b.txt', "'a\\\\tb'")
    """
    if not name:
        return "it"
    try:
        name.encode()
    except UnicodeEncodeError:
        return ascii(name)
    return name if name.isprintable() else ascii(name)
