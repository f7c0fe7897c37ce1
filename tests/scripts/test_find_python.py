"""The search for a Python, among candidates that are not what their names say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "scripts" / "find-python"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell script")

SHIM = "echo 'pyenv: python3.13: command not found' >&2; exit 127"
TOO_OLD = f"""exec {sys.executable} -c "
import sys
sys.version_info = (3, 9, 0)
sys.argv = sys.argv[1:]
exec(sys.argv[1])" "$@" """
REAL = f'exec {sys.executable} "$@"'
WITHOUT_VENV = 'case $2 in *ensurepip*) exit 1 ;; *) echo "$0" ;; esac'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The only folder on PATH."""
    for tool in ("cat", "sh"):
        (tmp_path / tool).symlink_to(f"/bin/{tool}")
    return tmp_path


def add(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def find(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT)], env={"PATH": str(folder), **env}, capture_output=True, text=True, check=False
    )


def test_the_newest_tested_version_that_works_is_taken(folder: Path) -> None:
    add(folder, "python3.11", REAL)
    add(folder, "python3", SHIM)
    done = find(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == sys.executable


def test_a_shim_without_a_python_behind_it_is_passed_over(folder: Path) -> None:
    for name in ("python3.13", "python3.12", "python3.11"):
        add(folder, name, SHIM)
    add(folder, "python3", REAL)
    assert find(folder).stdout.strip() == sys.executable


def test_an_old_python_is_passed_over(folder: Path) -> None:
    add(folder, "python3", TOO_OLD)
    add(folder, "python", REAL)
    assert find(folder).stdout.strip() == sys.executable


def test_without_any_it_says_what_to_install(folder: Path) -> None:
    add(folder, "python3", TOO_OLD)
    done = find(folder)
    assert done.returncode == 1
    assert done.stdout == ""
    for word in ("3.11", "apt install", "brew install", "PYTHON="):
        assert word in done.stderr


def test_a_python_without_venv_gets_its_own_advice(folder: Path) -> None:
    add(folder, "python3.12", WITHOUT_VENV)
    done = find(folder)
    assert done.returncode == 1
    assert str(folder / "python3.12") in done.stderr
    assert "python3-venv" in done.stderr


def test_a_python_without_venv_does_not_hide_one_with_it(folder: Path) -> None:
    add(folder, "python3.12", WITHOUT_VENV)
    add(folder, "python3", REAL)
    assert find(folder).stdout.strip() == sys.executable


def test_a_named_python_is_the_only_one_tried(folder: Path) -> None:
    add(folder, "python3", REAL)
    add(folder, "mine", SHIM)
    assert find(folder, PYTHON=sys.executable).stdout.strip() == sys.executable
    done = find(folder, PYTHON="mine")
    assert done.returncode == 1
    assert "tried: mine" in done.stderr
