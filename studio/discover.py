"""Find other MLflow stores on a data link: `mlruns` folders and SQLite files of `mlflow server`.

They are reported with what they hold and how to bring them in by hand. Nothing is changed and
nothing is opened in place: SQLite cannot open a file in WAL mode on a read-only mount, and with
`immutable=1` it overlooks the write-ahead log, so a database is copied with its log and the copy is
looked into. Listing an object store costs time and money, so the search is bounded.
"""

import os
import re
import shlex
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.errors import one_line
from studio.snapshots import layout, local

DATABASES = ("mlflow.db", "mlruns.db")
# The folders of MLflow's file store: <experiment>/meta.yaml, <experiment>/<run>/meta.yaml.
_EXPERIMENT = re.compile(r"[0-9]{1,20}")
_RUN = re.compile(r"[0-9a-f]{32}")
_COPIED_UP_TO = 64 << 20
_BESIDE = ("-wal", "-journal")
_CHUNK = 1 << 20
_TARGET = "imported/mlflow.db"


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one search goes: folders deep, entries, and seconds."""

    depth: int = 4
    entries: int = 20_000
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Found:
    """A store that is not ours: what it holds in words, and commands that make a database of it."""

    kind: Literal["mlruns", "database"]
    path: str
    holds: str
    commands: tuple[str, ...]


class OutOfBounds(Exception):
    """The search has reached a limit; the text says which."""


class Search:
    """One search with one set of limits; `incomplete` says why it ended early, if it did.

    `scratch` is a private folder on local disk for the copies, which are removed again.
    """

    def __init__(
        self,
        scratch: Path,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.incomplete: str | None = None
        self._scratch = scratch
        self._limits = limits or Limits()
        self._clock = clock
        self._until = clock() + self._limits.seconds
        self._left = self._limits.entries

    def look(self, link: Path) -> list[Found]:
        """What lies on a link, in the order of its place; our own folder is passed over."""
        found: list[Found] = []
        queue = [(link, 0)]
        try:
            while queue:
                folder, depth = queue.pop(0)
                folders, files = self._entries(folder)
                if self._is_file_store(folder, folders):
                    found.append(self._file_store(folder, folders))
                    continue
                found += [self.look_at(folder / name) for name in DATABASES if name in files]
                if depth < self._limits.depth:
                    ours = layout.ROOT if depth == 0 else None
                    queue += [(folder / name, depth + 1) for name in folders if name != ours]
        except OutOfBounds as exc:
            self.incomplete = str(exc)
        return sorted(found, key=lambda each: each.path)

    def look_at(self, file: Path) -> Found:
        """What one SQLite file holds."""
        return Found("database", str(file), self._database(file), _copying(file))

    def _entries(self, folder: Path) -> tuple[list[str], list[str]]:
        """The names of the folders and of the files in a folder; links are neither."""
        folders, files = [], []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self._spend(1)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    elif entry.is_file(follow_symlinks=False):
                        files.append(entry.name)
        except OSError:
            pass  # one folder that cannot be read is not the end of the search
        return sorted(folders), sorted(files)

    def _spend(self, entries: int) -> None:
        self._left -= entries
        if self._left < 0:
            raise OutOfBounds(f"after {self._limits.entries:,} entries")
        if self._clock() > self._until:
            raise OutOfBounds(f"after {self._limits.seconds:g} s")

    def _is_file_store(self, folder: Path, folders: list[str]) -> bool:
        return any(self._is_experiment(folder / name) for name in folders)

    def _is_experiment(self, folder: Path) -> bool:
        if not _EXPERIMENT.fullmatch(folder.name):
            return False
        self._spend(1)
        return _is_file(folder / "meta.yaml")

    def _file_store(self, folder: Path, folders: list[str]) -> Found:
        experiments = runs = 0
        at_least = ""
        try:
            for name in folders:
                if self._is_experiment(folder / name):
                    experiments += 1
                    inside, _ = self._entries(folder / name)
                    runs += sum(1 for each in inside if _RUN.fullmatch(each))
        except OutOfBounds as exc:
            self.incomplete, at_least = str(exc), "at least "
        holds = f"{at_least}{_counted(experiments, 'experiment')}, {_counted(runs, 'run')}"
        return Found("mlruns", str(folder), holds, _migrating(folder))

    def _database(self, file: Path) -> str:
        copy = self._scratch / "copy.db"
        try:
            size = sum(part.stat().st_size for part in _parts(file))
            if size > _COPIED_UP_TO:
                return f"{size / 1e6:,.0f} MB, too large to be looked into"
            local.remove(copy)
            for part in _parts(file):
                self._copy(part, copy.with_name(copy.name + part.name[len(file.name) :]))
            return f"{size / 1e6:,.1f} MB, {_content(copy)}"
        except OSError as exc:
            return f"it cannot be read: {exc.strerror or exc}"
        except OutOfBounds as exc:
            self.incomplete = str(exc)
            return "not looked into, as the search had ended"
        finally:
            local.remove(copy)

    def _copy(self, source: Path, target: Path) -> None:
        with source.open("rb") as reader, target.open("wb") as writer:
            while chunk := reader.read(_CHUNK):
                self._spend(0)
                writer.write(chunk)


def _parts(file: Path) -> Iterator[Path]:
    """The database and what of it is in its log; the index beside a log is made anew."""
    yield file
    for suffix in _BESIDE:
        if _is_file(beside := file.with_name(file.name + suffix)):
            yield beside


def _is_file(path: Path) -> bool:
    """Whether it is there; what the link gives an error for is not."""
    try:
        return path.is_file()
    except OSError:
        return False


def _content(copy: Path) -> str:
    try:
        with closing(sqlite3.connect(copy)) as database:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                return "damaged, or being written at this moment"
            query = "SELECT count(*) FROM sqlite_master WHERE name IN ('experiments', 'runs')"
            if database.execute(query).fetchone() != (2,):
                return "not a database of MLflow"
            (experiments,) = database.execute("SELECT count(*) FROM experiments").fetchone()
            (runs,) = database.execute("SELECT count(*) FROM runs").fetchone()
    except sqlite3.Error as exc:
        return f"damaged, or being written at this moment ({one_line(exc)})"
    return f"{_counted(experiments, 'experiment')}, {_counted(runs, 'run')}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _migrating(folder: Path) -> tuple[str, ...]:
    source = shlex.quote(str(folder))
    return (
        "mkdir -p imported",
        f"mlflow migrate-filestore --source {source} --target sqlite:///{_TARGET}",
    )


def _copying(file: Path) -> tuple[str, ...]:
    copies = (
        f"cp {shlex.quote(str(part))} {_TARGET}{part.name[len(file.name) :]}"
        for part in _parts(file)
    )
    return ("mkdir -p imported", *copies)
