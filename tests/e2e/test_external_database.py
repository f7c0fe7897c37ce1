"""A database server instead of the local file: a real PostgreSQL, waited for, shared and killed."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from studio import external, migrate
from studio.errors import StartRefused
from studio.schema import packaged_schema
from tests.e2e import schemas
from tests.e2e.another_process import run_client
from tests.e2e.effects import effect_of
from tests.e2e.postgres import PASSWORD, Postgres, serving
from tests.running import Studio, descendants, refused, running, start, wait_until

pytestmark = [pytest.mark.mlflow, pytest.mark.postgres]

HEAD = packaged_schema().head


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def filler(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """A server that had to fill its database, `filled`, itself; it has stopped: copies are free."""
    uri = postgres.create("filled")
    env = {"MLFLOW_BACKEND_STORE_URI": uri, "STUDIO_WORKERS": "1"}
    with running(tmp_path_factory.mktemp("filler") / "home", env) as studio:
        assert studio.stop() == 0
    return studio


@pytest.fixture(scope="module")
def migrated(
    filler: Studio, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Studio]:
    """A server on such a database, by a driver of another name."""
    postgres.create("first", copy_of="filled")
    folder = tmp_path_factory.mktemp("first")
    uri = postgres.uri("first", scheme="postgresql+psycopg2")
    with running(folder / "home", {"MLFLOW_BACKEND_STORE_URI": uri}) as studio:
        yield studio


@pytest.fixture(scope="module")
def older(postgres: Postgres) -> str:
    """The schema of the database `older`, which is for copies, too."""
    revision = schemas.revisions()[3]
    postgres.create("older")
    schemas.make(postgres.uri("older", scheme="postgresql+psycopg"), revision)
    return revision


def test_an_empty_database_is_filled_and_a_client_works_on_it(
    filler: Studio, migrated: Studio, postgres: Postgres, tmp_path: Path
) -> None:
    assert "creating the tables in the database" in filler.log
    assert "creating the tables" not in migrated.log
    found = run_client("round_trip.py", tmp_path, migrated.url)
    assert found["history"] == pytest.approx([0.90, 0.91, 0.92])
    assert found["report"] == "4 212 variants\n"
    assert postgres.value("first", "SELECT count(*) FROM metrics") == 3
    assert postgres.value("first", "SELECT version_num FROM alembic_version") == HEAD
    assert not (migrated.home / "mlflow.db").exists()


def test_another_drivers_name_is_served_and_said(migrated: Studio) -> None:
    assert "postgresql+psycopg2:// is served with postgresql+psycopg://" in migrated.log
    status = migrated.request("/studio/status").json()
    assert status["database"]["kind"] == "PostgreSQL"
    assert status["kept"] == (
        "records are in PostgreSQL, outside this session; artifacts only on this machine's disk"
    )
    assert migrated.request("/studio/ready").json()["database"] == "ok"


def test_the_password_is_nowhere_to_be_seen(migrated: Studio) -> None:
    for pid in (migrated.process.pid, *descendants(migrated.process.pid)):
        assert PASSWORD not in (Path("/proc") / str(pid) / "cmdline").read_text()
    for accept in ("application/json", "text/html"):
        page = migrated.request("/studio/status", headers={"Accept": accept}).text
        assert "studio:***@127.0.0.1" in page
        assert PASSWORD not in page
    assert not any(PASSWORD in file.read_text() for file in migrated.home.rglob("*.json"))
    assert "studio:***@127.0.0.1" in migrated.log
    assert PASSWORD not in migrated.log


@effect_of("STUDIO_DB_WAIT")
def test_a_database_that_is_not_there_yet_is_waited_for(
    migrated: Studio, postgres: Postgres, tmp_path: Path
) -> None:
    uri = postgres.create("late", copy_of="filled")
    assert migrated.stop() == 0
    postgres.stop()
    env = {"MLFLOW_BACKEND_STORE_URI": uri, "STUDIO_DB_WAIT": "120", "STUDIO_WORKERS": "1"}
    began = time.monotonic()
    studio = start(tmp_path / "home", env)
    try:
        studio.wait_for_line("waiting for the database at postgresql+psycopg://studio:***@")
        said_at = time.monotonic()
        assert said_at - began > 9
        assert " of at most 120 s (" in studio.log
        tree = [studio.process.pid, *descendants(studio.process.pid)]
        assert len(tree) > 1
        for pid in tree:
            assert PASSWORD not in (Path("/proc") / str(pid) / "cmdline").read_text()
        postgres.start()
        studio.wait_ready()
        # It says so every ten seconds.
        most = 1 + (time.monotonic() - said_at) / 10
        assert 1 <= studio.log.count("waiting for the database") <= most
        assert PASSWORD not in studio.log
        assert studio.stop() == 0
    finally:
        if studio.process.poll() is None:
            studio.kill_everything()


def test_it_says_every_ten_seconds_what_it_waits_for() -> None:
    now, said = [0.0], list[tuple[float, str]]()
    with pytest.raises(StartRefused) as refusal:
        external.connect(
            f"postgresql+psycopg://studio:{PASSWORD}@127.0.0.1:9/mlflow",
            35,
            lambda line: said.append((now[0], line)),
            clock=lambda: now[0],
            sleep=lambda seconds: now.__setitem__(0, now[0] + seconds),
        )
    assert refusal.value.code == 69
    assert [at for at, _ in said] == [10, 20, 30]
    assert PASSWORD not in str(said) + str(refusal.value)


def test_a_wrong_password_ends_the_start_within_ten_seconds(
    postgres: Postgres, tmp_path: Path
) -> None:
    uri = postgres.uri("first", password="n0t-this-one")
    began = time.monotonic()
    code, output = refused(tmp_path, {"MLFLOW_BACKEND_STORE_URI": uri})
    assert time.monotonic() - began < 10
    assert code == 77
    assert (
        "the database server refused the connection to postgresql+psycopg://studio:***@" in output
    )
    assert "n0t-this-one" not in output
    assert PASSWORD not in output


@effect_of("STUDIO_DB_WAIT")
@pytest.mark.parametrize("host", ["no-such-host.invalid", "127.0.0.1:9"])
def test_a_database_that_never_answers_ends_the_start_after_the_wait(
    tmp_path: Path, host: str
) -> None:
    uri = f"postgresql://studio:{PASSWORD}@{host}/mlflow"
    began = time.monotonic()
    env = {"MLFLOW_BACKEND_STORE_URI": uri, "STUDIO_DB_WAIT": "3"}
    code, output = refused(tmp_path, env)
    assert 3 <= time.monotonic() - began < 20
    assert code == 69
    assert "did not answer within 3 s" in output
    assert "STUDIO_DB_WAIT" in output
    assert PASSWORD not in output


@effect_of("STUDIO_DB_UPGRADE")
def test_an_older_database_is_upgraded_only_when_that_is_asked_for(
    postgres: Postgres, older: str, tmp_path: Path
) -> None:
    uri = postgres.create("upgraded", copy_of="older")
    revision = "SELECT version_num FROM alembic_version"
    code, output = refused(tmp_path, {"MLFLOW_BACKEND_STORE_URI": uri})
    assert code == 78
    assert f"the database has the older schema {older}; this MLflow needs {HEAD}" in output
    assert "STUDIO_DB_UPGRADE=auto" in output
    assert postgres.value("upgraded", revision) == older
    env = {"MLFLOW_BACKEND_STORE_URI": uri, "STUDIO_DB_UPGRADE": "auto", "STUDIO_WORKERS": "1"}
    with running(tmp_path / "home", env) as studio:
        assert f"upgrading the database from schema {older} to {HEAD}" in studio.log
        assert postgres.value("upgraded", revision) == HEAD


def test_a_server_that_starts_while_another_one_upgrades_waits_for_that(
    filler: Studio, postgres: Postgres, tmp_path: Path
) -> None:
    uri = postgres.create("upgrading", copy_of="filled")
    state = "UPDATE alembic_version SET version_num = '{}'"
    postgres.value("upgrading", state.format(schemas.revisions()[3]))
    with contextlib.closing(psycopg.connect(uri)) as another:
        another.execute("SELECT pg_advisory_lock(%s)", [migrate.SCHEMA_LOCK])
        env = {"MLFLOW_BACKEND_STORE_URI": uri, "STUDIO_WORKERS": "1"}
        studio = start(tmp_path / "home", env)
        try:
            said = "another server is changing the database's schema"
            wait_until(lambda: said in studio.log, 30, lambda: studio.log)
            another.execute(state.format(HEAD).encode())
            another.commit()
            another.close()
            studio.wait_ready()
            assert studio.stop() == 0
        finally:
            if studio.process.poll() is None:
                studio.kill_everything()


def test_an_older_registry_on_a_server_is_not_upgraded_either(
    postgres: Postgres, older: str, tmp_path: Path, home: Path
) -> None:
    uri = postgres.create("registry", copy_of="older")
    code, output = refused(tmp_path, {"MLFLOW_REGISTRY_STORE_URI": uri})
    assert code == 78
    assert f"the database has the older schema {older}" in output
    assert postgres.value("registry", "SELECT version_num FROM alembic_version") == older


def test_a_database_of_a_newer_mlflow_is_left_as_it_is(postgres: Postgres, tmp_path: Path) -> None:
    uri = postgres.create("newer")
    postgres.value("newer", "CREATE TABLE alembic_version (version_num varchar(32))")
    postgres.value("newer", "INSERT INTO alembic_version VALUES ('fedcba987654')")
    env = {"MLFLOW_BACKEND_STORE_URI": uri, "STUDIO_DB_UPGRADE": "auto"}
    code, output = refused(tmp_path, env)
    assert code == 78
    assert "a newer MLflow wrote the database (schema fedcba987654" in output
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    assert postgres.value("newer", tables) == 1


def test_two_servers_that_start_on_one_empty_database_both_come_up(
    postgres: Postgres, tmp_path: Path
) -> None:
    uri = postgres.create("shared")
    env = {"MLFLOW_BACKEND_STORE_URI": uri, "STUDIO_WORKERS": "1"}
    studios = [start(tmp_path / name / "home", env, cwd=tmp_path) for name in ("one", "two")]
    try:
        for studio in studios:
            studio.wait_ready()
        created = studios[0].request("/api/2.0/mlflow/experiments/create", {"name": "shared"})
        assert created.code == 200
        search = studios[1].request("/api/2.0/mlflow/experiments/search", {"max_results": 5})
        assert {found["name"] for found in search.json()["experiments"]} == {"Default", "shared"}
        filled = [s for s in studios if "creating the tables in the database" in s.log]
        assert len(filled) == 1
    finally:
        for studio in studios:
            if studio.process.poll() is None:
                studio.kill_everything()


def test_a_client_sees_no_error_while_the_database_is_killed_and_started(
    filler: Studio, postgres: Postgres, tmp_path: Path
) -> None:
    uri = postgres.create("killed", copy_of="filled")
    with running(tmp_path / "home", {"MLFLOW_BACKEND_STORE_URI": uri}) as studio:
        result: list[Any] = []
        client = threading.Thread(
            target=lambda: result.append(
                run_client("steady.py", tmp_path / "client", studio.url, "20")
            )
        )
        client.start()
        logged = "SELECT count(*) FROM metrics"
        wait_until(lambda: int(str(postgres.value("killed", logged))) > 10, 60)
        postgres.stop("immediate")
        wait_until(lambda: studio.request("/version").code == 200, 10)
        time.sleep(2)  # it stays away for a while: that is what is tested
        postgres.start()
        client.join()
        assert result, studio.log
        (found,) = result
        assert found["logged"] == found["kept"] > 10
        assert found["longest_s"] > 2  # one of the calls really met the missing database
        assert PASSWORD not in studio.log
