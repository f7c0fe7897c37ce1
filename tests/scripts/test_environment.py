"""The set-up behind `make run` and `make test`, with a Python that only logs what it is asked."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shell scripts")

# Says where it is, "makes" an environment by copying itself there, and logs what pip is asked for.
STUB = r"""#!/bin/sh
case "$1 $2" in
  "-m venv") rm -rf "$4"; mkdir -p "$4/bin"; cp "$0" "$4/bin/python"; echo made >>"$LOG" ;;
  "-m pip") [ -z "${PIP_FAILS:-}" ] || exit 1; echo "$*" >>"$LOG" ;;
  -c*sys.executable*) echo "$0" ;;
esac
"""


@dataclass(frozen=True)
class Project:
    """A clone with nothing in it but what the set-up reads."""

    folder: Path
    log: Path

    def prepare(self, extra: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.folder / "scripts" / "environment"), extra],
            env={
                "PATH": os.environ["PATH"],
                "PYTHON": str(self.log.parent / "python"),
                "LOG": str(self.log),
                **env,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def steps(self) -> list[str]:
        """What has been done since the last call: `made`, or the extra that was installed."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line.rpartition(" ")[2] for line in lines]


@pytest.fixture
def a_project(tmp_path: Path) -> Project:
    folder = tmp_path / "a clone"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    (folder / "pyproject.toml").write_text("one")
    stub = tmp_path / "python"
    stub.write_text(STUB)
    stub.chmod(0o755)
    return Project(folder, tmp_path / "log")


def test_the_first_start_says_what_it_downloads_and_where_to(a_project: Project) -> None:
    done = a_project.prepare("server")
    assert done.returncode == 0, done.stderr
    assert a_project.steps() == ["made", ".[server]"]
    assert str(a_project.folder / ".venv") in done.stderr
    assert "MB" in done.stderr
    assert done.stdout == ""


def test_the_second_start_does_and_says_nothing(a_project: Project) -> None:
    a_project.prepare("server")
    a_project.steps()
    done = a_project.prepare("server")
    assert (done.returncode, done.stderr, a_project.steps()) == (0, "", [])


def test_a_changed_project_file_installs_again_into_the_same_environment(
    a_project: Project,
) -> None:
    a_project.prepare("server")
    (a_project.folder / "pyproject.toml").write_text("two")
    a_project.steps()
    a_project.prepare("server")
    assert a_project.steps() == [".[server]"]


def test_the_tools_for_development_contain_the_server(a_project: Project) -> None:
    a_project.prepare("dev")
    assert a_project.steps() == ["made", ".[dev]"]
    a_project.prepare("server")
    assert a_project.steps() == []


def test_the_server_does_not_contain_the_tools_for_development(a_project: Project) -> None:
    a_project.prepare("server")
    a_project.steps()
    a_project.prepare("dev")
    assert a_project.steps() == [".[dev]"]


def test_an_installation_that_failed_is_tried_again(a_project: Project) -> None:
    assert a_project.prepare("server", PIP_FAILS="yes").returncode != 0
    a_project.steps()
    assert a_project.prepare("server").returncode == 0
    assert a_project.steps() == [".[server]"]


def test_a_clone_that_was_moved_gets_a_new_environment(a_project: Project) -> None:
    a_project.prepare("server")
    a_project.steps()
    moved = Project(a_project.folder.rename(a_project.folder.parent / "moved"), a_project.log)
    moved.prepare("server")
    assert moved.steps() == ["made", ".[server]"]


def test_an_environment_whose_python_has_gone_is_made_again(a_project: Project) -> None:
    a_project.prepare("server")
    a_project.steps()
    python = a_project.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    a_project.prepare("server")
    assert a_project.steps() == ["made", ".[server]"]


def test_without_a_python_nothing_is_made(a_project: Project) -> None:
    done = a_project.prepare("server", PYTHON="/nowhere/python")
    assert done.returncode != 0
    assert "No Python 3.11 or newer" in done.stderr
    assert not (a_project.folder / ".venv").exists()


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["run"], ".venv/bin/studioctl up"),
        (["run", "PORT=5001"], ".venv/bin/studioctl up --port 5001"),
        (["run", "ARGS=--data runs"], ".venv/bin/studioctl up  --data runs"),
        (["test", "ARGS=-k up"], ".venv/bin/python -m pytest -k up"),
        (["bench"], ".venv/bin/python -m bench"),
        (["vendor"], ".venv/bin/python -m deploy.vendor"),
    ],
)
def test_make_runs_what_its_words_say(words: list[str], command: str) -> None:
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["make", "--dry-run", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].strip().removeprefix("exec ") == command


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_make_alone_lists_what_it_can_do() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    (targets,) = re.findall(r"^\.PHONY: help (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = re.findall(r"^make ([\w-]+) ", done.stdout, re.MULTILINE)
    assert listed == targets.split()
