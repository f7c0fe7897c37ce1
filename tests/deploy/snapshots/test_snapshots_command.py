"""`studioctl snapshots` on folders that real publishers have written."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from deploy.cli import app
from deploy.snapshots import taking
from studio.snapshots.layout import State
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A link with the states of one session, the newest with the steps 1 to 3."""
    (tmp_path / "link").mkdir()
    place = Place(tmp_path / "link", tmp_path / "home")
    ledger.create(place.db)
    publisher = place.publisher()
    for step in (1, 2, 3):
        ledger.commit(place.db, step)
        publisher.cycle()
    publisher.end()
    publisher.close()
    return place


def call(*words: object) -> Result:
    return CliRunner().invoke(app, ["snapshots", *map(str, words)])


def states(place: Place, *words: str) -> list[str]:
    found = json.loads(call("list", place.link, "--all", "--json", *words).stdout)
    return [each["state"] for each in found["states"]]


def content(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


def test_list_shows_the_newest_of_each_session_and_says_how_many_are_older(place: Place) -> None:
    answer = call("list", place.link)
    head, *rows = answer.stdout.splitlines()
    assert head.split()[:3] == ["STATE", "PUBLISHED", "(UTC)"]
    assert len(rows) == 1
    assert "/3 " in rows[0]
    assert "newest, ended well" in rows[0]
    assert "2 older states are not shown" in answer.stderr


def test_list_all_shows_every_point_in_time_the_newest_first(place: Place) -> None:
    assert [state.rpartition("/")[2] for state in states(place)] == ["3", "2", "1"]


def test_list_tells_programs_everything(place: Place) -> None:
    found = json.loads(call("list", place.link, "--json").stdout)
    assert found["fork"] is False
    assert found["sessions"][0]["ended"] is True
    newest = found["states"][0]
    assert (newest["runs"], newest["metrics"], newest["problem"]) == (3, 3, None)
    assert newest["published_at"].endswith("Z")


def test_a_copy_of_our_folder_is_as_good_as_the_link(place: Place) -> None:
    assert call("list", place.link / "mlflow-studio").stdout == call("list", place.link).stdout


def test_a_fork_is_told_with_both_ends(place: Place) -> None:
    clone = place.elsewhere("clone")
    both = (clone, place)
    for each in both:
        each.begin()
    for step, each in enumerate(both, start=4):
        each.publish(step)
    answer = call("list", place.link)
    assert "end 1 of a fork" in answer.stdout
    assert "end 2 of a fork" in answer.stdout
    assert "There are 2 ends" in answer.stderr


def test_a_clone_that_was_never_used_is_no_fork(place: Place) -> None:
    place.begin()
    clone = place.elsewhere("clone")
    clone.begin()
    publisher = clone.publisher()
    publisher.cycle()
    publisher.close()
    place.publish(4)
    answer = call("list", place.link)
    assert "fork" not in answer.stdout
    assert ledger.steps(place.db) == [1, 2, 3, 4]


def test_a_torn_manifest_is_listed_with_its_reason(place: Place) -> None:
    newest = max(place.link.glob("mlflow-studio/sessions/*/manifests/*.json"))
    newest.write_bytes(newest.read_bytes()[:20])
    answer = call("list", place.link, "--all")
    assert "cannot be used: not valid JSON" in answer.stdout


def test_verify_rehearses_the_newest_state_and_writes_nothing_on_the_link(place: Place) -> None:
    before = content(place.link)
    answer = call("verify", place.link)
    assert answer.exit_code == 0
    assert answer.stdout.strip().endswith("/3  ok")
    assert content(place.link) == before


def test_verify_all_finds_the_damaged_state_and_exits_with_1(place: Place) -> None:
    first = min(place.link.glob("mlflow-studio/sessions/*/packs/*.pp"))
    first.write_bytes(first.read_bytes()[:-1])
    answer = call("verify", place.link, "--all")
    assert answer.exit_code == 1
    assert "FAILS: packs/" in answer.stdout


def test_export_gives_any_state_as_one_ordinary_file(place: Place, tmp_path: Path) -> None:
    second = states(place)[1]
    output = tmp_path / "got" / "back.db"
    output.parent.mkdir()
    answer = call("export", place.link, second, "--output", output)
    assert answer.stdout.strip() == str(output)
    assert ledger.steps(output) == [1, 2]
    assert [path.name for path in output.parent.iterdir()] == ["back.db"]
    with closing(sqlite3.connect(output)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_export_takes_the_next_older_state_where_the_newest_is_damaged(
    place: Place, tmp_path: Path
) -> None:
    newest = max(place.link.glob("mlflow-studio/sessions/*/packs/*.pp"))
    newest.unlink()
    answer = call("export", place.link, "--output", tmp_path / "back.db")
    assert answer.exit_code == 0
    assert "the file is missing" in answer.stderr
    assert ledger.steps(tmp_path / "back.db") == [1, 2]


def test_export_of_a_named_state_never_gives_another_one(place: Place, tmp_path: Path) -> None:
    newest = states(place)[0]
    max(place.link.glob("mlflow-studio/sessions/*/packs/*.pp")).unlink()
    answer = call("export", place.link, newest, "--output", tmp_path / "back.db")
    assert answer.exit_code == 1
    assert "no such state verifies; nothing was written" in answer.stderr
    assert list(tmp_path.glob("*.db*")) == []


def test_export_overwrites_nothing_unless_it_is_told_to(place: Place, tmp_path: Path) -> None:
    output = tmp_path / "mine.db"
    output.write_text("mine")
    assert "--force" in call("export", place.link, "-o", output).stderr
    assert output.read_text() == "mine"
    assert call("export", place.link, "-o", output, "--force").exit_code == 0
    assert ledger.steps(output) == [1, 2, 3]


def test_a_disk_that_is_full_at_the_last_moment_is_said(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(_: Path) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(taking, "sqlite3", SimpleNamespace(connect=connect, Error=sqlite3.Error))
    answer = call("export", place.link, "--output", tmp_path / "back.db")
    assert answer.exit_code == 1
    assert "cannot be written: database or disk is full" in answer.stderr
    assert list(tmp_path.glob("*.db*")) == []


def test_restore_makes_a_state_the_database_of_a_home_and_keeps_what_was_there(
    place: Place, tmp_path: Path
) -> None:
    home = tmp_path / "studio"
    ledger.create(home / "mlflow.db")
    ledger.commit(home / "mlflow.db", 9)
    answer = call("restore", place.link, states(place)[2], "--home", home)
    assert answer.exit_code == 0, answer.stderr
    assert answer.stdout.strip() == str(home / "mlflow.db")
    assert ledger.steps(home / "mlflow.db") == [1]
    (aside,) = (home / "diverged").glob("*.db")
    assert ledger.steps(aside) == [9]
    assert str(aside) in answer.stderr


def test_restore_refuses_a_home_that_a_server_uses(place: Place, tmp_path: Path) -> None:
    import fcntl

    home = tmp_path / "studio"
    home.mkdir()
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = call("restore", place.link, "--home", home)
    assert answer.exit_code == 1
    assert "a server is using" in answer.stderr
    assert not (home / "mlflow.db").exists()


@pytest.mark.parametrize("command", ["list", "verify", "export", "restore"])
def test_a_folder_without_states_is_said(command: str, tmp_path: Path) -> None:
    answer = call(command, tmp_path)
    assert answer.exit_code == 1
    assert "holds no published states" in answer.stderr


@pytest.mark.parametrize(
    ("name", "why"),
    [("missing", "there is no such folder"), ("file", "it is no folder"), ("x" * 300, "")],
    ids=["missing", "a file", "impossible"],
)
def test_what_is_no_folder_is_said(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "file").write_text("")
    answer = call("list", tmp_path / name)
    assert answer.exit_code == 1
    assert f"{name} holds no published states: {why}" in answer.stderr.replace("\n       ", " ")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("yesterday", "does not name a state"),
        (f"{State(ledger.sid(1), 1)}", "no such session"),
        ("20261122T000001Z-00000001", "no such session"),
    ],
)
def test_a_state_that_is_not_there_is_said(place: Place, state: str, words: str) -> None:
    answer = call("export", place.link, state)
    assert answer.exit_code == 3
    assert words in answer.stderr
