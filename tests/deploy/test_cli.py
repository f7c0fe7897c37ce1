"""The command line from outside: help, version, and what wrong words get."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from deploy import __version__, context
from deploy.cli import app
from deploy.versions import pinned_mlflow
from tests.deploy.calling import ROOT

PYPROJECT = ROOT / "pyproject.toml"


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


EVERY_COMMAND = list(commands(typer.main.get_command(app)))
GROUPS = ("profile", "snapshots", "wave")


@pytest.mark.parametrize("path", EVERY_COMMAND, ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*path, "--help"], prog_name="studioctl")
    assert result.exit_code == 0
    assert result.stdout.startswith(" ".join(("Usage: studioctl", *path)))
    assert "-v, --verbose" in result.stdout
    assert "-h, --help" in result.stdout
    assert result.stderr == ""


def test_every_option_has_a_help_that_is_a_sentence() -> None:
    for path in EVERY_COMMAND:
        command: Any = typer.main.get_command(app)
        for name in path:
            command = command.commands[name]
        for parameter in command.params:
            assert re.match(r"[A-Z].*\.( \[.*\])?$", parameter.help or ""), (path, parameter.name)


@pytest.mark.parametrize("path", [(), *((name,) for name in GROUPS)], ids=" ".join)
def test_no_summary_of_a_command_is_cut_off(path: tuple[str, ...]) -> None:
    listed = CliRunner().invoke(app, [*path, "--help"]).stdout.partition("Commands:")[2]
    assert listed
    assert "..." not in listed


def test_the_version_tells_ours_mlflows_and_the_contexts() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    with context.pack(context.locate()) as packed:
        told = f"MLflow {pinned_mlflow()}, context {packed.digest}"
    assert result.stdout == f"studioctl {__version__} ({told})\n"


def test_the_version_of_mlflow_is_the_pinned_one() -> None:
    (pin,) = re.findall(r'"mlflow==([\d.]+)"', PYPROJECT.read_text(encoding="utf-8"))
    assert pinned_mlflow() == pin


def test_without_a_command_the_help_is_shown() -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 2
    assert "Commands:" in result.output


def test_a_misspelt_command_gets_the_closest_one() -> None:
    result = CliRunner().invoke(app, ["upp"])
    assert result.exit_code == 2
    assert "Did you mean 'up'?" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell closes the streams")
def test_what_is_for_a_closed_stream_goes_nowhere_else(tmp_path: Path) -> None:
    command = f'exec "{sys.executable}" -m deploy.cli profile show -f "{tmp_path}/none" <&- 2>&-'
    done = subprocess.run(["/bin/sh", "-c", command], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (3, b"")
