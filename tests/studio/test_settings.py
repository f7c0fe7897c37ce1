"""The environment contract, without a server."""

from pathlib import Path

import pytest

from studio import server, storage
from studio.settings import (
    BY_NAME,
    VARIABLES,
    InvalidSettings,
    Settings,
    inside_image,
    read,
    resolve_files,
)

STATE = "20261122T233012Z-0a1b2c3d/7"


def parsed(**env: str) -> Settings:
    return read(env, in_image=False)


def problems(**env: str) -> tuple[str, ...]:
    with pytest.raises(InvalidSettings) as caught:
        parsed(**env)
    return caught.value.problems


def test_defaults_are_those_of_a_laptop() -> None:
    settings = parsed()
    assert settings.port == 8080
    assert settings.access_mode == "local"
    assert settings.bind_host == "127.0.0.1"
    assert settings.home == Path(".studio").absolute()
    assert settings.data_dir == Path("/workspace/data")
    assert settings.publish_interval_s == 15
    assert settings.db_wait_s == 300


def test_the_image_listens_to_the_outside_but_stays_in_local_mode() -> None:
    settings = read({}, in_image=True)
    assert settings.bind_host == "0.0.0.0"
    assert settings.access_mode == "local"
    assert settings.home == Path("/var/lib/mlflow-studio")


def test_a_session_is_known_by_the_port_that_the_platform_sets() -> None:
    settings = parsed(CONNECT_TOOL_PORT="8090", STUDIO_PORT="9000")
    assert settings.port == 8090
    assert settings.access_mode == "same-origin"
    assert settings.bind_host == "0.0.0.0"


def test_listed_hosts_win_over_the_session() -> None:
    settings = parsed(CONNECT_TOOL_PORT="8090", STUDIO_ALLOWED_HOSTS="a1.connect.example.com")
    assert settings.access_mode == "explicit"


def test_the_workers_find_a_file_that_was_named_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "archival.yaml").touch()
    monkeypatch.chdir(tmp_path)
    env = {"MLFLOW_TRACE_ARCHIVAL_CONFIG": "archival.yaml"}
    settings = parsed(**env)
    inner = server.environment(settings, storage.decide(settings, ()), env)
    assert inner["MLFLOW_TRACE_ARCHIVAL_CONFIG"] == str(tmp_path / "archival.yaml")


def test_in_a_session_the_home_is_not_on_a_data_link(tmp_path: Path) -> None:
    (tmp_path / "data" / "bucket").mkdir(parents=True)
    (tmp_path / "short").symlink_to(tmp_path / "data" / "bucket")
    env = {"STUDIO_DATA_DIR": str(tmp_path / "data"), "CONNECT_TOOL_PORT": "8080"}
    for home in ("data/bucket/home", "short/home"):
        (problem,) = problems(STUDIO_HOME=str(tmp_path / home), **env)
        assert "on a data link SQLite loses acknowledged writes" in problem
    assert parsed(STUDIO_HOME=str(tmp_path / "home"), **env).home == tmp_path / "home"


def test_an_empty_value_is_none() -> None:
    assert parsed(STUDIO_WORKERS="", CONNECT_TOOL_PORT="").port == 8080


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("CONNECT_TOOL_PORT", "80a", "whole number from 1 to 65535"),
        ("CONNECT_TOOL_PORT", "0", "whole number from 1 to 65535"),
        ("STUDIO_PORT", "65536", "whole number from 0 to 65535"),
        ("STUDIO_PORT", "-1", "whole number"),
        ("STUDIO_WORKERS", "0", "whole number from 1 to 32"),
        ("STUDIO_WORKERS", "٣", "whole number"),
        ("STUDIO_PUBLISH_INTERVAL", "0.2", "seconds from 1 to 3600"),
        ("STUDIO_PUBLISH_INTERVAL", "nan", "seconds"),
        ("STUDIO_DB_WAIT", "soon", "seconds from 0 to 86400"),
        ("STUDIO_ALLOW_EMPTY", "yes", "true or false"),
        ("STUDIO_ON_CONFLICT", "merge", "fork or refuse"),
        ("STUDIO_DB_UPGRADE", "always", "auto or never"),
        ("STUDIO_RESTORE_FROM", "7", "<session>/<number>"),
        ("STUDIO_DATA_LINK", "/workspace/data/x", "not a path"),
        ("STUDIO_ALLOWED_HOSTS", "*", "STUDIO_ALLOWED_HOSTS"),
        ("CONNECT_TOOL_PATH_PREFIX", "studio", "/"),
        ("MLFLOW_BACKEND_STORE_URI", "mssql://h/db", "mssql"),
        ("MLFLOW_BACKEND_STORE_URI", "file:///data/mlruns", "migrate-filestore"),
        ("MLFLOW_BACKEND_STORE_URI", "/data/mlruns", "migrate-filestore"),
        ("MLFLOW_BACKEND_STORE_URI", "sqlite://", "in-memory"),
        ("MLFLOW_BACKEND_STORE_URI", "sqlite:///:memory:", "in-memory"),
        ("MLFLOW_ARTIFACTS_DESTINATION", "ftp://h/x", "ftp"),
        ("MLFLOW_DEFAULT_ARTIFACT_ROOT", "mlruns", "absolute path"),
        ("MLFLOW_SERVE_ARTIFACTS", "maybe", "true or false"),
        ("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "*", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"),
        ("MLFLOW_SERVER_X_FRAME_OPTIONS", "ALLOW", "SAMEORIGIN or DENY or NONE"),
        ("MLFLOW_SERVER_SECRETS_CACHE_TTL", "5", "from 10 to 300"),
        ("MLFLOW_SERVER_SECRETS_CACHE_MAX_SIZE", "0", "from 1 to 10000"),
        ("MLFLOW_TRACE_ARCHIVAL_CONFIG", "/no/such.yaml", "no such file"),
        ("STUDIO_HOME", "~nobody-of-this-name/x", "no such user"),
    ],
)
def test_a_value_that_cannot_be_honoured_is_refused(name: str, value: str, part: str) -> None:
    (problem,) = problems(**{name: value})
    assert name in problem
    assert part in problem


@pytest.mark.parametrize("name", ["MLFLOW_ARTIFACTS_DESTINATION", "STUDIO_ALLOWED_HOSTS"])
def test_a_password_is_not_shown_wherever_it_was_put(name: str) -> None:
    (problem,) = problems(**{name: "ftp://me:hunter2@host/x"})
    assert "hunter2" not in problem
    assert f"{name}=ftp://me:***@host/x: " in problem


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({"STUDIO_ALLOWED_HOSTS": "a.b", "MLFLOW_SERVER_ALLOWED_HOSTS": "a.c"}, "ALLOWED_HOSTS"),
        (
            {"STUDIO_FRAME_ANCESTORS": "'self'", "MLFLOW_SERVER_X_FRAME_OPTIONS": "DENY"},
            "X_FRAME_OPTIONS",
        ),
        (
            {"MLFLOW_DEFAULT_ARTIFACT_ROOT": "/a", "MLFLOW_ARTIFACTS_DESTINATION": "/b"},
            "MLFLOW_DEFAULT_ARTIFACT_ROOT",
        ),
        ({"MLFLOW_SERVE_ARTIFACTS": "false"}, "MLFLOW_SERVE_ARTIFACTS"),
        (
            {"MLFLOW_SERVE_ARTIFACTS": "false", "MLFLOW_DEFAULT_ARTIFACT_ROOT": "/a"},
            "MLFLOW_SERVE_ARTIFACTS",
        ),
        (
            {"MLFLOW_ARTIFACTS_ONLY": "true", "MLFLOW_BACKEND_STORE_URI": "sqlite:////a.db"},
            "MLFLOW_ARTIFACTS_ONLY",
        ),
        ({"MLFLOW_WORKSPACE_STORE_URI": "sqlite:////a.db"}, "MLFLOW_WORKSPACE_STORE_URI"),
        ({"MLFLOW_GATEWAY_URI": "http://h"}, "MLFLOW_GATEWAY_URI"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(env: dict[str, str], name: str) -> None:
    (problem,) = problems(**env)
    assert name in problem


@pytest.mark.parametrize("name", [v.name for v in VARIABLES if v.refused])
def test_a_name_that_would_have_no_effect_is_refused_with_the_remedy(name: str) -> None:
    (problem,) = problems(**{name: "anything"})
    assert problem == f"{name} cannot be set here: {BY_NAME[name].refused}"


def test_switching_the_checks_off_explicitly_not_is_fine() -> None:
    assert parsed(MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE="false")


def test_a_misspelt_setting_is_refused_with_the_closest_name() -> None:
    assert problems(STUDIO_WORKRES="2") == (
        "STUDIO_WORKRES is not a setting; did you mean STUDIO_WORKERS?",
    )


def test_an_alien_studio_name_is_said() -> None:
    (note,) = parsed(STUDIO_COLOUR_OF_THE_SKY="blue").notes
    assert "STUDIO_COLOUR_OF_THE_SKY" in note


def test_all_problems_come_at_once() -> None:
    found = problems(STUDIO_WORKERS="x", STUDIO_PORT="y", MLFLOW_PORT="1")
    assert len(found) == 3


def test_inside_a_worker_mlflows_own_names_are_expected() -> None:
    env = {"_MLFLOW_SERVER_FILE_STORE": "sqlite:////a.db", "MLFLOW_TRACKING_URI": "sqlite:////a.db"}
    assert read(env, in_image=False, launched=False).port == 8080


def test_a_refused_secret_is_not_shown() -> None:
    (problem,) = problems(MLFLOW_BACKEND_STORE_URI="mssql://me:hunter2@h/db")
    assert "hunter2" not in problem


def test_a_file_holds_the_secret_less_its_newline(tmp_path: Path) -> None:
    file = tmp_path / "uri"
    file.write_text("postgresql://me:p@h/db\n")
    env = resolve_files({"MLFLOW_BACKEND_STORE_URI_FILE": str(file)})
    assert env == {"MLFLOW_BACKEND_STORE_URI": "postgresql://me:p@h/db"}


@pytest.mark.parametrize(
    ("content", "part"), [(None, "cannot be read"), ("", "is empty"), (b"\xff\xfe", "UTF-8")]
)
def test_an_unusable_file_is_refused(tmp_path: Path, content: object, part: str) -> None:
    file = tmp_path / "uri"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif isinstance(content, str):
        file.write_text(content)
    with pytest.raises(InvalidSettings, match=part):
        resolve_files({"MLFLOW_CRYPTO_KEK_PASSPHRASE_FILE": str(file)})


def test_a_value_and_its_file_together_are_refused(tmp_path: Path) -> None:
    env = {"MLFLOW_BACKEND_STORE_URI": "x", "MLFLOW_BACKEND_STORE_URI_FILE": str(tmp_path)}
    with pytest.raises(InvalidSettings, match="both set"):
        resolve_files(env)


def test_only_secrets_come_from_files() -> None:
    (problem,) = problems(STUDIO_PORT_FILE="/x")
    assert "STUDIO_PORT" in problem


def test_the_marker_in_the_environment_says_that_this_is_the_image(tmp_path: Path) -> None:
    assert not inside_image(str(tmp_path))
    marker = tmp_path / "share" / "mlflow-studio" / "image.json"
    marker.parent.mkdir(parents=True)
    marker.write_text("{}")
    assert inside_image(str(tmp_path))


def test_every_name_is_listed_once() -> None:
    assert len(BY_NAME) == len(VARIABLES)


def test_a_state_to_restore_is_accepted() -> None:
    assert parsed(STUDIO_RESTORE_FROM=STATE).restore_from == STATE
