"""`mysql:` addresses: a real MariaDB is filled, used and refused a wrong password."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.another_process import run_client
from tests.e2e.mariadb import PASSWORD, serving
from tests.running import refused, running

pytestmark = [pytest.mark.mlflow, pytest.mark.mariadb]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as uri:
        yield uri


def test_an_empty_database_is_filled_and_a_client_works_on_it(address: str, tmp_path: Path) -> None:
    with running(tmp_path / "home", {"MLFLOW_BACKEND_STORE_URI": address}) as studio:
        assert "creating the tables in the database" in studio.log
        status = studio.request("/studio/status").json()
        assert status["database"]["kind"] == "MySQL"
        assert studio.request("/studio/ready").json()["database"] == "ok"
        found = run_client("round_trip.py", tmp_path / "client", studio.url)
        assert found["history"] == pytest.approx([0.90, 0.91, 0.92])
        assert PASSWORD not in studio.log
        assert studio.stop() == 0


def test_a_wrong_password_ends_the_start_within_ten_seconds(address: str, tmp_path: Path) -> None:
    began = time.monotonic()
    uri = address.replace(PASSWORD, "n0t-this-one")
    code, output = refused(tmp_path, {"MLFLOW_BACKEND_STORE_URI": uri})
    assert time.monotonic() - began < 10
    assert code == 77
    assert "n0t-this-one" not in output
