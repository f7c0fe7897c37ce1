"""Follow the README to the letter, as somebody who has Python, git and make, and nothing else.

Runs inside the clean room, by the system's Python. Every line is typed into a terminal as the page
has it. Filled in is only what the page leaves to its reader: where the repository is, a token, and
the names in the profile. The Platform and Wave are the tests' fakes.
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clean_room.terminal import Failed, Terminal
from tests.documented import Command, Page

REPOSITORY = "file:///srv/mlflow-studio.git"
PLACEHOLDER = "URL-OF-THIS-REPOSITORY"
HOME = Path.home()
CLONE = HOME / "mlflow-studio"
GETTING_IT = f"git clone {REPOSITORY} mlflow-studio && cd mlflow-studio"
SERVER = "http://localhost:5000"
DOWNLOAD_S = 900
TESTS_S = 3000
# Times and addresses are everybody's own; in parentheses at the end is what is so for a moment.
DIFFERS = re.compile(r"[\d.]+ (?:h|min|s)\b(?: [\d.]+ s\b)?|https?://\S+")
MOMENTARY = re.compile(r" \([^()]*\)$")


def main(arguments: list[str]) -> None:
    """`arguments` are for pytest; without any, `make test` runs everything that can run here."""
    environment = {**os.environ, "LANG": "C.UTF-8"}
    with Terminal(HOME, environment) as terminal:
        readme = tries_it(terminal, environment)
        options = f' ARGS="{" ".join(arguments)}"' if arguments else ""
        terminal.types(f"make test{options}", TESTS_S)
        digest = packed(terminal.types(".venv/bin/studioctl build --wave --print-request >request"))
    with surroundings() as known, Terminal(HOME, environment) as terminal:
        runs_it_as_a_studio(terminal, readme, known, digest)
    print("\nthe README holds: every line was typed, and did what it says")


def tries_it(terminal: Terminal, environment: dict[str, str]) -> Page:
    """Clone, run, log a run, stop, run again; give the README."""
    # Which lines these are is in the clone that they make, so the first is known beforehand.
    terminal.types(GETTING_IT)
    readme = Page("README.md", (CLONE / "README.md").read_text(encoding="utf-8"))
    cloned, made, logged = readme.section("Try it on your machine").typed()[:3]
    same(filled_in(cloned), GETTING_IT)

    ready = f"MLflow Studio is ready: {SERVER}/"
    shows(made, terminal.starts(made.line, ready, DOWNLOAD_S))
    with Terminal(CLONE, environment) as second:
        second.types(logged.line)
        same(metrics(), [{"accuracy": 0.97}])
    stops(terminal)
    terminal.starts(made.line, ready, 60)
    same(metrics(), [{"accuracy": 0.97}])
    stops(terminal)
    return readme


def stops(terminal: Terminal) -> None:
    said = terminal.presses_ctrl_c()
    if said.split()[-1:] != ["stopped"]:
        raise Failed(f"after Ctrl-C the server said last:\n{said}")


def runs_it_as_a_studio(
    terminal: Terminal, readme: Page, known: dict[str, str], digest: str
) -> None:
    """Install from the repository, write a profile, deploy; then whatever a day brings."""
    installed, init, token, deployed = readme.section("Run it as a Studio").typed()[:4]
    for name in ("TOWER_API_ENDPOINT", "WAVE_ENDPOINT"):
        terminal.types(f"export {name}={known[name]}")
    terminal.types("mkdir project && cd project")
    terminal.types(filled_in(installed), DOWNLOAD_S)
    same(packed(terminal.types("studioctl build --wave --print-request >request")), digest)

    terminal.types(init.line)
    names_the_link(HOME / "project/studio.yaml", known["link"])
    terminal.types(token.line.replace("…", known["token"]))
    shows(deployed, terminal.types(deployed.line))

    terminal.types("export TOWER_WORKSPACE_ID=71")
    for line in readme.section("From day to day").commands():
        if line == "studioctl rollback":  # nothing has been replaced
            terminal.types(line, code=1)
        elif line == "studioctl delete":
            terminal.starts(line, "Delete it? [y/N] ", 60)
            terminal.types("y")
        else:
            terminal.types(line)


def filled_in(command: Command) -> str:
    return command.line.replace(PLACEHOLDER, REPOSITORY)


def names_the_link(profile: Path, link: str) -> None:
    """Do with an editor what the sample profile asks for."""
    before, none, after = profile.read_text(encoding="utf-8").partition("#data-links:\n")
    if not none:
        raise Failed("the sample profile has no line `#data-links:` to uncomment")
    link_of_ours = f"data-links:\n  - name: {link}\n    writable: true\n"
    profile.write_text(before + link_of_ours + after, encoding="utf-8")


def packed(said: str) -> str:
    """The digest of the build context, as `studioctl build` says it."""
    (found,) = re.findall(r"sha256:[0-9a-f]{64}", said)
    return found


def metrics() -> list[dict[str, float]]:
    """The metrics of every run of the default experiment."""
    body = json.dumps({"experiment_ids": ["0"]}).encode()
    request = urllib.request.Request(
        f"{SERVER}/api/2.0/mlflow/runs/search", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        runs = json.load(answer)["runs"]
    return [{each["key"]: each["value"] for each in run["data"]["metrics"]} for run in runs]


def shows(command: Command, said: str) -> None:
    """Every line that the page shows is printed, but for what differs from reader to reader."""
    printed = {alike(line) for line in said.splitlines()}
    for line in command.shown:
        if alike(line) not in printed:
            raise Failed(f"`{command.line}` should print\n  {line}\nbut printed\n{said}")


def alike(line: str) -> str:
    """A line without what differs from reader to reader."""
    words = " ".join(line.replace(str(HOME), "/home/you").split())
    return DIFFERS.sub("~", MOMENTARY.sub("", words))


def same(found: object, expected: object) -> None:
    if found != expected:
        raise Failed(f"{found!r} is not {expected!r}")


@contextmanager
def surroundings() -> Iterator[dict[str, str]]:
    """The fakes, in a process of their own; what they say of themselves."""
    command = [".venv/bin/python", "-m", "tests.clean_room.surroundings"]
    with subprocess.Popen(
        command, cwd=CLONE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Failed as failed:
        raise SystemExit(f"\nfailed: {failed}") from None
