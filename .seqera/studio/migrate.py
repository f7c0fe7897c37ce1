"""Run MLflow's own schema code in a short-lived process: `python -m studio.migrate ACTION`.

The parent never imports MLflow, and no database connection crosses a fork. Addresses come through
the environment, because an argument list is visible to everybody on the machine.

* `init`: create the tables in the database that `_MLFLOW_SERVER_FILE_STORE` names.
* `check`: open all stores that the environment names as `mlflow server` does before it starts.
* `upgrade`: bring the SQLite file in `_MLFLOW_SERVER_FILE_STORE` to the newest schema.
* `external`: wait for the database server, then check, create or (only when asked) upgrade it.
"""

import contextlib
import itertools
import logging
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from studio import external, lifetime
from studio.errors import (
    DATA_UNUSABLE,
    DATABASE_UNREACHABLE,
    SETTING_INVALID,
    StartRefused,
    one_line,
)
from studio.schema import packaged_schema

UPGRADE = "STUDIO_DB_UPGRADE"
WAIT = "STUDIO_DB_WAIT"
TRACE_ARCHIVAL = "MLFLOW_TRACE_ARCHIVAL_CONFIG"
_OTHERS_MAY_TAKE_S = 600
SCHEMA_LOCK = 7_364_512_011  # any number, the same in every replica


def main(action: str) -> int:
    """Run one action; its refusal is printed and becomes the exit code."""
    lifetime.die_with_parent()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        if action == "init":
            _init()
        elif action == "check":
            _check_trace_archival(os.environ.get(TRACE_ARCHIVAL))
            _init()
        elif action == "upgrade":
            upgrade(os.environ["_MLFLOW_SERVER_FILE_STORE"])
        else:
            _external(os.environ["_MLFLOW_SERVER_FILE_STORE"])
    except StartRefused as exc:
        print(exc, file=sys.stderr, flush=True)
        return exc.code
    except Exception as exc:
        print(f"the database cannot be prepared: {one_line(exc)}", file=sys.stderr, flush=True)
        return DATA_UNUSABLE
    return 0


def _init() -> None:
    from mlflow.server.handlers import initialize_backend_stores

    # MLflow sets its own level when it is imported; its tale of each step helps nobody here.
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    env = os.environ
    initialize_backend_stores(
        env["_MLFLOW_SERVER_FILE_STORE"],
        env.get("_MLFLOW_SERVER_REGISTRY_STORE"),
        env["_MLFLOW_SERVER_ARTIFACT_ROOT"],
        workspace_store_uri=env.get("MLFLOW_WORKSPACE_STORE_URI"),
        read_replica_backend_store_uri=env.get("_MLFLOW_SERVER_READ_REPLICA_BACKEND_STORE"),
    )


def _check_trace_archival(file: str | None) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.tracing.trace_archival_config import load_trace_archival_server_config

    try:
        if file:
            load_trace_archival_server_config(file)
    except MlflowException as exc:
        raise StartRefused(SETTING_INVALID, f"{TRACE_ARCHIVAL}={file}: {exc.message}") from exc


def upgrade(uri: str) -> None:
    """Bring a database to the newest schema, in this process."""
    from mlflow.store.db.utils import _upgrade_db
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    _upgrade_db(create_engine(uri, poolclass=NullPool))


def _external(uri: str) -> None:
    schema = packaged_schema()
    engine = external.connect(uri, float(os.environ.get(WAIT) or 300), _say)
    state = external.state(engine, schema)
    if state.name == "newer":
        raise StartRefused(
            DATA_UNUSABLE,
            f"a newer MLflow wrote the database (schema {state.revision}, this image knows "
            f"{schema.head}).\nNothing was changed. Use that MLflow's image again.",
        )
    if state.name == "current":
        return
    with _only_one(engine):
        # While another server creates or upgrades it, MySQL shows the revisions on the way.
        state = external.state(engine, schema)
        if state.name == "older" and os.environ.get(UPGRADE) != "auto":
            raise StartRefused(
                DATA_UNUSABLE,
                f"the database has the older schema {state.revision}; this MLflow needs "
                f"{schema.head}.\nNothing was changed, since other servers may share it. Take a "
                f"backup, then set {UPGRADE}=auto for one start.",
            )
        if state.name == "older":
            _say(f"upgrading the database from schema {state.revision} to {schema.head}")
            upgrade(uri)
        elif state.name == "empty":
            _say("creating the tables in the database")
            _init()


@contextlib.contextmanager
def _only_one(engine: Any) -> Iterator[None]:
    """Let one of several starting servers change the schema; the others wait and look again."""
    from sqlalchemy import text

    postgres = engine.dialect.name == "postgresql"
    take = "SELECT pg_try_advisory_lock(:key)" if postgres else "SELECT GET_LOCK(:key, 0)"
    give = "SELECT pg_advisory_unlock(:key)" if postgres else "SELECT RELEASE_LOCK(:key)"
    key = {"key": SCHEMA_LOCK if postgres else "mlflow-studio-schema"}
    with engine.connect() as connection:
        for waited_s in itertools.count():
            taken = connection.execute(text(take), key).scalar()
            connection.commit()
            if taken:
                break
            if waited_s >= _OTHERS_MAY_TAKE_S:
                raise StartRefused(
                    DATABASE_UNREACHABLE,
                    f"another server has been changing the database's schema for {waited_s} s.\n"
                    "Start again when it has finished, or has been stopped.",
                )
            if waited_s % 10 == 0:
                _say(
                    "another server is changing the database's schema; waiting: "
                    f"{waited_s} s of at most {_OTHERS_MAY_TAKE_S} s"
                )
            time.sleep(1)
        try:
            yield
        finally:
            connection.execute(text(give), key)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
