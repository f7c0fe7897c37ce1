"""What the Studio says of itself, without a server."""

import os
from pathlib import Path

import pytest

from studio import readiness, status, status_page
from studio.home import write_json
from studio.readiness import Ready, shared
from studio.settings import read
from studio.snapshots import status as publishing

ENV = {
    "_MLFLOW_SERVER_FILE_STORE": "postgresql+psycopg://me:hunter2@db/x",
    "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
    "_MLFLOW_SERVER_ARTIFACT_DESTINATION": "s3://bucket/x",
    "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
}
PUBLISHER = {"session": "s1", "seq": 4, "published_at": 940.0, "dirty": False}


def document(
    home: Path, publisher: dict[str, object] | None = None, **env: str
) -> dict[str, object]:
    (home / "run").mkdir(parents=True, exist_ok=True)
    write_json(
        home / "run" / status.SUPERVISOR,
        {
            "started_at": 900.0,
            "kept": "kept well",
            "why": "because",
            "workers": 2,
            "warnings": ["w"],
        },
    )
    if publisher:
        write_json(publishing.path(home), publisher)
    settings = read({"STUDIO_HOME": str(home), **env}, in_image=False, launched=False)
    return status.collect(settings, {**ENV, **env}, "3.17.2", now=1000.0)


def test_no_password_is_in_it(tmp_path: Path) -> None:
    assert "hunter2" not in str(document(tmp_path))
    assert "postgresql+psycopg://me:***@db/x" in str(document(tmp_path))


def test_it_says_what_is_published_and_how_old_that_is(tmp_path: Path) -> None:
    page = status_page.render(document(tmp_path, PUBLISHER), 1000.0, "../")
    assert "<section class=ok><p>Everything is published;" in page
    assert "the newest snapshot is state s1/4, 60 s old" in page


@pytest.mark.parametrize(("failing_for", "level"), [(30, None), (61, "warning"), (301, "error")])
def test_failing_to_publish_is_among_the_warnings(
    tmp_path: Path, failing_for: float, level: str | None
) -> None:
    trouble = {
        **PUBLISHER,
        "failures": 3,
        "dirty_since": 1000 - failing_for,
        "last_error": "EIO",
    }
    warnings = document(tmp_path, trouble)["warnings"]
    assert isinstance(warnings, list)
    assert [w.split(":")[0] for w in warnings] == [*([level] if level else []), "w"]


def test_a_page_escapes_what_it_shows(tmp_path: Path) -> None:
    given = document(tmp_path) | {"kept": "<script>alert(1)</script>"}
    page = status_page.render(given, 1000.0, "../")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


FORK = {"state": "s9/3", "published_at": 400.0, "runs": 12}
APPEARED = {"link": "bucket", "session": "s8", "state": "s8/1", "published_at": 0.0, "runs": None}
FOUND = {
    "kind": "mlruns",
    "path": "/workspace/data/bucket/mlruns",
    "holds": "2 experiments, 7 runs",
    "commands": ["mkdir -p imported", "mlflow migrate-filestore --source x"],
}


def test_other_lineages_come_with_the_way_to_each(tmp_path: Path) -> None:
    others = {"forks": [FORK], "appeared": [APPEARED], "continues": "s9"}
    given = document(tmp_path, PUBLISHER) | others
    page = status_page.render(given, 1000.0, "../")
    assert (
        "<tr><th scope=row>s9/3 (continued here)<td>1970-01-01 00:06 UTC, 10 min ago<td>12" in page
    )
    assert "<tr><th scope=row>s8/1" in page
    assert "studioctl snapshots export FOLDER s8/1 -o other.db" in page
    assert "STUDIO_RESTORE_FROM" in page


def test_other_stores_come_with_the_commands_that_bring_them_in(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    write_json(
        tmp_path / "run" / status.LOOKOUT,
        {"found": [FOUND], "appeared": [APPEARED], "incomplete": "after 20 s"},
    )
    given = document(tmp_path, PUBLISHER)
    page = status_page.render(given, 1000.0, "../")
    assert "<b>/workspace/data/bucket/mlruns</b>: 2 experiments, 7 runs" in page
    assert "<pre>mkdir -p imported\nmlflow migrate-filestore --source x</pre>" in page
    assert "The search ended after 20 s." in page
    assert any("another lineage has appeared" in line for line in given["warnings"])  # type: ignore[attr-defined]


def test_trouble_is_said_once_on_the_page_in_its_colour(tmp_path: Path) -> None:
    trouble = {**PUBLISHER, "failures": 3, "dirty_since": 500.0, "last_error": "EIO"}
    page = status_page.render(document(tmp_path, trouble), 1000.0, "../")
    assert page.count("othing could be published") == 1
    assert "<section class=error><p>Nothing could be published for 8 min" in page
    assert "<section class=warning><p>W</section>" in page


def test_start_lines_come_from_the_document(tmp_path: Path) -> None:
    lines = status.start_lines(document(tmp_path, STUDIO_ALLOWED_HOSTS="a1.connect.example.com"))
    assert lines == [
        "database   postgresql+psycopg://me:***@db/x (PostgreSQL)",
        "artifacts  s3://bucket/x",
        "kept       kept well (because)",
        "answers    a1.connect.example.com",
    ]


@pytest.mark.parametrize(("age", "dirty"), [(10.0, False), (-1.0, True)])
def test_a_commit_since_the_last_snapshot_is_not_called_published(
    tmp_path: Path, age: float, dirty: bool
) -> None:
    log = tmp_path / "mlflow.db-wal"
    log.touch()
    os.utime(log, (940 - age, 940 - age))
    given = document(
        tmp_path,
        PUBLISHER,
        _MLFLOW_SERVER_FILE_STORE=f"sqlite:///{tmp_path}/mlflow.db",
    )
    assert given["published"] == {**PUBLISHER, "dirty": dirty}


def test_a_ready_answer_is_shared_for_30_seconds(tmp_path: Path) -> None:
    looks: list[float] = []
    clock = [1000.0]

    def look() -> Ready:
        looks.append(clock[0])
        return Ready(True, "ok", "ok", clock[0])

    for clock[0] in (1000.0, 1010.0, 1029.9, 1030.1, 1031.0):
        assert shared(tmp_path, look, lambda: clock[0]).ready
    assert looks == [1000.0, 1030.1]


def test_a_failure_is_looked_at_again_soon(tmp_path: Path) -> None:
    clock = [1000.0]
    answers = iter([False, True])

    def look() -> Ready:
        return Ready(next(answers), "ok", "ok", clock[0])

    assert not shared(tmp_path, look, lambda: clock[0]).ready
    clock[0] = 1002.5
    assert shared(tmp_path, look, lambda: clock[0]).ready


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(readiness, "write_json", full)
    answer = Ready(False, "database or disk is full", "ok", 1000.0)
    assert shared(tmp_path, lambda: answer) == answer


def test_a_write_that_fails_leaves_nothing_in_the_artifact_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _content: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        readiness._try_artifacts(str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_clock_that_jumps_back_does_not_keep_an_answer_for_ever(tmp_path: Path) -> None:
    clock = [1000.0]
    looks: list[float] = []

    def look() -> Ready:
        looks.append(clock[0])
        return Ready(True, "ok", "ok", clock[0])

    for clock[0] in (1000.0, 10.0):
        shared(tmp_path, look, lambda: clock[0])
    assert looks == [1000.0, 10.0]
