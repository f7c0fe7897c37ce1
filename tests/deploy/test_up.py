"""`studioctl up` as a whole process, with a stand-in for the server."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.calling import ROOT, called, studioctl

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the server runs on Linux and macOS only")


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """Packages that stand for the installed server: `studio` prints what it was given and ends."""
    packages = tmp_path / "packages"
    for name in ("mlflow", "gunicorn", "uvicorn_worker", "studio"):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").touch()
    (packages / "studio" / "__main__.py").write_text(
        "import os, sys\n"
        "print('safe', sys.flags.safe_path)\n"
        "for name in sorted(os.environ):\n"
        "    if name.startswith(('STUDIO_', 'MLFLOW_', 'CONNECT_')):\n"
        "        print(name, os.environ[name])\n"
        "sys.exit(73)\n"
    )
    return packages


def up_with(
    server: Path, cwd: Path, *arguments: str | Path, **env: str
) -> tuple[dict[str, str], str]:
    """Run `up` with the stand-in server first on the path; give what it saw, and stderr."""
    done = studioctl(
        "up", *arguments, cwd=cwd, **{"PYTHONPATH": f"{server}{os.pathsep}{ROOT}", **env}
    )
    assert done.returncode == 73, done.stderr
    return dict(line.split(" ", 1) for line in done.stdout.splitlines()), done.stderr


def test_up_becomes_the_server_and_ends_with_its_exit_code(server: Path, a_folder: Path) -> None:
    seen, _ = up_with(server, a_folder, "--port", "5001")
    assert seen == {
        "safe": "True",
        "STUDIO_PORT": "5001",
        "STUDIO_HOME": str(a_folder / ".studio"),
        "STUDIO_DATA_DIR": str(a_folder / ".studio" / "data" / "none"),
    }


def test_the_home_is_private_and_ignored_by_git(server: Path, a_folder: Path) -> None:
    up_with(server, a_folder)
    home = a_folder / ".studio"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert (home / ".gitignore").read_text() == "*\n"


def links_seen(seen: dict[str, str]) -> dict[str, Path]:
    """The data links that the server would find, each with the folder behind it."""
    return {entry.name: entry.resolve() for entry in Path(seen["STUDIO_DATA_DIR"]).iterdir()}


def test_a_data_folder_is_the_only_link_and_gone_at_the_next_start_without_it(
    server: Path, a_folder: Path
) -> None:
    for name in ("first", "second", "first"):
        (a_folder / name).mkdir(exist_ok=True)
        seen, _ = up_with(server, a_folder, "--data", name)
        assert links_seen(seen) == {name: a_folder / name}
    seen, _ = up_with(server, a_folder)
    assert links_seen(seen) == {}


def test_a_start_takes_no_link_from_a_server_that_still_runs(server: Path, a_folder: Path) -> None:
    for name in ("a/runs", "b/runs"):
        (a_folder / name).mkdir(parents=True)
    running, _ = up_with(server, a_folder, "--data", "a/runs")
    up_with(server, a_folder, "--data", "b/runs")
    up_with(server, a_folder)
    assert links_seen(running) == {"runs": a_folder / "a" / "runs"}


def test_a_link_keeps_the_name_by_which_the_user_calls_it(server: Path, a_folder: Path) -> None:
    (a_folder / "real").mkdir()
    (a_folder / "called").symlink_to("real")
    seen, _ = up_with(server, a_folder, "--data", "called")
    assert links_seen(seen) == {"called": a_folder / "real"}


def test_a_file_among_the_links_is_left_alone_and_named(server: Path, a_folder: Path) -> None:
    stray = a_folder / ".studio" / "data" / "none" / "thesis.txt"
    stray.parent.mkdir(parents=True)
    stray.write_text("years of work")
    done = studioctl("up", cwd=a_folder, PYTHONPATH=f"{server}{os.pathsep}{ROOT}")
    assert done.returncode == 1
    assert str(stray) in done.stderr
    assert stray.read_text() == "years of work"


def test_a_home_that_cannot_be_made_is_named_with_the_remedy(server: Path, a_folder: Path) -> None:
    (a_folder / "file").touch()
    done = studioctl(
        "up", "--home", "file/home", cwd=a_folder, PYTHONPATH=f"{server}{os.pathsep}{ROOT}"
    )
    assert done.returncode == 1
    assert str(a_folder / "file" / "home") in done.stderr
    assert "--home" in done.stderr


def test_variables_of_clients_are_left_out_in_one_line_that_names_them(
    server: Path, a_folder: Path
) -> None:
    seen, said = up_with(
        server,
        a_folder,
        MLFLOW_TRACKING_URI="https://u:geheim@h",
        MLFLOW_RUN_ID="1",
        CONNECT_TOOL_PORT="8080",
        MLFLOW_DISABLE_TELEMETRY="true",
    )
    assert {name for name in seen if not name.startswith("STUDIO_")} == {
        "safe",
        "MLFLOW_DISABLE_TELEMETRY",
    }
    (line,) = said.splitlines()
    assert line.endswith(": MLFLOW_RUN_ID, MLFLOW_TRACKING_URI")


def test_a_folder_named_mlflow_where_the_user_stands_is_not_the_server(
    server: Path, a_folder: Path
) -> None:
    (a_folder / "studio.py").write_text("raise SystemExit('the wrong one')")
    seen, _ = up_with(server, a_folder)
    assert seen["safe"] == "True"


def test_without_the_servers_parts_the_remedy_is_named(a_folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path; import deploy.launch as launch;"
        "launch.find_spec = lambda name: None;"
        "from deploy.cli import app; app(['up'], prog_name='studioctl')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=a_folder,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert "pip install '.[server]'" in done.stderr
    assert "--docker" in done.stderr
    assert not (a_folder / ".studio").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "65536"], "--port"),
        (["--port", "http"], "--port"),
        (["--data", "missing"], "--data"),
        (["--data", "/"], "root folder"),
        (["--image", "x"], "--docker"),
    ],
)
def test_wrong_usage_ends_with_2_and_names_the_option(
    a_folder: Path, arguments: list[str], said: str
) -> None:
    done = called("up", *arguments, cwd=a_folder)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_home_inside_the_data_ends_with_3(server: Path, a_folder: Path) -> None:
    done = studioctl("up", "--data", ".", cwd=a_folder, PYTHONPATH=f"{server}{os.pathsep}{ROOT}")
    assert done.returncode == 3
    assert "--home" in done.stderr
    assert not (a_folder / ".studio").exists()
