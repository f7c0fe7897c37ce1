"""The template database, made by MLflow and opened by it."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from studio import template
from tests.running import free_port

pytestmark = [
    pytest.mark.mlflow,
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("mlflow") is None, reason="MLflow is not installed"),
]


@pytest.fixture(scope="module")
def a_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("template")
    template.build(directory)
    return directory


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def schema(database: Path) -> list[tuple[object, ...]]:
    return rows(database, "SELECT type, name, rootpage, sql FROM sqlite_master ORDER BY 1, 2")


def test_the_template_is_one_file_in_wal_mode(a_template: Path) -> None:
    assert {path.name for path in a_template.iterdir()} == {"template.db", "template.json"}
    # Bytes 18 and 19 of the header: 2 means WAL (https://sqlite.org/fileformat.html).
    assert (a_template / "template.db").read_bytes()[18:20] == b"\x02\x02"


def test_the_template_names_its_revision(a_template: Path) -> None:
    document = json.loads((a_template / "template.json").read_text())
    (row,) = rows(a_template / "template.db", "SELECT version_num FROM alembic_version")
    assert set(document) == {"mlflow", "alembic_rev"}
    assert row == (document["alembic_rev"],)


def test_the_template_holds_the_default_experiment_alone(a_template: Path) -> None:
    query = "SELECT experiment_id, name, artifact_location FROM experiments"
    assert rows(a_template / "template.db", query) == [(0, "Default", "mlflow-artifacts:/0")]
    tables = rows(a_template / "template.db", "SELECT name FROM sqlite_master WHERE type='table'")
    filled = {
        str(name)
        for (name,) in tables
        if rows(a_template / "template.db", f'SELECT 1 FROM "{name}" LIMIT 1')
    }
    assert filled == {"alembic_version", "experiments", "workspaces"}


@pytest.mark.parametrize("workspaces", ["false", "true"])
def test_a_server_on_a_copy_changes_nothing(
    a_template: Path, tmp_path: Path, workspaces: str
) -> None:
    database = tmp_path / "mlflow.db"
    shutil.copyfile(a_template / "template.db", database)
    before = schema(database), dump(database)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(port)],
        cwd=tmp_path,
        env={
            **os.environ,
            "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{database}",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_ENABLE_WORKSPACES": workspaces,
            "MLFLOW_DISABLE_TELEMETRY": "true",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(f"{url}/health", server)
        with urllib.request.urlopen(
            f"{url}/api/2.0/mlflow/experiments/get?experiment_id=0", timeout=30
        ) as answer:
            assert json.load(answer)["experiment"]["name"] == "Default"
    finally:
        server.terminate()
        server.wait(30)
    assert (schema(database), dump(database)) == before


def dump(database: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return list(connection.iterdump())


def wait_for(url: str, server: subprocess.Popen[bytes], limit_s: float = 90) -> None:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        assert server.poll() is None, f"the server ended with {server.returncode}"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"{url} did not answer within {limit_s} s")
