"""Every name of the environment contract does something, or ends the start and says what to do.

The tests that show an effect are in the other `test_*.py` files here, marked with `effect_of`.
"""

from pathlib import Path

import pytest

from tests.e2e.effects import NAMES, REFUSED, shown
from tests.running import refused

pytestmark = pytest.mark.mlflow


def test_each_variable_has_a_test_that_sets_it() -> None:
    assert NAMES - REFUSED.keys() - shown() == set()


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_name_that_is_not_for_users_ends_the_start(tmp_path: Path, name: str) -> None:
    code, output = refused(tmp_path, {name: "true"})
    assert code == 64
    assert f"error: {name} cannot be set here: {REFUSED[name]}" in output
    assert not (tmp_path / "home").exists()


def test_all_that_is_refused_is_named_at_once(tmp_path: Path) -> None:
    code, output = refused(tmp_path, dict.fromkeys(REFUSED, "true"))
    assert code == 64
    assert [name for name in REFUSED if f"error: {name} " not in output] == []


def test_a_misspelt_name_ends_the_start_with_the_closest_one(tmp_path: Path) -> None:
    code, output = refused(tmp_path, {"STUDIO_WORKRES": "2"})
    assert code == 64
    assert "STUDIO_WORKRES is not a setting; did you mean STUDIO_WORKERS?" in output


@pytest.mark.parametrize("name", ["STUDIO_PORT_FILE", "MLFLOW_DEFAULT_ARTIFACT_ROOT_FILE"])
def test_only_secrets_come_from_files(tmp_path: Path, name: str) -> None:
    code, output = refused(tmp_path, {name: "/etc/hostname"})
    assert code == 64
    assert f"{name}: only the content of secrets can come from a file" in output


MALFORMED = {
    "CONNECT_TOOL_PORT": "80 80",
    "CONNECT_TOOL_PATH_PREFIX": "studios/a1",
    "MLFLOW_BACKEND_STORE_URI": "redis://db/0",
    "MLFLOW_REGISTRY_STORE_URI": "sqlite://",
    "MLFLOW_READ_REPLICA_BACKEND_STORE_URI": "./mlruns",
    "MLFLOW_WORKSPACE_STORE_URI": "oracle://db",
    "MLFLOW_DEFAULT_ARTIFACT_ROOT": "ftp://host/a",
    "MLFLOW_ARTIFACTS_DESTINATION": "relative/folder",
    "MLFLOW_SERVE_ARTIFACTS": "yes please",
    "MLFLOW_ARTIFACTS_ONLY": "2",
    "MLFLOW_ENABLE_WORKSPACES": "enabled",
    "MLFLOW_TRACE_ARCHIVAL_CONFIG": "/no/such/file.yaml",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "on",
    "MLFLOW_GATEWAY_URI": "http://gateway.example.com",
    "MLFLOW_SERVER_ALLOWED_HOSTS": "*",
    "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "https://*.example.com",
    "MLFLOW_SERVER_X_FRAME_OPTIONS": "ALLOW-FROM x",
    "MLFLOW_SERVER_SECRETS_CACHE_TTL": "5",
    "MLFLOW_SERVER_SECRETS_CACHE_MAX_SIZE": "0",
    "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": "too short",
    "MLFLOW_DISABLE_TELEMETRY": "maybe",
    "STUDIO_PORT": "70000",
    "STUDIO_DATA_LINK": "../elsewhere",
    "STUDIO_LINK_WAIT": "a minute",
    "STUDIO_FRAME_ANCESTORS": "self",
    "STUDIO_WORKERS": "two",
    "STUDIO_PUBLISH_INTERVAL": "nan",
    "STUDIO_RESTORE_FROM": "latest",
    "STUDIO_ALLOW_EMPTY": "y",
    "STUDIO_ON_CONFLICT": "merge",
    "STUDIO_DB_UPGRADE": "yes",
    "STUDIO_DB_WAIT": "-1",
}


def test_all_malformed_values_are_named_at_once(tmp_path: Path) -> None:
    code, output = refused(tmp_path, {**MALFORMED, "STUDIO_ALLOWED_HOSTS": "https://a/b"})
    assert code == 64
    named = [name for name in (*MALFORMED, "STUDIO_ALLOWED_HOSTS") if f"error: {name}" in output]
    assert named == [*MALFORMED, "STUDIO_ALLOWED_HOSTS"]
    assert "redis://db/0" not in output  # a database's address may hold a password
    assert not (tmp_path / "home").exists()
