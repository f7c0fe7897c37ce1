"""Other people's MLflow stores on a link: found within bounds, described, and left as they are."""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from studio.discover import Found, Limits, Search

REAL_STAT = os.stat
RUNS = [f"{number:032x}" for number in range(5)]


@pytest.fixture
def link(tmp_path: Path) -> Path:
    folder = tmp_path / "link"
    folder.mkdir()
    return folder


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "scratch"
    folder.mkdir()
    yield folder
    assert list(folder.iterdir()) == []


def file_store(folder: Path, **experiments: int) -> Path:
    """What `mlflow.log_metric` of an MLflow before 3.13 left: one number of runs per experiment."""
    for name, runs in {"0": 0, **{k.removeprefix("e"): v for k, v in experiments.items()}}.items():
        for path in (folder / name, *(folder / name / run for run in RUNS[:runs])):
            path.mkdir(parents=True)
            (path / "meta.yaml").write_text("name: x\n")
    (folder / ".trash").mkdir()
    (folder / "models").mkdir()
    return folder


def database(file: Path, runs: int = 3) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE runs (run_uuid TEXT)")
        connection.execute("INSERT INTO experiments VALUES (0)")
        connection.executemany("INSERT INTO runs VALUES (?)", [(run,) for run in RUNS[:runs]])
    return file


def tree(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Every file and folder with its content, time of change and size."""
    return {
        str(path): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mtime_ns,
            path.stat().st_size,
        )
        for path in [folder, *sorted(folder.rglob("*"))]
    }


def test_a_file_store_is_counted_and_comes_with_its_commands(link: Path, scratch: Path) -> None:
    place = file_store(link / "old work" / "mlruns", e1=3, e823456789012345678=2)
    (found,) = Search(scratch).look(link)
    assert found == Found(
        "mlruns",
        str(place),
        "3 experiments, 5 runs",
        (
            "mkdir -p imported",
            f"mlflow migrate-filestore --source '{place}' --target sqlite:///imported/mlflow.db",
        ),
    )


def test_the_link_itself_may_be_a_file_store(link: Path, scratch: Path) -> None:
    file_store(link, e1=1)
    (found,) = Search(scratch).look(link)
    assert (found.path, found.holds) == (str(link), "2 experiments, 1 run")


def test_a_database_is_looked_into_on_a_copy(link: Path, scratch: Path) -> None:
    file = database(link / "team" / "mlflow.db")
    before = tree(link)
    (found,) = Search(scratch).look(link)
    assert (found.kind, found.path) == ("database", str(file))
    assert found.holds == "0.0 MB, 1 experiment, 3 runs"
    assert found.commands == ("mkdir -p imported", f"cp {file} imported/mlflow.db")
    assert tree(link) == before


def test_what_is_only_in_the_write_ahead_log_counts(link: Path, scratch: Path) -> None:
    file = database(link / "mlflow.db", runs=0)
    with closing(sqlite3.connect(file)) as live, live:
        live.execute("PRAGMA journal_mode = WAL")
        live.execute("INSERT INTO runs VALUES ('late')")
        live.commit()
        killed = link / "killed"
        killed.mkdir()
        for name in ("mlflow.db", "mlflow.db-wal"):
            shutil.copyfile(link / name, killed / name)
    assert (killed / "mlflow.db-wal").stat().st_size > 0
    before = tree(killed)
    (found,) = Search(scratch).look(killed)
    assert found.holds.endswith("1 experiment, 1 run")
    assert found.commands[-1] == f"cp {killed}/mlflow.db-wal imported/mlflow.db-wal"
    assert tree(killed) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a database of MLflow"),
        (b"torn" * 2000, "damaged, or being written at this moment"),
    ],
)
def test_what_cannot_be_read_is_said(link: Path, scratch: Path, content: bytes, said: str) -> None:
    (link / "mlflow.db").write_bytes(content)
    (found,) = Search(scratch).look(link)
    assert said in found.holds


def test_a_large_database_is_not_copied(link: Path, scratch: Path) -> None:
    with (link / "mlflow.db").open("wb") as file:
        file.truncate(2_000_000_000)
    (found,) = Search(scratch).look(link)
    assert found.holds == "2,000 MB, too large to be looked into"


def test_our_own_folder_and_links_are_passed_over(link: Path, scratch: Path) -> None:
    database(link / "mlflow-studio" / "artifacts" / "mlflow.db")
    elsewhere = file_store(link.parent / "elsewhere", e1=1)
    (link / "pointer").symlink_to(elsewhere)
    (link / "loop").symlink_to(link)
    (link / "mlflow.db").symlink_to(database(link.parent / "mlflow.db"))
    assert Search(scratch).look(link) == []


def test_the_search_goes_four_folders_deep(link: Path, scratch: Path) -> None:
    database(link / "1/2/3/4/mlflow.db")
    database(link / "1/2/3/4/5/mlflow.db")
    assert [Path(f.path).parent.name for f in Search(scratch).look(link)] == ["4"]


def test_the_search_ends_after_so_many_entries(link: Path, scratch: Path) -> None:
    database(link / "a" / "mlflow.db")
    for number in range(120):
        (link / "a" / "b").mkdir(exist_ok=True)
        (link / "a" / "b" / str(number)).touch()
    search = Search(scratch, Limits(entries=100))
    assert [found.path for found in search.look(link)] == [str(link / "a" / "mlflow.db")]
    assert search.incomplete == "after 100 entries"


def test_a_file_that_is_looked_at_after_the_end_of_the_search_is_named_all_the_same(
    link: Path, scratch: Path
) -> None:
    database(link / "mlflow.db")
    (link / "other").mkdir()
    for number in range(120):
        (link / "other" / str(number)).touch()
    search = Search(scratch, Limits(entries=100))
    search.look(link)
    found = search.look_at(link / "mlflow.db")
    assert found.holds == "not looked into, as the search had ended"
    assert found.path == str(link / "mlflow.db")


def test_a_count_that_was_cut_short_says_so(link: Path, scratch: Path) -> None:
    file_store(link / "mlruns", e1=5, e2=5)
    search = Search(scratch, Limits(entries=18))
    (found,) = search.look(link)
    assert found.holds.startswith("at least ")
    assert search.incomplete


def test_the_search_ends_after_so_many_seconds(link: Path, scratch: Path) -> None:
    for number in range(20):
        (link / str(number)).mkdir()
    clock = iter(range(100))
    search = Search(scratch, Limits(seconds=10), lambda: float(next(clock)))
    assert search.look(link) == []
    assert search.incomplete == "after 10 s"


def test_a_folder_that_cannot_be_read_is_not_the_end(
    link: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database(link / "b" / "mlflow.db")
    (link / "a").mkdir()
    listed = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "a":
            raise OSError(5, "Input/output error")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert len(Search(scratch).look(link)) == 1


def test_what_the_link_gives_an_error_for_is_passed_over(
    link: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database(link / "mlflow.db")
    (link / "123").mkdir()
    bad = {str(link / "mlflow.db-wal"), str(link / "123" / "meta.yaml")}

    def stat(path: str | Path, **options: bool) -> os.stat_result:
        if str(path) in bad:
            raise OSError(5, "Input/output error")
        return REAL_STAT(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", stat)
    (found,) = Search(scratch).look(link)
    assert found.holds.endswith("1 experiment, 3 runs")
    assert found.commands[1:] == (f"cp {link}/mlflow.db imported/mlflow.db",)
