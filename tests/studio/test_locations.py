"""Folders as artifact locations are refused by MLflow's own handlers, and nothing else is."""

from types import SimpleNamespace

import pytest

from studio import locations

exceptions = pytest.importorskip("mlflow.exceptions", reason="MLflow is not installed")


def unchecked(value: str, field_name: str) -> str:
    return f"{field_name}={value}"


@pytest.fixture
def handlers() -> SimpleNamespace:
    found = SimpleNamespace(_validate_storage_location_uri=unchecked)
    assert locations.refuse_folders(found)
    return found


@pytest.mark.parametrize("folder", ["/home/me/runs", "mlruns", "file:///tmp/runs", "file:runs"])
def test_a_folder_is_refused_with_what_to_do_instead(
    handlers: SimpleNamespace, folder: str
) -> None:
    with pytest.raises(exceptions.MlflowException, match="Leave it out") as refused:
        handlers._validate_storage_location_uri(folder, "artifact_location")
    assert refused.value.get_http_status_code() == 400
    assert f"artifact_location '{folder}'" in refused.value.message


@pytest.mark.parametrize("uri", ["s3://acme/runs", "gs://acme", "mlflow-artifacts:/runs"])
def test_what_is_no_folder_is_left_to_mlflow(handlers: SimpleNamespace, uri: str) -> None:
    assert handlers._validate_storage_location_uri(uri, "root") == f"root={uri}"


def test_an_mlflow_without_this_check_is_left_as_it_is() -> None:
    other = SimpleNamespace()
    assert not locations.refuse_folders(other)
    assert vars(other) == {}
