"""Where everything is kept: the decision as a table, and what the log says of it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from studio.mounts import Mount
from studio.settings import InvalidSettings, Settings, read
from studio.storage import Storage, decide

HOME = Path("/var/lib/mlflow-studio")
DATA = Path("/workspace/data")
BUCKET = Mount("bucket", DATA / "bucket", "writable")
OTHER = Mount("other", DATA / "other", "writable")
READ_ONLY = Mount("archive", DATA / "archive", "read-only", "EROFS: Read-only file system")
FAILING = Mount("flaky", DATA / "flaky", "failing", "EIO: Input/output error")


def settings(**env: str) -> Settings:
    return read({"STUDIO_HOME": str(HOME), **env}, in_image=True)


def decided(*mounts: Mount, **env: str) -> Storage:
    return decide(settings(**env), mounts)


LOCAL = "/var/lib/mlflow-studio/mlflow.db"
LOCAL_RUNS = "/var/lib/mlflow-studio/mlruns"
ON_BUCKET = "/workspace/data/bucket/mlflow-studio/artifacts"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the decision: what is given, and what follows."""

    uri: str | None
    mounts: tuple[Mount, ...]
    database: str | None
    artifacts: str
    publishes: bool
    kept: str
    env: tuple[tuple[str, str], ...] = ()
    restores_from: str | None = None


S3 = (("MLFLOW_ARTIFACTS_DESTINATION", "s3://b/x"),)
SESSION = (("CONNECT_TOOL_PORT", "8080"),)
ROWS = {
    "postgresql, no link": Row(
        "postgresql://db/x", (), None, LOCAL_RUNS, False, "artifacts only on this machine's disk"
    ),
    "postgresql, a read-only link": Row(
        "postgresql://db/x", (READ_ONLY,), None, LOCAL_RUNS, False, "artifacts only on this"
    ),
    "postgresql, a writable link": Row(
        "postgresql://db/x", (BUCKET,), None, ON_BUCKET, False, "records are in PostgreSQL, outside"
    ),
    "postgresql, a destination": Row(
        "postgresql://db/x", (BUCKET,), None, "s3://b/x", False, "records are in PostgreSQL", S3
    ),
    "mysql": Row("mysql://db/x", (BUCKET,), None, ON_BUCKET, False, "records are in MySQL"),
    "a local file, a writable link": Row(
        "sqlite:////srv/mlflow.db", (BUCKET,), "/srv/mlflow.db", ON_BUCKET, True, "published",
        restores_from="bucket",
    ),
    "a local file, no link": Row(
        "sqlite:////srv/mlflow.db", (), "/srv/mlflow.db", LOCAL_RUNS, False, "only on this machine"
    ),
    "a file on a writable link": Row(
        f"sqlite:///{DATA}/bucket/mlflow.db", (BUCKET,), LOCAL, ON_BUCKET, True, "published",
        restores_from="bucket",
    ),
    "a file on a read-only link": Row(
        f"sqlite:///{DATA}/archive/mlflow.db", (READ_ONLY,), LOCAL, LOCAL_RUNS, False,
        "cannot be written to", restores_from="archive",
    ),
    "nothing given, a writable link": Row(
        None, (BUCKET,), LOCAL, ON_BUCKET, True, 'published on data link "bucket" every 15 s',
        restores_from="bucket",
    ),
    "nothing given, one of two is writable": Row(
        None, (READ_ONLY, BUCKET), LOCAL, ON_BUCKET, True, 'on data link "bucket"',
        restores_from="bucket",
    ),
    "nothing given, a destination": Row(
        None, (BUCKET,), LOCAL, "s3://b/x", True, "published", S3, restores_from="bucket"
    ),
    "nothing given, a read-only link": Row(
        None, (READ_ONLY,), LOCAL, LOCAL_RUNS, False,
        'only on this machine\'s disk: data link "archive" cannot be written to',
        restores_from="archive",
    ),
    "nothing given, a failing link": Row(
        None, (FAILING,), LOCAL, LOCAL_RUNS, False, 'data link "flaky" is failing',
        restores_from="flaky",
    ),
    "nothing given, no link": Row(
        None, (), LOCAL, LOCAL_RUNS, False, "only on this machine's disk: no data link is mounted"
    ),
    "nothing given, no link, in a session": Row(
        None, (), LOCAL, LOCAL_RUNS, False, "only by the Studio's checkpoints: no data", SESSION
    ),
    "nothing given, a read-only link in a session": Row(
        None, (READ_ONLY,), LOCAL, LOCAL_RUNS, False, "only by the Studio's checkpoints", SESSION,
        restores_from="archive",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_the_decision(row: Row) -> None:
    given = {"MLFLOW_BACKEND_STORE_URI": row.uri} if row.uri else {}
    storage = decided(*row.mounts, **given, **dict(row.env))
    assert storage.database.path == row.database
    assert storage.artifacts == row.artifacts
    assert (storage.link is not None) is row.publishes
    assert (storage.restore_link.name if storage.restore_link else None) == row.restores_from
    assert row.kept in storage.kept


@pytest.mark.parametrize("uri", ["file:///srv/mlruns", "/srv/mlruns", "./mlruns"])
def test_a_file_store_is_refused_with_the_command_that_converts_it(uri: str) -> None:
    with pytest.raises(InvalidSettings, match="mlflow migrate-filestore"):
        decided(BUCKET, MLFLOW_BACKEND_STORE_URI=uri)


def test_a_database_on_a_data_link_is_never_opened_there() -> None:
    storage = decided(BUCKET, MLFLOW_BACKEND_STORE_URI="sqlite:////workspace/data/bucket/mlflow.db")
    assert storage.left_alone == "/workspace/data/bucket/mlflow.db"
    (warning,) = storage.warnings
    assert "SQLite loses acknowledged writes" in warning
    assert "is not opened there" in warning
    assert "how to bring it in, /studio/status says" in warning


def test_a_symbolic_link_does_not_lead_a_database_onto_a_data_link(tmp_path: Path) -> None:
    (tmp_path / "data" / "bucket").mkdir(parents=True)
    (tmp_path / "short").symlink_to(tmp_path / "data" / "bucket")
    file = str(tmp_path / "short" / "mlflow.db")
    uri = f"sqlite:///{file}"
    data = {"STUDIO_DATA_DIR": str(tmp_path / "data")}
    storage = decided(BUCKET, MLFLOW_BACKEND_STORE_URI=uri, **data)
    assert (storage.left_alone, storage.database.path) == (file, LOCAL)
    with pytest.raises(InvalidSettings, match="MLFLOW_REGISTRY_STORE_URI: on a data link"):
        decided(BUCKET, MLFLOW_REGISTRY_STORE_URI=uri, **data)


def test_a_database_elsewhere_is_not_left_alone() -> None:
    given = "postgresql+psycopg2://u@h/db"  # something is said of it, but not that
    for uri in (given, "sqlite:////srv/mlflow.db"):
        assert decided(BUCKET, MLFLOW_BACKEND_STORE_URI=uri).left_alone is None


@pytest.mark.parametrize(
    ("env", "artifacts", "root"),
    [
        ({}, "/workspace/data/bucket/mlflow-studio/artifacts", "mlflow-artifacts:/"),
        ({"MLFLOW_ARTIFACTS_DESTINATION": "s3://b/x"}, "s3://b/x", "mlflow-artifacts:/"),
        ({"MLFLOW_DEFAULT_ARTIFACT_ROOT": "/srv/runs"}, "/srv/runs", "mlflow-artifacts:/"),
        (
            {"MLFLOW_DEFAULT_ARTIFACT_ROOT": "s3://b/x"},
            "/workspace/data/bucket/mlflow-studio/artifacts",
            "s3://b/x",
        ),
    ],
)
def test_artifacts_go_where_the_user_says_and_clients_see_no_server_path(
    env: dict[str, str], artifacts: str, root: str
) -> None:
    storage = decided(BUCKET, **env)
    assert (storage.artifacts, storage.artifact_root) == (artifacts, root)


OURS = Mount("other", OTHER.path, "writable", ours=True)


@pytest.mark.parametrize(
    ("mounts", "used_before", "chosen", "why"),
    [
        ([BUCKET, OTHER], "other", "other", "used at the last start; also writable: bucket"),
        ([BUCKET, OTHER], "gone", "bucket", "first by name; also writable: other"),
        ([BUCKET, OURS], "bucket", "other", "holds a Studio's snapshots already"),
        ([READ_ONLY, BUCKET], "archive", "bucket", "the only writable data link"),
    ],
)
def test_what_the_home_remembers_counts_less_than_what_is_there(
    mounts: list[Mount], used_before: str, chosen: str, why: str
) -> None:
    storage = decide(settings(), mounts, used_before)
    assert storage.link is not None
    assert storage.link.name == chosen
    assert storage.why.startswith(why)


@pytest.mark.parametrize(("ours", "used_before"), [(True, None), (False, "other")])
def test_a_link_with_this_studios_runs_that_fails_is_not_replaced_by_an_empty_one(
    ours: bool, used_before: str | None
) -> None:
    failing = Mount("other", OTHER.path, "failing", "EIO", ours=ours)
    storage = decide(settings(), [BUCKET, failing], used_before)
    assert storage.link is None
    assert storage.restore_link == failing
    assert "is failing" in storage.kept
    chosen = decide(settings(STUDIO_DATA_LINK="bucket"), [BUCKET, failing], used_before)
    assert chosen.link == BUCKET


def test_states_on_a_link_that_is_not_chosen_are_pointed_out() -> None:
    archive = Mount("archive", READ_ONLY.path, "read-only", "EROFS", ours=True)
    said = decided(archive, BUCKET).warnings[-1]
    assert 'data link "archive" holds published states too' in said
    assert "STUDIO_DATA_LINK=archive chooses them" in said
    given = decided(archive, BUCKET, MLFLOW_BACKEND_STORE_URI="postgresql://db/x").warnings
    assert not any("published states" in line for line in given)


@pytest.mark.parametrize(
    ("mounts", "chosen", "why"),
    [
        ([BUCKET], "bucket", "the only writable data link"),
        ([READ_ONLY, BUCKET], "bucket", "the only writable data link"),
        ([BUCKET, OTHER], "bucket", "first by name; also writable: other"),
        (
            [BUCKET, OURS],
            "other",
            "holds a Studio's snapshots already; also writable: bucket",
        ),
    ],
)
def test_one_of_several_links_is_chosen_and_the_reason_said(
    mounts: list[Mount], chosen: str, why: str
) -> None:
    storage = decided(*mounts)
    assert storage.link is not None
    assert storage.link.name == chosen
    assert storage.why.startswith(why)


def test_the_user_can_choose_the_link() -> None:
    storage = decided(BUCKET, OTHER, STUDIO_DATA_LINK="other")
    assert storage.link == OTHER


def test_a_link_that_is_not_mounted_is_refused_naming_those_that_are() -> None:
    with pytest.raises(InvalidSettings, match="there: bucket, other"):
        decided(BUCKET, OTHER, STUDIO_DATA_LINK="missing")


def test_a_read_only_link_comes_with_the_setting_that_changes_it() -> None:
    (warning,) = decided(READ_ONLY).warnings
    assert "EROFS" in warning
    assert "Allowed S3 buckets" in warning


def test_a_failing_link_is_told_from_a_read_only_one() -> None:
    (warning,) = decided(FAILING).warnings
    assert 'data link "flaky" is failing (EIO' in warning
    assert "Allowed S3 buckets" not in warning


def test_published_states_on_a_read_only_link_can_still_be_restored() -> None:
    storage = decided(Mount("archive", READ_ONLY.path, "read-only", "EROFS", ours=True))
    assert storage.link is None
    assert storage.restore_link is not None


def test_a_server_of_artifacts_alone_says_that_it_keeps_no_records() -> None:
    storage = decided(BUCKET, MLFLOW_ARTIFACTS_ONLY="true")
    assert storage.link is None
    assert storage.kept.startswith("no records are kept here")


def test_in_a_session_without_a_link_checkpoints_are_what_is_left() -> None:
    assert decided(CONNECT_TOOL_PORT="8080").kept.startswith("only by the Studio's checkpoints")


@pytest.mark.parametrize("name", ["MLFLOW_REGISTRY_STORE_URI", "MLFLOW_WORKSPACE_STORE_URI"])
def test_a_second_sqlite_file_is_said_not_to_be_published(name: str) -> None:
    env = {name: "sqlite:////srv/second.db", "MLFLOW_ENABLE_WORKSPACES": "true"}
    said = f"{name} names a SQLite file of its own, which is not published"
    assert said in decided(BUCKET, **env).warnings
    assert decided(READ_ONLY, **env).warnings == decided(READ_ONLY).warnings


def test_a_second_sqlite_file_on_a_link_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="MLFLOW_REGISTRY_STORE_URI: on a data link"):
        decided(BUCKET, MLFLOW_REGISTRY_STORE_URI=f"sqlite:///{DATA}/bucket/registry.db")


def test_a_rewritten_driver_of_a_second_database_is_said() -> None:
    (said,) = decided(MLFLOW_REGISTRY_STORE_URI="postgresql+psycopg2://u@h/db").warnings
    assert said.startswith("postgresql+psycopg2:// is served with postgresql+psycopg://")
