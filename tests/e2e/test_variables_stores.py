"""Where each store is: what one server writes is looked for in the files that were named."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.effects import effect_of
from tests.running import Studio, descendants, refused, running

pytestmark = pytest.mark.mlflow

STORES = {
    "MLFLOW_BACKEND_STORE_URI": "records.db",
    "MLFLOW_REGISTRY_STORE_URI": "registry.db",
    "MLFLOW_WORKSPACE_STORE_URI": "workspaces.db",
}


def rows(database: Path, query: str) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [str(value) for (value,) in connection.execute(query)]


@pytest.fixture(scope="module", params=["value", "file"])
def stores(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    migrated_database: Path,
) -> Iterator[Studio]:
    """A server with a file for each store, named in the environment or in files."""
    folder = tmp_path_factory.mktemp("stores")
    env = {"MLFLOW_ENABLE_WORKSPACES": "true", "STUDIO_WORKERS": "1"}
    for name, file in STORES.items():
        (folder / file).write_bytes(migrated_database.read_bytes())
        env[name] = f"sqlite:///{folder / file}"
    if request.param == "file":
        for name in STORES:
            (folder / name).write_text(env.pop(name) + "\n")
            env[f"{name}_FILE"] = str(folder / name)
    with running(folder / "home", env) as studio:
        yield studio


@effect_of("MLFLOW_BACKEND_STORE_URI", "MLFLOW_BACKEND_STORE_URI_FILE")
def test_experiments_are_in_the_backend_store(stores: Studio) -> None:
    created = stores.request("/api/2.0/mlflow/experiments/create", {"name": "seen"})
    assert created.code == 200
    folder = stores.home.parent
    assert "seen" in rows(folder / "records.db", "SELECT name FROM experiments")
    assert "seen" not in rows(folder / "registry.db", "SELECT name FROM experiments")
    assert not (stores.home / "mlflow.db").exists()


@effect_of("MLFLOW_REGISTRY_STORE_URI", "MLFLOW_REGISTRY_STORE_URI_FILE")
def test_models_are_in_the_registry_store(stores: Studio) -> None:
    path = "/api/2.0/mlflow/registered-models/create"
    assert stores.request(path, {"name": "classifier"}).code == 200
    folder = stores.home.parent
    assert rows(folder / "registry.db", "SELECT name FROM registered_models") == ["classifier"]
    assert rows(folder / "records.db", "SELECT name FROM registered_models") == []


@effect_of(
    "MLFLOW_ENABLE_WORKSPACES", "MLFLOW_WORKSPACE_STORE_URI", "MLFLOW_WORKSPACE_STORE_URI_FILE"
)
def test_workspaces_are_in_their_store_and_keep_experiments_apart(stores: Studio) -> None:
    assert stores.request("/api/3.0/mlflow/workspaces", {"name": "genomics"}).code in (200, 201)
    folder = stores.home.parent
    assert "genomics" in rows(folder / "workspaces.db", "SELECT name FROM workspaces")
    assert "genomics" not in rows(folder / "records.db", "SELECT name FROM workspaces")
    path, theirs = "/api/2.0/mlflow/experiments/create", {"X-MLFLOW-WORKSPACE": "genomics"}
    assert stores.request(path, {"name": "theirs"}, headers=theirs).code == 200
    search = "/api/2.0/mlflow/experiments/search"
    there = stores.request(search, {"max_results": 9}, headers=theirs).json()["experiments"]
    here = stores.request(search, {"max_results": 9}).json()["experiments"]
    assert "theirs" in [found["name"] for found in there]
    assert "theirs" not in [found["name"] for found in here]


@pytest.mark.parametrize("how", ["value", "file"])
@effect_of("MLFLOW_READ_REPLICA_BACKEND_STORE_URI", "MLFLOW_READ_REPLICA_BACKEND_STORE_URI_FILE")
def test_reads_go_to_the_replica_and_writes_do_not(
    home: Path, migrated_database: Path, how: str
) -> None:
    replica = home.parent / "replica.db"
    replica.write_bytes(migrated_database.read_bytes())
    with closing(sqlite3.connect(replica)) as database, database:
        database.execute("UPDATE experiments SET name = 'only in the replica'")
    name, value = "MLFLOW_READ_REPLICA_BACKEND_STORE_URI", f"sqlite:///{replica}"
    if how == "file":
        (home.parent / "uri").write_text(value)
        name, value = f"{name}_FILE", str(home.parent / "uri")
    with running(home, {name: value}) as studio:
        answer = studio.request("/api/2.0/mlflow/experiments/search", {"max_results": 5})
        assert [found["name"] for found in answer.json()["experiments"]] == ["only in the replica"]
        create = "/api/2.0/mlflow/experiments/create"
        assert studio.request(create, {"name": "written"}).code == 200
    assert "written" in rows(home / "mlflow.db", "SELECT name FROM experiments")
    assert "written" not in rows(replica, "SELECT name FROM experiments")


@effect_of("MLFLOW_ARTIFACTS_DESTINATION")
def test_artifacts_are_kept_where_the_destination_says(home: Path, tmp_path: Path) -> None:
    with running(home, {"MLFLOW_ARTIFACTS_DESTINATION": str(tmp_path / "there")}) as studio:
        put(studio)
        assert new_experiment(studio)["artifact_location"].startswith("mlflow-artifacts:/")
    assert (tmp_path / "there" / "a.txt").read_text() == "content"


@effect_of("MLFLOW_DEFAULT_ARTIFACT_ROOT")
def test_a_folder_as_artifact_root_is_the_servers_and_never_shown(
    home: Path, tmp_path: Path
) -> None:
    with running(home, {"MLFLOW_DEFAULT_ARTIFACT_ROOT": f"file://{tmp_path}/there"}) as studio:
        put(studio)
        assert new_experiment(studio)["artifact_location"].startswith("mlflow-artifacts:/")
    assert (tmp_path / "there" / "a.txt").read_text() == "content"


@effect_of("MLFLOW_SERVE_ARTIFACTS", "MLFLOW_DEFAULT_ARTIFACT_ROOT")
def test_with_a_cloud_root_and_no_serving_clients_write_there_themselves(home: Path) -> None:
    env = {
        "MLFLOW_SERVE_ARTIFACTS": "false",
        "MLFLOW_DEFAULT_ARTIFACT_ROOT": "s3://a-bucket/studio",
    }
    with running(home, env) as studio:
        assert new_experiment(studio)["artifact_location"].startswith("s3://a-bucket/studio/")
        refusal = put(studio, code=None)
        assert refusal >= 400
        assert studio.request("/studio/ready").json()["artifacts"] == "not served"
        assert "s3://a-bucket/studio (written by the clients themselves)" in studio.log


@effect_of("MLFLOW_SERVE_ARTIFACTS")
def test_artifacts_that_nobody_serves_need_a_cloud_root(tmp_path: Path) -> None:
    code, output = refused(tmp_path, {"MLFLOW_SERVE_ARTIFACTS": "false"})
    assert code == 64
    assert "clients need a cloud URI" in output


@effect_of("MLFLOW_ARTIFACTS_ONLY")
def test_a_server_of_artifacts_alone_has_no_records(tmp_path: Path) -> None:
    env = {"MLFLOW_ARTIFACTS_ONLY": "true", "STUDIO_WORKERS": "1"}
    with running(tmp_path / "home", env) as studio:
        assert len(descendants(studio.process.pid)) == 2
        put(studio)
        search = studio.request("/api/2.0/mlflow/experiments/search", {"max_results": 5})
        assert search.code >= 400
        assert "artifacts-only" in search.text
        assert studio.request("/studio/ready").json()["database"] == "not served"
    assert (tmp_path / "home" / "mlruns" / "a.txt").read_text() == "content"
    assert not (tmp_path / "home" / "mlflow.db").exists()


def put(studio: Studio, code: int | None = 200) -> int:
    path = "/api/2.0/mlflow-artifacts/artifacts/a.txt"
    answer = studio.request(path, b"content", method="PUT")
    assert code is None or answer.code == code, answer.text
    return answer.code


def new_experiment(studio: Studio) -> dict[str, str]:
    created = studio.request("/api/2.0/mlflow/experiments/create", {"name": "new"}).json()
    path = f"/api/2.0/mlflow/experiments/get?experiment_id={created['experiment_id']}"
    found: dict[str, str] = studio.request(path).json()["experiment"]
    return found
