"""The steps of the workflows: each is one line that calls code of ours, in a way that it knows."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.workflows import ROOT, RUNS, WORKFLOWS, jobs

pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="an sdist has no workflows")

# One line each that calls what the tests call, too.
CALLS = re.compile(
    r"make \w+|studioctl |scripts/|python scripts/|python -m deploy\.ci |python -m build "
    r"|(\.venv/bin/)?python -m pip install |uv pip install |python -m pytest "
)
REASONS = {
    (
        "ci.yml",
        "Run .ci/run in a Debian 12 container",
    ): "the container is the point; .ci/run is ours",
    ("release.yml", "gh release create"): "the forge's own command, with files made before",
}
EVERY_STEP = pytest.mark.parametrize(("file", "step"), RUNS, ids=lambda part: str(part)[:60])


@EVERY_STEP
def test_a_step_is_one_line_that_calls_tested_code(file: str, step: dict[str, Any]) -> None:
    line = step["run"]
    excused = any(
        file == where and (step.get("name") == what or line.startswith(what))
        for where, what in REASONS
    )
    assert CALLS.match(line) or excused, line
    assert "\n" not in line.strip()
    for script in re.findall(r"(?<![\w/])scripts/[\w/.]+", line):
        assert (ROOT / script).is_file()
    for target in re.findall(r"^make (\w+)", line):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@EVERY_STEP
def test_no_expression_is_pasted_into_a_script(file: str, step: dict[str, Any]) -> None:
    assert "${{" not in step["run"]


def test_a_tool_has_one_pin() -> None:
    named = {pin for _, step in RUNS for pin in re.findall(r"[\w-]+==\S+", step["run"])}
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert {pin.partition("==")[0] for pin in named} == {"build", "hatchling", "uv"}
    assert named <= set(pyproject["project"]["optional-dependencies"]["dev"])


HELPED = {  # what a step may call -> how its options are asked for
    "studioctl build": ("-m", "deploy.cli", "build"),
    "python scripts/release/notes.py": ("scripts/release/notes.py",),
    "python scripts/release/image.py": ("scripts/release/image.py",),
    "python -m deploy.ci": ("-m", "deploy.ci"),
}


@pytest.mark.parametrize("call", HELPED)
def test_a_step_gives_only_options_that_there_are(call: str) -> None:
    lines = [step["run"] for _, step in RUNS if step["run"].startswith(call)]
    given = {option for line in lines for option in re.findall(r" (--[\w-]+)", line)}
    assert given
    done = subprocess.run(
        [sys.executable, *HELPED[call], "--help"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert given <= set(re.findall(r"--[\w-]+", done.stdout))


def test_whoever_gives_options_to_our_own_is_in_that_list() -> None:
    ours = re.compile(r"studioctl|python (scripts/|-m deploy)")
    for _, step in RUNS:
        if ours.match(step["run"]) and " --" in step["run"]:
            assert step["run"].startswith(tuple(HELPED)), step["run"]


@EVERY_STEP
def test_a_step_has_the_variables_that_its_line_names(file: str, step: dict[str, Any]) -> None:
    named = set(re.findall(r"\$\{?(\w+)", step["run"]))
    the_runners = {name for name in named if name.startswith("GITHUB_")} | {"PWD"}
    assert named <= {*step.get("env", {}), *the_runners}


def test_an_output_that_is_read_is_one_that_the_step_writes() -> None:
    for file, name, job in jobs():
        for id_, output in set(re.findall(r"steps\.(\w+)\.outputs\.(\w+)", str(job))):
            (line,) = [each["run"] for each in job["steps"] if each.get("id") == id_]
            module = re.search(r"scripts/[\w/]+\.py", line)
            source = (ROOT / (module[0] if module else "deploy/ci.py")).read_text("utf-8")
            assert f'"{output}=' in source, (file, name, output)


def test_make_takes_the_python_that_was_set_up() -> None:
    for file, name, job in jobs():
        lines = [step["run"] for step in job.get("steps", ()) if "run" in step]
        if any(line.startswith(("make ", "scripts/environment")) for line in lines):
            assert WORKFLOWS[file]["env"]["PYTHON"] == "python", name


def test_a_callers_own_package_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Many a repository has a folder `deploy`, and Python looks in the working directory first."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "__init__.py").write_text("raise SystemExit('the caller was run')")
    done = subprocess.run(
        [sys.executable, "-m", "deploy.ci", "plan"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), **WORKFLOWS["deploy.yml"]["env"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "studio.yaml" in done.stderr
    assert "the caller was run" not in done.stderr
