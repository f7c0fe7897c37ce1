"""A real PostgreSQL for the tests: its own cluster on a free port, started and killed at will."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.needs import postgres_folder
from tests.running import free_port

USER = "studio"
PASSWORD = "corr3ct-h0rse"
# Everything here is thrown away, so nothing has to reach the disk.
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "60",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A cluster; it may be running or not. Logins need the password, as with any real server."""

    programs: Path
    folder: Path
    port: int
    account: str | None

    def uri(self, database: str, *, scheme: str = "postgresql", password: str = PASSWORD) -> str:
        return f"{scheme}://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = " ".join(f"-c {name}='{value}'" for name, value in _OPTIONS.items())
        self._run(
            "pg_ctl", "start", "-w", "-D", self._data, "-o", f"-p {self.port} {options}",
            "-l", str(self.folder / "log"),
        )  # fmt: skip

    def stop(self, mode: str = "fast") -> None:
        """`immediate` is what a crash does: no checkpoint, connections are cut."""
        self._run("pg_ctl", "stop", "-w", "-D", self._data, "-m", mode)

    def create(self, database: str, copy_of: str = "template0") -> str:
        """A new database, empty or a copy of one that nobody is connected to; its address."""
        names = map(sql.Identifier, (database, copy_of))
        with psycopg.connect(self.uri("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return self.uri(database)

    def value(self, database: str, query: str) -> object:
        """The first value that a statement gives, if it gives any."""
        with psycopg.connect(self.uri(database), autocommit=True) as connection:
            answer = connection.execute(query.encode())
            return answer.fetchone()[0] if answer.description else None

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        answer = subprocess.run(
            [str(self.programs / program), *arguments],
            user=self.account,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        log = self.folder / "log"
        said = answer.stdout or (log.read_text() if log.exists() else "")
        assert answer.returncode == 0, f"{program} failed:\n{said}"

    def make(self) -> None:
        """Create the cluster's files."""
        password = self.folder / "password"
        password.write_text(PASSWORD)
        self._run(
            "initdb", "-D", self._data, "-U", USER, "--pwfile", str(password),
            "--auth", "scram-sha-256", "--no-sync", "--locale", "C.UTF-8", "--encoding", "UTF8",
        )  # fmt: skip


@contextmanager
def serving() -> Iterator[Postgres]:
    """A running cluster, gone at the end. PostgreSQL refuses to run as root."""
    programs = postgres_folder()
    assert programs is not None
    account = _account() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="studio-postgres-"))
    try:
        if account:
            shutil.chown(folder, account)
        server = Postgres(programs, folder, free_port(), account)
        server.make()
        server.start()
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop("immediate")
    finally:
        shutil.rmtree(folder)


def _account() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
