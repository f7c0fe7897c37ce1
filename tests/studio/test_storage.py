"""Where everything is kept: the decision as a table, and what the log says of it."""

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


@pytest.mark.parametrize(
    ("uri", "mounts", "database", "artifacts", "publishes", "kept"),
    [
        (
            None,
            [],
            "/var/lib/mlflow-studio/mlflow.db",
            "/var/lib/mlflow-studio/mlruns",
            False,
            "only",
        ),
        (
            None,
            [BUCKET],
            "/var/lib/mlflow-studio/mlflow.db",
            "/workspace/data/bucket/mlflow-studio/artifacts",
            True,
            'published on data link "bucket" every 15 s',
        ),
        (
            None,
            [READ_ONLY],
            "/var/lib/mlflow-studio/mlflow.db",
            "/var/lib/mlflow-studio/mlruns",
            False,
            'only on this machine\'s disk: data link "archive" cannot be written to',
        ),
        (
            "sqlite:////srv/mlflow.db",
            [BUCKET],
            "/srv/mlflow.db",
            "/workspace/data/bucket/mlflow-studio/artifacts",
            True,
            "published",
        ),
        (
            "sqlite:////workspace/data/bucket/mlflow.db",
            [BUCKET],
            "/var/lib/mlflow-studio/mlflow.db",
            "/workspace/data/bucket/mlflow-studio/artifacts",
            True,
            "published",
        ),
        (
            "postgresql://db/x",
            [BUCKET],
            None,
            "/workspace/data/bucket/mlflow-studio/artifacts",
            False,
            "records are in PostgreSQL, outside this session",
        ),
        (
            "mysql://db/x",
            [],
            None,
            "/var/lib/mlflow-studio/mlruns",
            False,
            "records are in MySQL, outside this session; artifacts only on this machine's disk",
        ),
    ],
)
def test_the_decision(
    uri: str | None,
    mounts: list[Mount],
    database: str | None,
    artifacts: str,
    publishes: bool,
    kept: str,
) -> None:
    storage = decided(*mounts, **({"MLFLOW_BACKEND_STORE_URI": uri} if uri else {}))
    assert storage.database.path == database
    assert storage.artifacts == artifacts
    assert (storage.link is not None) is publishes
    assert kept in storage.kept


def test_a_database_on_a_data_link_is_never_opened_there() -> None:
    storage = decided(BUCKET, MLFLOW_BACKEND_STORE_URI="sqlite:////workspace/data/bucket/mlflow.db")
    assert "is not opened there" in storage.warnings[-1].replace("\n", " ")


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


@pytest.mark.parametrize(
    ("mounts", "chosen", "why"),
    [
        ([BUCKET], "bucket", "the only writable data link"),
        ([READ_ONLY, BUCKET], "bucket", "the only writable data link"),
        ([BUCKET, OTHER], "bucket", "first by name; also writable: other"),
        (
            [BUCKET, Mount("other", OTHER.path, "writable", ours=True)],
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
