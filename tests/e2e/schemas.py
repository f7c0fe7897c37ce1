"""Databases as older MLflows have left them, made by MLflow's own migrations."""

import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.running import CLEAN

# The tables of the first schema, then each migration as its MLflow brought it.
_MAKE = """
import shutil, sys
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base

uri, path, names = sys.argv[1], sys.argv[2], sys.argv[3:]
engine = create_engine(uri)
Base.metadata.create_all(engine)
config = _get_alembic_config(uri)
with engine.begin() as connection:
    config.attributes["connection"] = connection
    for name in names:
        command.upgrade(config, name)
        if path:
            connection.commit()
            shutil.copyfile(path, f"{path}.{name}")
engine.dispose()
"""
_LIST = """
from alembic.script import ScriptDirectory
from mlflow.store.db.utils import _get_alembic_config

for revision in ScriptDirectory.from_config(_get_alembic_config("")).walk_revisions():
    print(revision.revision)
"""


@cache
def revisions() -> tuple[str, ...]:
    """All revisions that the installed MLflow knows, the newest first."""
    return tuple(_run(_LIST).split())


def make_files(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """One SQLite file for each revision, given oldest first."""
    path = folder / "old.db"
    _run(_MAKE, f"sqlite:///{path}", str(path), *names)
    return {name: path.with_name(f"{path.name}.{name}") for name in names}


def make(uri: str, revision: str) -> None:
    """Bring an empty database to one revision."""
    _run(_MAKE, uri, "", revision)


def _run(script: str, *arguments: str) -> str:
    answer = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=CLEAN,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout
