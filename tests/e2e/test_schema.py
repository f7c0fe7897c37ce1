"""Databases of older MLflows: upgraded with a copy kept, or left alone when that is asked for."""

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from studio import database, migrate
from studio.schema import packaged_schema
from studio.snapshots import restore, scan, start
from studio.snapshots.decide import Wishes
from studio.snapshots.layout import State
from tests.e2e import schemas
from tests.e2e.effects import effect_of
from tests.running import refused, running

pytestmark = pytest.mark.mlflow

HEAD = packaged_schema().head
OLDER = 12
_A_RUN = """
INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage)
VALUES (7, 'old', 'mlflow-artifacts:/7', 'active');
INSERT INTO runs (run_uuid, name, experiment_id, user_id, status, lifecycle_stage, start_time)
VALUES ('0123456789abcdef0123456789abcdef', 'kept', 7, 'ada', 'FINISHED', 'active', 1);
INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
VALUES ('f1', 0.75, 1, '0123456789abcdef0123456789abcdef', 0, 0);
INSERT INTO latest_metrics SELECT key, value, timestamp, step, is_nan, run_uuid FROM metrics;
"""


def revision(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A database with one run for each of the last dozen schemas, oldest first."""
    names = schemas.revisions()
    assert names[0] == HEAD
    files = schemas.make_files(tmp_path_factory.mktemp("older"), names[OLDER:0:-1])
    for name, file in files.items():
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(_A_RUN)
        assert revision(file) == name
    return list(files.values())


def test_each_of_the_last_dozen_schemas_is_upgraded_and_kept_aside(
    older: list[Path], tmp_path: Path
) -> None:
    assert len(older) == OLDER
    for number, file in enumerate(older):
        home = tmp_path / str(number)
        home.mkdir()
        live = Path(shutil.copyfile(file, home / "mlflow.db"))
        database.prepare(
            live,
            packaged_schema(),
            template=None,
            pinned=home / "pinned",
            upgrade=True,
            migrate=lambda _action, path: migrate.upgrade(f"sqlite:///{path}"),
            log=lambda _line: None,
        )
        assert revision(live) == HEAD
        (pinned,) = (home / "pinned").iterdir()
        assert revision(pinned) == revision(file)
        for copy in (live, pinned):
            with closing(sqlite3.connect(copy)) as connection:
                assert connection.execute("SELECT value FROM metrics").fetchall() == [(0.75,)]


@pytest.mark.parametrize("number", [0, OLDER - 1])
@effect_of("STUDIO_DB_UPGRADE")
def test_an_older_database_is_upgraded_at_the_start(
    older: list[Path], tmp_path: Path, number: int
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(older[number], home / "mlflow.db")
    old = revision(older[number])
    with running(home, {"STUDIO_WORKERS": "1"}) as studio:
        assert f"upgrading the database from schema {old} to {HEAD}; a copy is kept: " in studio.log
        search = {"experiment_ids": ["7"], "filter": "metrics.f1 > 0.7"}
        (found,) = studio.request("/api/2.0/mlflow/runs/search", search).json()["runs"]
        assert found["info"]["run_name"] == "kept"
        assert studio.request("/studio/status").json()["database"]["schema"] == HEAD
        assert studio.stop() == 0
    (pinned,) = (home / "pinned").iterdir()
    assert pinned.name.endswith(f"-{old}-mlflow.db")
    assert (revision(pinned), revision(home / "mlflow.db")) == (old, HEAD)


def test_before_an_upgrade_the_old_state_is_published_and_pinned(
    older: list[Path], tmp_path: Path
) -> None:
    home, link = tmp_path / "home", tmp_path / "data" / "bucket"
    home.mkdir()
    link.mkdir(parents=True)
    shutil.copyfile(older[0], home / "mlflow.db")
    old = revision(older[0])
    env = {"STUDIO_DATA_DIR": str(link.parent), "STUDIO_WORKERS": "1"}
    with running(home, env) as studio:
        assert "is kept on the link for good (before-upgrade)" in studio.log
        assert studio.stop() == 0
    (pin,) = link.glob("mlflow-studio/sessions/*/pinned/before-upgrade-*.json")
    pinned = State(pin.parent.parent.name, 1)
    manifest = scan.manifest(link, pinned)
    assert manifest.alembic_rev == old
    restore.restore(link, pinned.sid, manifest, tmp_path / "old.db")
    assert revision(tmp_path / "old.db") == old
    newest = start.begin(link, tmp_path / "new" / "mlflow.db", tmp_path / "new", Wishes(), 0.0)
    assert newest.verified is not None
    assert newest.verified.manifest.alembic_rev == HEAD


@effect_of("STUDIO_DB_UPGRADE")
def test_an_older_database_is_left_as_it_is_when_that_is_asked_for(
    older: list[Path], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    file = Path(shutil.copyfile(older[0], home / "mlflow.db"))
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    code, output = refused(tmp_path, {"STUDIO_DB_UPGRADE": "never"})
    assert code == 78
    assert f"its schema {revision(file)} is older than this MLflow's {HEAD}" in output
    assert "Set STUDIO_DB_UPGRADE=auto" in output
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    assert not (home / "pinned").exists()


def test_an_older_registry_of_its_own_is_upgraded_with_a_copy_too(
    older: list[Path], tmp_path: Path, home: Path
) -> None:
    registry = Path(shutil.copyfile(older[0], tmp_path / "registry.db"))
    env = {"MLFLOW_REGISTRY_STORE_URI": f"sqlite:///{registry}", "STUDIO_WORKERS": "1"}
    with running(home, env) as studio:
        path = "/api/2.0/mlflow/registered-models/create"
        assert studio.request(path, {"name": "classifier"}).code == 200
        assert studio.stop() == 0
    (pinned,) = (home / "pinned").iterdir()
    assert (revision(pinned), revision(registry)) == (revision(older[0]), HEAD)
