"""The steps of the reusable workflow `deploy.yml`: `python -m deploy.ci plan` and `… deploy`.

Each runs the studioctl command of its name, as a person would, and puts what came of it into the
job's summary and outputs: GITHUB_STEP_SUMMARY and GITHUB_OUTPUT name the files. `plan` gives the
output `changes` (true or false) and `deploy` the output `url`. The exit code is studioctl's own,
but changes are no failure.

An option may be empty, as an input of a workflow is that nobody gave. STUDIO_VARIABLES has further
variables for studioctl, NAME=VALUE a line: those that a profile takes its secrets from.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy import job_summary
from deploy.process import Command, watch
from deploy.secret import SHORTEST_TELLING_VALUE, named

CHANGES = 10
VARIABLES = "STUDIO_VARIABLES"
_OUTPUTS = ("", "true", "false")


def command(wish: argparse.Namespace, env: Mapping[str, str]) -> Command:
    """Give the command that a step runs: options that are empty are left out."""
    how = ("--detailed-exitcode",) if wish.step == "plan" else ("--yes",)
    options = [
        f"--{name}={value}"
        for name in ("file", "stage", "workspace")
        if (value := getattr(wish, name))
    ]
    # -P: a package named `deploy` in the caller's checkout must not be run instead.
    argv = (sys.executable, "-P", "-m", "deploy.cli", wish.step, "--json", *how, *options)
    further = variables(env.get(VARIABLES, ""))
    kept = {name: value for name, value in env.items() if name != VARIABLES}
    return Command(argv, {**kept, **further})


def variables(text: str) -> dict[str, str]:
    """Read NAME=VALUE lines; raise ValueError without repeating what may be a secret.

    >>> variables("A=1\\n\\nB=x=y\\n")
    {'A': '1', 'B': 'x=y'}
    """
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.strip().partition("=")
        if equals and name.isidentifier():
            found[name] = value
        elif line.strip():
            raise ValueError(f"{VARIABLES}, line {number}: write NAME=VALUE, one a line")
    return found


def masks(env: Mapping[str, str]) -> list[str]:
    """Give the lines that tell GitHub what to hide; elsewhere they would show it.

    GitHub hides a secret of several lines as a whole only, so each value has to be named to it. It
    drops an output in which a hidden value occurs, so one like `true` must not be hidden. In such a
    line it reads `%0A` as a line feed, and so on: its own toolkit writes `%25` for `%`.

    >>> masks({"GITHUB_ACTIONS": "true", VARIABLES: "A_PASSWORD=5%0A\\nB=a long value\\nC=true"})
    ['::add-mask::5%250A', '::add-mask::a long value']
    >>> masks({VARIABLES: "A_PASSWORD=hunter2"})
    []
    """
    if env.get("GITHUB_ACTIONS") != "true":
        return []
    told = [
        value
        for name, value in variables(env.get(VARIABLES, "")).items()
        if len(value) >= SHORTEST_TELLING_VALUE or (named(name) and value not in _OUTPUTS)
    ]
    return [f"::add-mask::{value.replace('%', '%25')}" for value in told]


def read(step: str, stdout: str, said: str) -> tuple[Mapping[str, Any], str]:
    """Give the document that a command has printed, and the summary; the first may be empty."""
    document: Mapping[str, Any] = json.loads(stdout) if stdout.strip() else {}
    if not document:
        return {}, job_summary.of_error(step, said)
    if step == "deploy" and "studio" in document and "url" in document:
        return document, job_summary.of_deploy(document)
    return document, job_summary.of_plan(document)


def outputs(step: str, code: int, document: Mapping[str, Any]) -> str:
    """Give the lines for the job's outputs."""
    if step == "plan":
        return f"changes={'true' if code == CHANGES else 'false'}\n"
    return f"url={document.get('url') or ''}\n"


def main() -> int:
    """Run a step; see above."""
    parser = argparse.ArgumentParser(prog="python -m deploy.ci", description=__doc__.split(":")[0])
    parser.add_argument("step", choices=("plan", "deploy"), help="The command to run.")
    parser.add_argument("--file", default="", help="Profile to read.")
    parser.add_argument("--stage", default="", help="Stage of the profile.")
    parser.add_argument("--workspace", default="", help="Workspace, by name or number.")
    wish = parser.parse_args()
    try:
        wanted = command(wish, os.environ)
    except ValueError as wrong:
        parser.error(str(wrong))
    for line in masks(os.environ):
        print(line, flush=True)
    done = watch(wanted)
    document, summary = read(wish.step, done.stdout, done.stderr)
    _append(os.environ.get("GITHUB_STEP_SUMMARY"), summary)
    code = 0 if wish.step == "plan" and done.code == CHANGES else done.code
    if code == 0 and (place := os.environ.get("GITHUB_OUTPUT")):
        _append(place, outputs(wish.step, done.code, document))
    return code


def _append(place: str | None, text: str) -> None:
    if place:
        with Path(place).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    sys.exit(main())
