"""Reach a database server: wait for one that is starting, end at once where waiting cannot help."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from studio import uris
from studio.errors import AUTHENTICATION_FAILED, DATABASE_UNREACHABLE, StartRefused, one_line
from studio.schema import Schema

_TRY_EVERY_S = 2.0
_SAY_EVERY_S = 10.0
_CONNECT_TIMEOUT_S = 5
# PyMySQL passes the server's own error numbers: access denied (1045, 1044, 1698).
_MYSQL_DENIED = {1044, 1045, 1698}


@dataclass(frozen=True, slots=True)
class State:
    """The schema of a database server's database, against this MLflow's."""

    name: Literal["empty", "current", "older", "newer"]
    revision: str = ""


def connect(
    uri: str,
    wait_s: float,
    say: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Any:
    """An engine whose server has answered once.

    Says what it waits for every 10 s, without the password. Raises `StartRefused`: 69 when the
    server did not answer within `wait_s`, 77 when it refused the credentials.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import OperationalError
    from sqlalchemy.pool import NullPool

    options = {"connect_timeout": _CONNECT_TIMEOUT_S}
    engine = create_engine(uri, poolclass=NullPool, connect_args=options)
    shown = uris.redact_address(uri)
    started = said = clock()
    while True:
        try:
            with engine.connect():
                return engine
        except OperationalError as exc:
            reason = one_line(exc.orig or exc)
            if _denied(exc.orig):
                raise StartRefused(
                    AUTHENTICATION_FAILED,
                    f"the database server refused the connection to {shown}: {reason}.\n"
                    "Check the user, the password and the database's name.",
                ) from exc
        now = clock()
        if now - started >= wait_s:
            raise StartRefused(
                DATABASE_UNREACHABLE,
                f"the database server at {shown} did not answer within {wait_s:g} s: {reason}.\n"
                "Check that it runs and can be reached from here; STUDIO_DB_WAIT sets the limit.",
            )
        if now - said >= _SAY_EVERY_S:
            said = now
            say(
                f"waiting for the database at {shown}: {now - started:.0f} s "
                f"of at most {wait_s:g} s ({reason})"
            )
        sleep(min(_TRY_EVERY_S, max(0.05, wait_s - (now - started))))


def _denied(error: object) -> bool:
    """Whether the server answered and said no, by facts rather than by its words.

    libpq gives no SQLSTATE for a failed connection, but it knows whether the server asked for a
    password: a server that is only starting refuses before it asks.
    """
    connection = getattr(error, "pgconn", None)
    if connection is not None:
        return bool(connection.used_password or connection.needs_password)
    arguments: tuple[object, ...] = getattr(error, "args", ())
    return bool(arguments) and arguments[0] in _MYSQL_DENIED


def state(engine: Any, schema: Schema) -> State:
    """Read the revision, changing nothing."""
    from sqlalchemy import inspect, text

    tables = set(inspect(engine).get_table_names())
    if "alembic_version" not in tables:
        return State("empty")
    with engine.connect() as connection:
        revision = (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
        )
    if revision == schema.head:
        return State("current", revision)
    return State("older" if revision in schema.known else "newer", revision)
