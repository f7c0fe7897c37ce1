"""Database and artifact addresses: what they mean, and how they look in a log.

Everything here is text in, text out. SQLAlchemy 2.1 reads `postgresql://` as psycopg 3 and
`mysql://` as MySQLdb (its dialect pages); this runtime ships psycopg 3 and PyMySQL, so the driver
is always spelt out, and a rewritten address is said.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

_DRIVERS = {
    "postgresql": "psycopg",
    "postgres": "psycopg",
    "mysql": "pymysql",
    "mariadb": "pymysql",
}
_DIALECTS = {"postgres": "postgresql", "mariadb": "mysql"}
# A user's name may hold "@" (SQLAlchemy's own rule; on Azure it is user@server).
_USERINFO = re.compile(r"(\w[\w+.-]*://)([^\s/:]*):(\S*)@")
_WHOLE = re.compile(r"(\w[\w+.-]*://)([^/:]*):(.*)@", re.DOTALL)
_SECRET_OPTION = re.compile(
    r"([?&;](?:\w*password|passwd|pwd|\w*token|\w*secret|accountkey|sig)=)[^&\s;'\"]*",
    re.IGNORECASE,
)


class UnusableAddress(ValueError):
    """An address that this runtime cannot serve from; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the records are: a SQLite file on local disk, or a server reached by URI."""

    uri: str
    path: str | None = None
    rewritten: str | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.path is not None

    @property
    def kind(self) -> str:
        return "SQLite" if self.is_sqlite else _KINDS[self.uri.partition("+")[0]]


_KINDS = {"postgresql": "PostgreSQL", "mysql": "MySQL"}


def database(uri: str) -> Database:
    """Read a `MLFLOW_BACKEND_STORE_URI`; a driver that is not shipped is replaced by ours.

    >>> database("sqlite:////tmp/mlflow/mlflow.db").path
    '/tmp/mlflow/mlflow.db'
    >>> database("postgresql+psycopg2://u@h/db").uri
    'postgresql+psycopg://u@h/db'
    """
    scheme, separator, rest = uri.partition("://")
    dialect, _, driver = scheme.lower().partition("+")
    if not separator or dialect == "file" or uri.startswith("file:"):
        raise UnusableAddress(
            "MLflow's file store is not a database and MLflow 3.13 removed it; copy it into one "
            "with `mlflow migrate-filestore --source DIR --target sqlite:////path/mlflow.db`"
        )
    if dialect == "sqlite":
        return _sqlite(uri, rest)
    if dialect not in _DRIVERS:
        raise UnusableAddress(
            f'the scheme "{dialect}" is not known here; use sqlite:, postgresql: or mysql:'
        )
    target = f"{_DIALECTS.get(dialect, dialect)}+{_DRIVERS[dialect]}"
    said = None
    if driver and driver != _DRIVERS[dialect]:
        said = f"{scheme}:// is served with {target}:// (the driver that is installed here)"
    return Database(uri=f"{target}://{rest}", rewritten=said)


def of_file(path: Path) -> str:
    """The address of a SQLite file; what SQLAlchemy would read as something else is escaped.

    >>> of_file(Path("/srv/100%20?/mlflow.db"))
    'sqlite:////srv/100%2520%3F/mlflow.db'
    """
    return "sqlite:///" + str(path).replace("%", "%25").replace("?", "%3F")


def _sqlite(uri: str, rest: str) -> Database:
    path = unquote(rest[1:].partition("?")[0]) if rest.startswith("/") else ""
    if not path or path == ":memory:" or rest.startswith("/file:"):
        raise UnusableAddress(
            "an in-memory SQLite database is lost at every restart and differs in each worker; "
            "name a file: sqlite:////absolute/path/mlflow.db"
        )
    if "?" in rest:
        raise UnusableAddress("options after `?` are not supported for SQLite; leave them out")
    return Database(uri=uri, path=path)


def redact(text: str) -> str:
    """Replace every password in the addresses within a text by `***`.

    >>> redact("postgresql://me:p@ss@db.example.com/x?sslpassword=y")
    'postgresql://me:***@db.example.com/x?sslpassword=***'
    """
    # Greedy up to the last "@": a password may hold "@" and "/" although it should be quoted.
    text = _USERINFO.sub(r"\1\2:***@", text)
    return _SECRET_OPTION.sub(r"\1***", text)


def redact_address(uri: str) -> str:
    """Replace the password in an address that stands alone: there it may hold blanks, too.

    >>> redact_address("postgresql://me@server:my s3cret@db.example.com/x")
    'postgresql://me@server:***@db.example.com/x'
    """
    found = _WHOLE.match(uri)
    return redact(f"{found[1]}{found[2]}:***@{uri[found.end() :]}" if found else uri)


def local_path(uri: str) -> str | None:
    """The folder that a local artifact address names, or None for a cloud address.

    >>> local_path("file:///srv/a"), local_path("/srv/a"), local_path("s3://bucket/a")
    ('/srv/a', '/srv/a', None)
    """
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return unquote(parts.path)
    return uri if not parts.scheme else None


def for_mlflow(place: str) -> str:
    """A place for artifacts as MLflow reads it: in a bare path it takes `%20` for a blank.

    >>> for_mlflow("/srv/runs%20A"), for_mlflow("/srv/runs"), for_mlflow("s3://bucket/a%20b")
    ('file:///srv/runs%2520A', '/srv/runs', 's3://bucket/a%20b')
    """
    is_bare = not urlsplit(place).scheme
    return Path(place).as_uri() if is_bare and "%" in place else place


_ARTIFACT_SCHEMES = ("s3", "gs", "wasbs", "abfss", "file", "mlflow-artifacts", "")


def artifact_place(uri: str) -> str:
    """Check an artifact address: a folder by absolute path, or a scheme whose client is shipped.

    >>> artifact_place("s3://bucket/path")
    's3://bucket/path'
    """
    scheme = urlsplit(uri).scheme.lower()
    if scheme not in _ARTIFACT_SCHEMES:
        raise UnusableAddress(
            f'artifacts cannot be kept at "{scheme}:"; use a folder, s3:, gs:, wasbs: or abfss:'
        )
    path = local_path(uri)
    if path is not None and not path.startswith("/"):
        raise UnusableAddress("expected an absolute path or a cloud URI")
    return uri


_CLIENTS = {
    "s3": "boto3",
    "gs": "google.cloud.storage",
    "wasbs": "azure.storage.blob",
    "abfss": "azure.storage.filedatalake",
}


def client_module(uri: str) -> str | None:
    """The Python module that reaches such artifacts, or None where none is needed.

    >>> client_module("gs://bucket/x"), client_module("/srv/x")
    ('google.cloud.storage', None)
    """
    return _CLIENTS.get(urlsplit(uri).scheme.lower())
