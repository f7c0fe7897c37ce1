"""The command line from outside: help, version, and what wrong words get."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from deploy import __version__
from deploy.cli import app
from deploy.versions import pinned_mlflow

PYPROJECT = Path(__file__).parent.parent.parent / "pyproject.toml"


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


EVERY_COMMAND = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", EVERY_COMMAND, ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself(path: tuple[str, ...], option: str) -> None:
    result = CliRunner().invoke(app, [*path, option], prog_name="studioctl")
    assert result.exit_code == 0
    assert result.stdout.startswith(" ".join(("Usage: studioctl", *path)))
    assert result.stderr == ""


def test_every_option_has_a_help_that_is_a_sentence() -> None:
    for path in EVERY_COMMAND:
        command: Any = typer.main.get_command(app)
        for name in path:
            command = command.commands[name]
        for parameter in command.params:
            assert re.match(r"[A-Z].*\.( \[.*\])?$", parameter.help or ""), (path, parameter.name)


def test_the_version_tells_ours_and_mlflows() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout == f"studioctl {__version__} (MLflow {pinned_mlflow()})\n"


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
