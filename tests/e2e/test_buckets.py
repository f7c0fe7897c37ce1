"""Artifacts in a bucket: through the server, or straight from the clients."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.another_process import run_client
from tests.e2e.buckets import SECRET, Buckets, serving
from tests.running import CLEAN, refused, running

pytestmark = pytest.mark.mlflow


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buckets]:
    with serving(tmp_path_factory.mktemp("s3")) as found:
        yield found


def test_the_server_keeps_artifacts_in_a_bucket(
    buckets: Buckets, home: Path, tmp_path: Path
) -> None:
    buckets.client.create_bucket(Bucket="served")
    env = {**buckets.env, "MLFLOW_ARTIFACTS_DESTINATION": "s3://served/studio"}
    with running(home, env) as studio:
        found = run_client("round_trip.py", tmp_path / "client", studio.url)
        assert found["report"] == "4 212 variants\n"
        assert found["artifact_uri"].startswith("mlflow-artifacts:/")
        (key,) = buckets.keys("served")
        assert key.startswith("studio/")
        assert key.endswith("/artifacts/qc/report.txt")
        assert studio.request("/studio/status").json()["artifacts"]["place"] == "s3://served/studio"
        assert SECRET not in studio.log
        assert studio.stop() == 0
    assert not (home / "mlruns").exists()


def test_clients_write_to_a_bucket_themselves(buckets: Buckets, home: Path, tmp_path: Path) -> None:
    buckets.client.create_bucket(Bucket="direct")
    env = {"MLFLOW_DEFAULT_ARTIFACT_ROOT": "s3://direct/studio", "MLFLOW_SERVE_ARTIFACTS": "false"}
    with running(home, env) as studio:  # this server has no credentials
        found = run_client("round_trip.py", tmp_path / "client", studio.url, env=buckets.env)
        assert found["report"] == "4 212 variants\n"
        assert found["artifact_uri"].startswith("s3://direct/studio/")
        assert [key.rpartition("/")[2] for key in buckets.keys("direct")] == ["report.txt"]


_OPEN = """
import sys
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
store = get_artifact_repository(sys.argv[1])
client = store._get_s3_client() if hasattr(store, "_get_s3_client") else (
    store.fs_client if hasattr(store, "fs_client") else store.client)
print(type(client).__module__)
"""
CLIENTS = {
    "s3://bucket/a": "botocore.client",
    "gs://bucket/a": "google.cloud.storage.client",
    "wasbs://box@account.blob.core.windows.net/a": "azure.storage.blob._blob_service_client",
    "abfss://box@account.dfs.core.windows.net/a": (
        "azure.storage.filedatalake._file_system_client"
    ),
}


@pytest.mark.parametrize("uri", CLIENTS)
def test_the_client_of_each_kind_of_bucket_is_there(
    buckets: Buckets, tmp_path: Path, uri: str
) -> None:
    env = {**CLEAN, **buckets.env, "HOME": str(tmp_path), "NO_GCE_CHECK": "true"}
    answer = subprocess.run(
        [sys.executable, "-c", _OPEN, uri],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout.strip() == CLIENTS[uri], answer.stderr


def test_a_kind_of_bucket_without_a_client_ends_the_start(tmp_path: Path) -> None:
    code, output = refused(tmp_path, {"MLFLOW_ARTIFACTS_DESTINATION": "wasb://box@account/a"})
    assert code == 64
    assert 'artifacts cannot be kept at "wasb:"' in output


def test_the_server_itself_is_no_place_for_its_artifacts(tmp_path: Path) -> None:
    code, output = refused(tmp_path, {"MLFLOW_ARTIFACTS_DESTINATION": "mlflow-artifacts:/"})
    assert code == 64
    assert "MLFLOW_ARTIFACTS_DESTINATION=mlflow-artifacts:/: that is this server itself" in output
