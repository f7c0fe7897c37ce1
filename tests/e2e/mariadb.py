"""A real MariaDB for the tests, on a free port, with files of its own."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pymysql

from tests.running import free_port, wait_until

PASSWORD = "corr3ct-h0rse"


@contextmanager
def serving() -> Iterator[str]:
    """The address of an empty database on a running server that is gone at the end."""
    account = "mysql" if os.geteuid() == 0 else getpass.getuser()
    folder = Path(tempfile.mkdtemp(prefix="studio-mariadb-"))
    shutil.chown(folder, account)
    port = free_port()
    files = [f"--datadir={folder}/data", f"--user={account}"]
    subprocess.run(
        ["mariadb-install-db", "--no-defaults", "--skip-test-db", *files],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    setup = folder / "setup.sql"
    setup.write_text(
        "CREATE DATABASE mlflow;\n"
        f"CREATE USER studio@localhost IDENTIFIED BY '{PASSWORD}';\n"
        "GRANT ALL ON mlflow.* TO studio@localhost;\n"
    )
    address = ["--bind-address=127.0.0.1", f"--port={port}", f"--socket={folder}/socket"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            ["mariadbd", "--no-defaults", *files, *address, f"--init-file={setup}"],
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: _answers(port), 60, (folder / "log").read_text)
        yield f"mysql://studio:{PASSWORD}@127.0.0.1:{port}/mlflow"
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder)


def _answers(port: int) -> bool:
    try:
        with closing(
            pymysql.connect(
                host="127.0.0.1", port=port, user="studio", password=PASSWORD, database="mlflow"
            )
        ):
            return True
    except pymysql.err.OperationalError:
        return False
