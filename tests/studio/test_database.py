"""Preparing the live database, with a stand-in for MLflow's own schema code."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from studio import database
from studio.database import inspect, prepare
from studio.errors import StartRefused
from studio.schema import Schema, read_schema

SCHEMA = Schema(head="cccc", known=frozenset({"aaaa", "bbbb", "cccc"}))


def make(path: Path, revision: str = "cccc", runs: int = 0) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            "CREATE TABLE alembic_version (version_num TEXT);"
            "CREATE TABLE experiments (name TEXT, creation_time INT, last_update_time INT);"
            "CREATE TABLE runs (id INT);"
            "INSERT INTO experiments VALUES ('Default', 1, 1)"
        )
        connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
        connection.executemany("INSERT INTO runs VALUES (?)", [(n,) for n in range(runs)])
    return path


def revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM runs").fetchone()[0])


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def migrate(action: str, path: Path) -> None:
    if action == "init":
        make(path)
    else:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = 'cccc'")


def run_prepare(path: Path, **changes: object) -> list[str]:
    lines: list[str] = []
    options = {
        "template": None,
        "pinned": path.parent / "pinned",
        "upgrade": True,
        "migrate": migrate,
        "log": lines.append,
    }
    prepare(path, SCHEMA, **{**options, **changes})  # type: ignore[arg-type]
    return lines


@pytest.mark.parametrize(
    ("rev", "state"), [("cccc", "current"), ("aaaa", "older"), ("ffff", "newer")]
)
def test_a_revision_is_told_apart(tmp_path: Path, rev: str, state: str) -> None:
    path = make(tmp_path / "m.db", rev)
    assert inspect(path, SCHEMA).state == state


def test_a_missing_an_empty_and_a_foreign_file(tmp_path: Path) -> None:
    empty, foreign = tmp_path / "empty.db", tmp_path / "foreign.db"
    empty.touch()
    with closing(sqlite3.connect(foreign)) as connection, connection:
        connection.execute("CREATE TABLE patients (id)")
    states = [inspect(p, SCHEMA).state for p in (tmp_path / "none.db", empty, foreign)]
    assert states == ["missing", "empty", "foreign"]


def test_a_fresh_start_without_a_template_runs_mlflow(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "m.db"
    assert run_prepare(path) == ["creating the database (a few seconds)"]
    assert revision(path) == "cccc"
    assert path.stat().st_mode & 0o077 == 0


def test_a_fresh_start_copies_the_template_and_dates_it_now(tmp_path: Path) -> None:
    template = make(tmp_path / "template.db")
    path = tmp_path / "home" / "m.db"
    run_prepare(path, template=template, migrate=None)
    with closing(sqlite3.connect(path)) as connection:
        (created,) = connection.execute("SELECT creation_time FROM experiments").fetchone()
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    assert created > 1_700_000_000_000
    assert mode == "wal"


def test_an_older_schema_is_pinned_and_upgraded(tmp_path: Path) -> None:
    path = make(tmp_path / "m.db", "aaaa", runs=3)
    (line,) = run_prepare(path)
    (pinned,) = (tmp_path / "pinned").iterdir()
    assert str(pinned) in line
    assert (revision(path), count(path)) == ("cccc", 3)
    assert (revision(pinned), count(pinned)) == ("aaaa", 3)


def test_what_is_only_in_the_write_ahead_log_is_upgraded_too(tmp_path: Path) -> None:
    path = make(tmp_path / "m.db", "aaaa")
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("INSERT INTO runs VALUES (1)")
    writer.commit()
    log = path.with_name("m.db-wal").read_bytes()
    image = path.read_bytes()
    writer.close()
    path.write_bytes(image)
    path.with_name("m.db-wal").write_bytes(log)
    run_prepare(path)
    assert (revision(path), count(path)) == ("cccc", 1)


def test_a_failed_upgrade_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = make(tmp_path / "m.db", "aaaa", runs=3)
    before = digest(path)

    def fail(action: str, file: Path) -> None:
        make_garbage = file.with_name(file.name)
        make_garbage.write_bytes(b"half")
        raise StartRefused(78, "no")

    with pytest.raises(StartRefused, match="left as it was"):
        run_prepare(path, migrate=fail)
    assert digest(path) == before
    assert not path.with_name(".m.db.upgrade").exists()
    assert list((tmp_path / "pinned").iterdir()) == []


def test_an_upgrade_for_which_there_is_no_room_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "m.db", "aaaa", runs=3)
    before = digest(path)

    def half_a_copy(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(database, "_copy", half_a_copy)
    with pytest.raises(StartRefused, match="database or disk is full") as caught:
        run_prepare(path)
    assert caught.value.code == 73
    assert f"left as it was: {path}" in str(caught.value)
    assert digest(path) == before
    assert list((tmp_path / "pinned").iterdir()) == []


def test_an_upgrade_that_does_nothing_is_noticed(tmp_path: Path) -> None:
    path = make(tmp_path / "m.db", "aaaa")
    with pytest.raises(StartRefused, match="did not complete"):
        run_prepare(path, migrate=lambda action, file: None)
    assert revision(path) == "aaaa"


@pytest.mark.parametrize(
    ("rev", "changes", "part"),
    [
        ("ffff", {}, "a newer MLflow wrote it"),
        ("ffff", {"hint": "STUDIO_RESTORE_FROM=x/1"}, "STUDIO_RESTORE_FROM=x/1"),
        ("aaaa", {"upgrade": False}, "STUDIO_DB_UPGRADE=auto"),
    ],
)
def test_a_refused_database_is_not_touched(
    tmp_path: Path, rev: str, changes: dict[str, object], part: str
) -> None:
    path = make(tmp_path / "m.db", rev)
    before = digest(path)
    with pytest.raises(StartRefused, match=part) as caught:
        run_prepare(path, **changes)
    assert caught.value.code == 78
    assert digest(path) == before


@pytest.mark.parametrize(
    "damage", [b"not a database at all", b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_damaged_database_is_refused_and_kept(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "m.db"
    path.write_bytes(damage)
    with pytest.raises(StartRefused, match="damaged") as caught:
        run_prepare(path)
    assert caught.value.code == 78
    assert path.read_bytes() == damage


def test_a_database_that_somebody_else_has_locked_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_S", 0.1)
    path = make(tmp_path / "m.db")
    for statement in ("BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"):  # the second lets others read
        with closing(sqlite3.connect(path)) as other:
            other.execute(statement)
            with pytest.raises(StartRefused, match=r"\(database is locked\)") as caught:
                run_prepare(path)
        assert caught.value.code == 73
        assert "damaged" not in str(caught.value)


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    path = make(tmp_path / "m.db", runs=5000)
    content = bytearray(path.read_bytes())
    content[-8192:-4096] = b"\xff" * 4096
    path.write_bytes(content)
    assert inspect(path, SCHEMA).state == "corrupt"


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartRefused, match="cannot be created") as caught:
        run_prepare(tmp_path / "file" / "m.db")
    assert caught.value.code == 73


def test_revisions_are_read_from_migration_files(tmp_path: Path) -> None:
    (tmp_path / "1.py").write_text('revision = "aaaa"\ndown_revision = None\n')
    (tmp_path / "2.py").write_text('revision: str = "bbbb"\ndown_revision = ("aaaa",)\n')
    assert read_schema(tmp_path) == Schema("bbbb", frozenset({"aaaa", "bbbb"}))
    (tmp_path / "3.py").write_text('revision = "cccc"\ndown_revision = "aaaa"\n')
    with pytest.raises(ValueError, match="one newest revision"):
        read_schema(tmp_path)


@pytest.mark.mlflow
def test_the_packaged_schema_is_what_mlflow_says() -> None:
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config, _get_latest_schema_revision

    from studio.schema import packaged_schema

    schema = packaged_schema()
    script = ScriptDirectory.from_config(_get_alembic_config(""))
    assert schema.head == _get_latest_schema_revision()
    assert schema.known == {r.revision for r in script.walk_revisions()}
