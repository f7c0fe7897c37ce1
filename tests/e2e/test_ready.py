"""`/studio/ready` proves the write path and changes nothing, however often it is asked."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.buckets import Buckets, serving
from tests.running import Answer, Studio, copy_database, running, wait_until

pytestmark = pytest.mark.mlflow

PROBE = "/probed/studio/.studio-ready-"


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buckets]:
    with serving(tmp_path_factory.mktemp("s3")) as found:
        yield found


@pytest.fixture(scope="module")
def on_a_bucket(
    buckets: Buckets, tmp_path_factory: pytest.TempPathFactory, migrated_database: Path
) -> Iterator[Studio]:
    """A server whose artifact store counts what is written to it."""
    buckets.client.create_bucket(Bucket="probed")
    home = copy_database(migrated_database, tmp_path_factory.mktemp("ready") / "home")
    env = {**buckets.env, "MLFLOW_ARTIFACTS_DESTINATION": "s3://probed/studio"}
    with running(home, {**env, "STUDIO_WORKERS": "2"}) as studio:
        yield studio


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Iterator[Studio]:
    """A server with everything on local disk."""
    home = copy_database(migrated_database, tmp_path_factory.mktemp("local") / "home")
    with running(home, {"STUDIO_WORKERS": "2"}) as found:
        yield found


def forget(studio: Studio) -> None:
    """Let the next question be looked into, as after half a minute."""
    (studio.home / "run" / "ready.json").unlink(missing_ok=True)


def ask_afresh(studio: Studio) -> Answer:
    forget(studio)
    return studio.request("/studio/ready")


def test_a_hundred_questions_write_at_most_four_objects(
    on_a_bucket: Studio, buckets: Buckets
) -> None:
    assert buckets.asked("PUT", PROBE) == 1  # the start asked
    codes: list[int] = []

    def ask() -> None:
        codes.extend(on_a_bucket.request("/studio/ready").code for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 100
    assert 1 <= buckets.asked("PUT", PROBE) <= 4
    assert buckets.keys("probed") == []


def test_each_look_reads_its_object_back_and_removes_it(
    on_a_bucket: Studio, buckets: Buckets
) -> None:
    before = {method: buckets.asked(method, PROBE) for method in ("PUT", "GET")}
    assert ask_afresh(on_a_bucket).json()["artifacts"] == "ok"
    assert buckets.asked("PUT", PROBE) == before["PUT"] + 1
    assert buckets.asked("GET", PROBE) > before["GET"]
    assert buckets.keys("probed") == []


def test_a_bucket_that_has_gone_is_the_reason(on_a_bucket: Studio, buckets: Buckets) -> None:
    buckets.client.delete_bucket(Bucket="probed")
    answer = ask_afresh(on_a_bucket)
    assert answer.code == 503
    assert "NoSuchBucket" in answer.json()["artifacts"]
    assert answer.json()["database"] == "ok"
    buckets.client.create_bucket(Bucket="probed")
    wait_until(lambda: on_a_bucket.request("/studio/ready").code == 200, 30)


def test_looking_changes_nothing_in_the_database(studio: Studio) -> None:
    with closing(sqlite3.connect(studio.home / "mlflow.db")) as connection:

        def version() -> int:
            # Changes when, and only when, another connection has committed something.
            return int(connection.execute("PRAGMA data_version").fetchone()[0])

        before = version()
        looks = {ask_afresh(studio).json()["checked_at"] for _ in range(5)}
        assert len(looks) == 5
        assert version() == before
        created = studio.request("/api/2.0/mlflow/experiments/create", {"name": "a change"})
        assert created.code == 200
        assert version() != before


@pytest.mark.parametrize("how", ["gone", "replaced", "read-only"])
def test_an_artifact_folder_that_cannot_be_written_to_is_the_reason(
    studio: Studio, how: str
) -> None:
    folder, aside = studio.home / "mlruns", studio.home / "aside"
    folder.rename(aside)
    if how == "replaced":
        folder.write_text("a file")
    elif how == "read-only":
        folder.symlink_to("/proc")  # a folder in which nobody can create anything
    try:
        answer = ask_afresh(studio)
        assert answer.code == 503
        assert answer.json()["ready"] is False
        assert "Errno" in answer.json()["artifacts"]
        assert answer.json()["database"] == "ok"
    finally:
        folder.unlink(missing_ok=True) if how != "gone" else shutil.rmtree(folder, True)
        aside.rename(folder)
    wait_until(lambda: studio.request("/studio/ready").code == 200, 10)


def test_a_database_that_is_locked_for_long_is_the_reason(studio: Studio) -> None:
    with closing(sqlite3.connect(studio.home / "mlflow.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        answers: list[Answer] = []
        asking = threading.Thread(target=lambda: answers.append(ask_afresh(studio)))
        asking.start()
        assert [studio.request("/studio/health").code for _ in range(5)] == [200] * 5
        assert asking.is_alive()  # it waits for the lock, and health did not
        asking.join()
        writer.execute("ROLLBACK")
    (answer,) = answers
    assert answer.code == 503
    assert answer.json()["database"] == "database is locked"
    assert answer.json()["artifacts"] == "ok"
    wait_until(lambda: studio.request("/studio/ready").code == 200, 10)


@pytest.mark.parametrize("host", ["evil.test", "10.0.0.7:8080", "[fd00::1]", "a1.example.com"])
@pytest.mark.parametrize("path", ["/studio/health", "/studio/ready"])
def test_probes_are_answered_under_any_name_without_a_login(
    studio: Studio, path: str, host: str
) -> None:
    answer = studio.request(path, headers={"Host": host})
    assert answer.code == 200
    assert answer.headers["Cache-Control"] == "no-store"


def test_head_is_answered_and_nothing_else_is_accepted(studio: Studio) -> None:
    head = studio.request("/studio/ready", method="HEAD")
    assert (head.code, head.body) == (200, b"")
    assert studio.request("/studio/ready", b"{}", method="POST").code == 405
    assert studio.request("/studio/elsewhere").code == 404
