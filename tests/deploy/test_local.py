"""What `studioctl up` decides: options and environment in, commands out."""

from pathlib import Path, PurePosixPath

import pytest

from deploy import local
from deploy.errors import InvalidSetting
from deploy.local import Options

CWD = Path("/work place/project").absolute()
HOME = CWD / ".studio"
DATA = Path("/data/my-bucket").absolute()


def server_environment(options: Options | None = None, **env: str) -> dict[str, str]:
    given = options or Options()
    home = local.home(given, env, CWD)
    return dict(local.server_process(given, env, home, "/venv/bin/python").env)


def container(options: Options | None = None, **env: str) -> list[str]:
    command = local.server_container(options or Options(docker=True), env, CWD, "an/image:1")
    return list(command.argv)


def values_of(argv: list[str], option: str) -> list[str]:
    return [argv[at + 1] for at, word in enumerate(argv) if word == option]


@pytest.mark.parametrize(
    ("options", "env", "expected"),
    [
        (Options(), {}, 5000),
        (Options(), {"STUDIO_PORT": "5050"}, 5050),
        (Options(), {"STUDIO_PORT": " "}, 5000),
        (Options(port=6000), {"STUDIO_PORT": "5050"}, 6000),
        (Options(port=0), {"STUDIO_PORT": "5050"}, 0),
        (Options(port=6000), {"STUDIO_PORT": "nonsense"}, 6000),
    ],
)
def test_the_port_comes_from_the_option_then_the_variable_then_the_default(
    options: Options, env: dict[str, str], expected: int
) -> None:
    assert local.port(options, env) == expected


@pytest.mark.parametrize("text", ["http", "-1", "65536", "50.5", "5000x"])
def test_a_port_that_is_none_is_refused_by_its_variable(text: str) -> None:
    with pytest.raises(InvalidSetting, match="STUDIO_PORT") as refused:
        local.port(Options(), {"STUDIO_PORT": text})
    assert text in str(refused.value)


@pytest.mark.parametrize(
    ("options", "env", "expected"),
    [
        (Options(), {}, HOME),
        (Options(), {"STUDIO_HOME": ""}, HOME),
        (Options(), {"STUDIO_HOME": "elsewhere"}, CWD / "elsewhere"),
        (Options(home=DATA), {"STUDIO_HOME": "elsewhere"}, DATA),
    ],
)
def test_the_home_comes_from_the_option_then_the_variable_then_the_folder_one_stands_in(
    options: Options, env: dict[str, str], expected: Path
) -> None:
    assert local.home(options, env, CWD) == expected


def test_the_server_process_is_the_same_code_as_in_the_container() -> None:
    command = local.server_process(Options(), {}, HOME, "/venv/bin/python")
    assert command.argv == ("/venv/bin/python", "-m", "studio")


def test_the_server_gets_port_home_and_a_folder_of_links_of_its_own() -> None:
    env = server_environment(Options(port=5001, data=DATA))
    assert env["STUDIO_PORT"] == "5001"
    assert env["STUDIO_HOME"] == str(HOME)
    assert env["STUDIO_DATA_DIR"] == str(local.links_folder(HOME, DATA))


def test_without_a_link_the_machines_own_data_folder_is_not_taken_for_one() -> None:
    assert server_environment()["STUDIO_DATA_DIR"] == str(local.links_folder(HOME, None))


def test_two_data_folders_never_share_their_folder_of_links() -> None:
    folders = {local.links_folder(HOME, data) for data in (None, DATA, CWD / DATA.name)}
    assert len(folders) == 3
    assert all(folder.is_relative_to(HOME) for folder in folders)


def test_a_folder_of_links_that_the_user_names_is_used() -> None:
    assert server_environment(STUDIO_DATA_DIR="/mnt/links")["STUDIO_DATA_DIR"] == "/mnt/links"


def test_the_option_for_a_link_beats_the_variable_for_all_links() -> None:
    env = server_environment(Options(data=DATA), STUDIO_DATA_DIR="/mnt/links")
    assert env["STUDIO_DATA_DIR"] == str(local.links_folder(HOME, DATA))


def test_what_the_user_sets_for_the_server_reaches_it_unchanged() -> None:
    given = {
        "MLFLOW_BACKEND_STORE_URI": "postgresql://u:p@h/db",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "STUDIO_WORKERS": "4",
        "AWS_PROFILE": "lab",
        "PATH": "/bin",
    }
    env = server_environment(None, **given)
    assert {name: env[name] for name in given} == given


@pytest.mark.parametrize(
    "name",
    [
        "MLFLOW_TRACKING_URI",
        "MLFLOW_TRACKING_TOKEN",
        "MLFLOW_TRACKING_USERNAME",
        "MLFLOW_TRACKING_PASSWORD",
        "MLFLOW_TRACKING_INSECURE_TLS",
        "MLFLOW_EXPERIMENT_ID",
        "MLFLOW_EXPERIMENT_NAME",
        "MLFLOW_REGISTRY_URI",
        "MLFLOW_RUN_ID",
        "MLFLOW_WORKSPACE",
    ],
)
def test_a_clients_variable_never_reaches_the_server(name: str) -> None:
    assert local.client_variables({name: "x", "PATH": "/bin"}) == (name,)
    assert name not in server_environment(None, **{name: "x"})
    assert name not in container(None, **{name: "x"})


@pytest.mark.parametrize("name", ["MLFLOW_REGISTRY_STORE_URI", "MLFLOW_ENABLE_WORKSPACES"])
def test_a_servers_variable_with_a_similar_name_stays(name: str) -> None:
    assert local.client_variables({name: "x"}) == ()
    assert server_environment(None, **{name: "x"})[name] == "x"


def test_a_laptop_is_never_taken_for_a_session_on_the_platform() -> None:
    assert "CONNECT_TOOL_PORT" not in server_environment(None, CONNECT_TOOL_PORT="8080")
    assert "CONNECT_TOOL_PORT" not in container(None, CONNECT_TOOL_PORT="8080")


def test_files_where_the_user_stands_are_not_imported() -> None:
    assert server_environment()["PYTHONSAFEPATH"] == "1"


def test_a_home_inside_the_data_link_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="--home"):
        local.check_apart(CWD / ".studio", CWD)
    local.check_apart(CWD / ".studio", CWD / "runs")
    local.check_apart(CWD / ".studio", None)


def test_the_container_is_published_on_this_machine_only() -> None:
    argv = container(Options(port=5001, docker=True))
    assert values_of(argv, "--publish") == ["127.0.0.1:5001:5001"]
    assert "STUDIO_PORT=5001" in values_of(argv, "--env")
    assert values_of(argv, "--name") == ["mlflow-studio-5001"]


def test_the_container_runs_the_runtime_without_connect() -> None:
    argv = container()
    assert argv[-5:] == ["--entrypoint", "/opt/venv/bin/python", "an/image:1", "-m", "studio"]
    assert values_of(argv, "--platform") == ["linux/amd64"]
    assert "--rm" in argv


def test_the_container_has_time_to_publish_its_last_state() -> None:
    assert values_of(container(), "--stop-timeout") == ["30"]


def test_a_link_is_mounted_under_its_own_name() -> None:
    argv = container(Options(docker=True, data=DATA))
    assert values_of(argv, "--mount")[1:] == [
        f"type=bind,source={DATA},target=/workspace/data/my-bucket"
    ]


def test_each_folder_has_its_own_volume_and_a_named_home_is_used_instead() -> None:
    (first,) = values_of(container(), "--mount")
    assert first == f"type=volume,source={local.volume_name(CWD)},target=/var/lib/mlflow-studio"
    assert local.volume_name(CWD) != local.volume_name(CWD / "other")
    expected = [f"type=bind,source={DATA},target=/var/lib/mlflow-studio"]
    assert values_of(container(Options(docker=True, home=DATA)), "--mount") == expected
    assert values_of(container(None, STUDIO_HOME=str(DATA)), "--mount") == expected


def test_a_path_with_a_comma_stays_one_path() -> None:
    mount = local._mount("bind", '/a,"b"', PurePosixPath("/x"))
    assert mount == 'type=bind,"source=/a,""b""",target=/x'


def test_variables_reach_the_container_by_name_and_no_value_shows_in_the_process_list() -> None:
    secrets = {
        "MLFLOW_BACKEND_STORE_URI": "postgresql://u:geheim@h/db",
        "AWS_SECRET_ACCESS_KEY": "geheim",
        "STUDIO_ALLOWED_HOSTS": "geheim",
        "PIP_INDEX_URL": "https://u:geheim@index/simple",
    }
    argv = container(None, **secrets)
    assert values_of(argv, "--env") == [
        "STUDIO_PORT=5000",
        "AWS_SECRET_ACCESS_KEY",
        "MLFLOW_BACKEND_STORE_URI",
        "STUDIO_ALLOWED_HOSTS",
    ]
    assert "geheim" not in " ".join(argv)
    build = local.image_build(Path("/context"), secrets)
    assert "geheim" not in str(build)
    assert "geheim" not in repr(build)
    assert build.env["PIP_INDEX_URL"] == secrets["PIP_INDEX_URL"]


@pytest.mark.parametrize("name", ["STUDIO_HOME", "AWS_PROFILE", "AWS_CA_BUNDLE", "PATH"])
def test_what_names_something_on_this_machine_stays_outside(name: str) -> None:
    assert values_of(container(None, **{name: "/here"}), "--env") == ["STUDIO_PORT=5000"]


def test_a_folder_of_links_outside_the_container_is_refused_not_ignored() -> None:
    with pytest.raises(InvalidSetting, match="STUDIO_DATA_DIR"):
        container(None, STUDIO_DATA_DIR="/mnt/links")


def test_the_image_is_built_for_the_platform_with_the_arguments_that_are_set() -> None:
    env = {"BASE_IMAGE": "mirror/python:3", "CONNECT_IMAGE": "", "PATH": "/bin"}
    assert local.image_build(Path("/context"), env).argv == (
        *("docker", "build", "--platform", "linux/amd64", "--tag", "mlflow-studio:local"),
        *("--build-arg", "BASE_IMAGE", str(Path("/context"))),
    )


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("", "http://localhost:5000"),
        ("/", "http://localhost:5000"),
        ("/a/b", "http://localhost:5000/a/b"),
        ("/a/", "http://localhost:5000/a"),
    ],
)
def test_the_address_has_the_prefix(prefix: str, expected: str) -> None:
    assert local.url(Options(), {"CONNECT_TOOL_PATH_PREFIX": prefix}) == expected


def test_a_browser_cannot_be_sent_to_a_port_that_is_not_known() -> None:
    with pytest.raises(InvalidSetting, match="--open"):
        local.url(Options(port=0), {})
