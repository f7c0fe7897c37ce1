"""Which database schema this MLflow has, read from its migration files without importing it.

Importing MLflow costs more than a second; the usual start needs only to know whether the revision
in the database file is the newest one.
"""

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

_ASSIGNMENT = re.compile(r"^(revision|down_revision)\s*(?::[^=]+)?=\s*(.+?)\s*$", re.MULTILINE)
_NAMES = re.compile(r"[\"']([0-9a-f]+)[\"']")


@dataclass(frozen=True, slots=True)
class Schema:
    """MLflow's alembic revisions: the newest, and all that lead to it."""

    head: str
    known: frozenset[str]


def packaged_schema() -> Schema:
    """The schema of the installed MLflow."""
    spec = importlib.util.find_spec("mlflow")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("MLflow is not installed")
    return read_schema(
        Path(spec.submodule_search_locations[0]) / "store" / "db_migrations" / "versions"
    )


def read_schema(versions: Path) -> Schema:
    """Read all revisions of a folder of migrations; exactly one of them has no successor."""
    known: set[str] = set()
    followed: set[str] = set()
    for file in versions.glob("*.py"):
        for name, value in _ASSIGNMENT.findall(file.read_text(encoding="utf-8")):
            (known if name == "revision" else followed).update(_NAMES.findall(value))
    heads = known - followed
    if len(heads) != 1:
        raise ValueError(f"{versions}: expected one newest revision, found {sorted(heads)}")
    return Schema(heads.pop(), frozenset(known))
