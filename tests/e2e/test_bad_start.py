"""What cannot be served ends the start at once: an exit code, a sentence, and nothing changed."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.running import Studio, copy_database, descendants, refused, running

pytestmark = pytest.mark.mlflow

PASSWORD = "corr3ct-h0rse"


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def age(database: Path, revision: str) -> None:
    """Let a database look as if an MLflow with this revision had written it."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# Takes a port, says which, and keeps it until its stdin is closed.
HOLDER = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as taken:
    print(taken.getsockname()[1], flush=True)
    sys.stdin.read()
"""


def test_a_taken_port_is_named_with_its_holder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        port = int(holder.stdout.readline())
        code, output = refused(tmp_path, {"STUDIO_PORT": str(port)})
        name = Path(f"/proc/{holder.pid}/comm").read_text().strip()
    assert code == 73
    assert f"port {port} is taken by {name} (process {holder.pid})" in output
    assert "STUDIO_PORT" in output
    assert not (tmp_path / "home" / "mlflow.db").exists()


@pytest.mark.parametrize("home", ["{0}/file/home", "/proc/home"])
def test_a_home_that_cannot_be_written_to_is_named(tmp_path: Path, home: str) -> None:
    (tmp_path / "file").write_text("in the way")
    path = home.format(tmp_path)
    code, output = refused(tmp_path, {"STUDIO_HOME": path})
    assert code == 73
    assert f"the home folder {path} cannot be used" in output
    assert "STUDIO_HOME" in output


ADDRESSES = {
    f"redis://me:{PASSWORD}@db/0": 'the scheme "redis" is not known here',
    "sqlite://": "an in-memory SQLite database is lost at every restart",
    "sqlite:///:memory:": "an in-memory SQLite database is lost at every restart",
    "./mlruns": "mlflow migrate-filestore --source",
    "file:///srv/mlruns": "mlflow migrate-filestore --source",
    f"postgres.example.com/{PASSWORD}": "mlflow migrate-filestore --source",
    "sqlite:////tmp/a.db?mode=ro": "options after `?` are not supported",
}


@pytest.mark.parametrize("uri", ADDRESSES)
def test_an_address_that_cannot_be_served_from_says_why(tmp_path: Path, uri: str) -> None:
    code, output = refused(tmp_path, {"MLFLOW_BACKEND_STORE_URI": uri})
    assert code == 64
    assert "error: MLFLOW_BACKEND_STORE_URI=***: " in output
    assert ADDRESSES[uri] in output
    assert PASSWORD not in output


@pytest.mark.parametrize("content", [b"no database at all" * 400, None], ids=["text", "torn page"])
def test_a_damaged_database_is_left_as_it_is(
    tmp_path: Path, home: Path, content: bytes | None
) -> None:
    file = home / "mlflow.db"
    if content is None:
        intact = bytearray(file.read_bytes())
        intact[8192:16384] = bytes(range(256)) * 32
        content = bytes(intact)
    file.write_bytes(content)
    before = digest(file)
    code, output = refused(tmp_path, {})
    assert code == 78
    assert f"the database {file} cannot be used: it is damaged" in output
    assert "Nothing was changed." in output
    assert digest(file) == before
    assert {entry.name for entry in home.iterdir()} == {"mlflow.db", ".lock", "run"}


def test_a_database_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "firefox.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE moz_places (url)")
    before = digest(file)
    code, output = refused(tmp_path, {"MLFLOW_BACKEND_STORE_URI": f"sqlite:///{file}"})
    assert code == 78
    assert "it is not MLflow's: it has the tables moz_places" in output
    assert digest(file) == before


def test_a_database_of_a_newer_mlflow_is_left_as_it_is(tmp_path: Path, home: Path) -> None:
    age(home / "mlflow.db", "fedcba987654")
    before = digest(home / "mlflow.db")
    code, output = refused(tmp_path, {})
    assert code == 78
    assert "a newer MLflow wrote it (schema fedcba987654, this image knows " in output
    assert "Nothing was changed." in output
    assert digest(home / "mlflow.db") == before


def test_with_newer_data_the_newest_readable_state_is_named_and_starts(
    tmp_path: Path, home: Path
) -> None:
    data = tmp_path / "data"
    (data / "link").mkdir(parents=True)
    env = {"STUDIO_DATA_DIR": str(data), "STUDIO_PUBLISH_INTERVAL": "1", "STUDIO_WORKERS": "1"}
    with running(home, env) as studio:
        studio.request("/api/2.0/mlflow/experiments/create", {"name": "of the old image"})
        assert studio.stop() == 0
    age(home / "mlflow.db", "fedcba987654")
    before = digest(home / "mlflow.db")
    code, output = refused(tmp_path, env)
    assert code == 78
    assert "a newer MLflow wrote it" in output
    assert digest(home / "mlflow.db") == before
    _, found, rest = output.partition("STUDIO_RESTORE_FROM=")
    assert found
    state = rest.split()[0].rstrip(".")
    published = sorted((data / "link").rglob("*.pp"))
    shutil.rmtree(home)
    with running(home, {**env, "STUDIO_RESTORE_FROM": state}) as studio:
        answer = studio.request("/api/2.0/mlflow/experiments/search", {"max_results": 5})
        assert "of the old image" in answer.text
        assert studio.stop() == 0
    assert set(published) <= set((data / "link").rglob("*.pp"))


def test_a_secrets_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    env = {
        "MLFLOW_BACKEND_STORE_URI_FILE": str(tmp_path / "missing"),
        "MLFLOW_CRYPTO_KEK_PASSPHRASE_FILE": str(tmp_path),
    }
    code, output = refused(tmp_path, env)
    assert code == 64
    for name, path in env.items():
        assert f"error: {name}={path}: the file cannot be read: " in output


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "uri").write_text(f"postgresql://me:{PASSWORD}@db/x\n")
    env = {
        "MLFLOW_BACKEND_STORE_URI": f"postgresql://me:{PASSWORD}@db/x",
        "MLFLOW_BACKEND_STORE_URI_FILE": str(tmp_path / "uri"),
    }
    code, output = refused(tmp_path, env)
    assert code == 64
    twice = "MLFLOW_BACKEND_STORE_URI and MLFLOW_BACKEND_STORE_URI_FILE are both set"
    assert twice in output
    assert PASSWORD not in output


def test_several_problems_are_named_at_once(tmp_path: Path) -> None:
    env = {
        "STUDIO_WORKERS": "many",
        "CONNECT_TOOL_PATH_PREFIX": "studios/a1",
        "MLFLOW_PORT": "5000",
        "STUDIO_WORKRES": "2",
        "MLFLOW_BACKEND_STORE_URI": f"oracle://me:{PASSWORD}@db/x",
    }
    code, output = refused(tmp_path, env)
    assert code == 64
    errors = [line.partition("error: ")[2] for line in output.splitlines() if "error: " in line]
    assert sorted(line.replace("=", " ").split()[0] for line in errors) == sorted(env)
    assert PASSWORD not in output


@pytest.fixture(scope="module")
def with_a_password(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: Path
) -> Iterator[Studio]:
    """A server that was given secrets."""
    folder = tmp_path_factory.mktemp("secret")
    env = {"MLFLOW_CRYPTO_KEK_PASSPHRASE": PASSWORD, "AWS_SECRET_ACCESS_KEY": PASSWORD}
    with running(copy_database(migrated_database, folder / "home"), env) as studio:
        yield studio


def test_no_secret_is_in_an_argument_list_a_page_or_a_status_file(with_a_password: Studio) -> None:
    studio = with_a_password
    pids = [studio.process.pid, *descendants(studio.process.pid)]
    assert len(pids) > 2
    for pid in pids:
        assert PASSWORD not in (Path("/proc") / str(pid) / "cmdline").read_text()
    for path in ("/studio/status", "/studio/ready", "/studio/health"):
        for accept in ("application/json", "text/html"):
            assert PASSWORD not in studio.request(path, headers={"Accept": accept}).text
    files = list((studio.home / "run").glob("*.json"))
    assert files
    assert not any(PASSWORD in file.read_text() for file in files)
    assert PASSWORD not in studio.log


def test_the_entry_point_leaves_no_trace_back(tmp_path: Path) -> None:
    env = {"STUDIO_PORT": "x", "STUDIO_HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}
    answer = subprocess.run(
        [sys.executable, "-m", "studio"], env=env, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 64
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    assert json.dumps("STUDIO_PORT=x: expected a whole number from 0 to 65535")[1:-1] in (
        answer.stderr
    )
