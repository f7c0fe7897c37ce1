"""The template database: a migrated, empty one that a first start copies.

Migrating a fresh SQLite file takes MLflow seconds of imports and one and a half of DDL; copying the
result takes milliseconds. MLflow itself makes it, in a process of its own, exactly as its server
does on a first start, so there is nothing here to keep in step with its schema.
"""

import importlib.metadata
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from studio import uris

_FIRST_START = """
import sys
from mlflow.server.handlers import initialize_backend_stores
initialize_backend_stores(sys.argv[1], sys.argv[1], "mlflow-artifacts:/")
"""


def build(to: Path) -> str:
    """Write `template.db` and `template.json` into `to` and return the Alembic revision.

    The file has the WAL mode in its header, no `-wal` beside it, and three rows: the revision, the
    `Default` experiment and the default workspace. That experiment's times are those of the build;
    whoever copies the file sets them to now.
    """
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to) as temporary:
        database = Path(temporary).resolve() / "template.db"
        subprocess.run(
            [sys.executable, "-c", _FIRST_START, uris.of_file(database)],
            env=_environment(temporary),
            cwd=temporary,
            check=True,
        )
        revision = _settle(database)
        database.replace(to / "template.db")
    document = {"mlflow": importlib.metadata.version("mlflow"), "alembic_rev": revision}
    (to / "template.json").write_text(json.dumps(document) + "\n", encoding="utf-8")
    return revision


def _environment(temporary: str) -> dict[str, str]:
    """This environment without MLflow's settings, which would decide what the template holds."""
    kept = {k: v for k, v in os.environ.items() if not k.upper().lstrip("_").startswith("MLFLOW")}
    # MLflow leaves a lock file in TMPDIR when it creates tables.
    return {**kept, "MLFLOW_DISABLE_TELEMETRY": "true", "TMPDIR": temporary}


def _settle(database: Path) -> str:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        if mode != "wal":
            raise RuntimeError(f"SQLite keeps journal mode {mode!r} on this file system")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    leftovers = [path.name for path in database.parent.glob(f"{database.name}-*")]
    if leftovers:
        raise RuntimeError(f"SQLite left {', '.join(leftovers)} beside the template")
    return str(revision)
