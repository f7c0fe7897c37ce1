"""The README against the code: tables, pages, exit codes, files and commands it names."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import tables
from studio import errors

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_code() -> None:
    assert tables.rendered(README) == README, f"run: {tables.COMMAND}"


def test_every_exit_code_of_the_runtime_is_explained() -> None:
    table = README[README.index("| Code | The server ended") :].split("\n\n")[0]
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    constants = {v for k, v in vars(errors).items() if k.isupper() and isinstance(v, int)}
    assert documented == constants | {1}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!http)([^)]+)\)", README))))
def test_what_it_links_to_exists(target: str) -> None:
    assert (ROOT / target).exists()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make (\w+)", README))))
def test_the_makefile_has_what_it_mentions(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_options_it_names_are_those_of_up() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "deploy.cli", "up", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for option in ("--port", "--data", "--home", "--open", "--docker"):
        assert f"`{option}" in README
        assert option in answer.stdout


def test_every_page_it_lists_is_a_page() -> None:
    from studio import routes

    source = Path(routes.__file__).read_text()
    pages = set(re.findall(r"`(/studio/\w+)`", README))
    assert pages == set(re.findall(r'"(/studio/\w+)"', source))


def test_every_studioctl_command_it_names_exists() -> None:
    named = set(re.findall(r"`?studioctl ((?:profile |wave )?[a-z]+)", README))
    assert {"up", "init", "build", "profile validate", "wave wait"} <= named
    for command in named - {"ends"}:
        subprocess.run(
            [sys.executable, "-m", "deploy.cli", *command.split(), "--help"],
            capture_output=True,
            check=True,
        )


def test_every_exit_code_of_studioctl_is_explained() -> None:
    from deploy import errors as ours

    classes = [c for c in vars(ours).values() if isinstance(c, type)]
    codes = {c.exit_code for c in classes if issubclass(c, ours.StudioctlError)}
    sentence = README[README.index("`studioctl` ends with") :].split("\n\n")[0]
    documented = {int(code) for code in re.findall(r"\b(\d+) ", sentence)}
    assert codes | {0, 2, ours.BUG, ours.INTERRUPTED} == documented
