"""Every page against the code: the links, commands, options and variables that it names."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer.main

from deploy.cli import app
from studio.settings import BY_NAME
from tests.documented import BY_HAND, ROOT, RUN_BY, Page, pages

PAGES = pages()
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
WORD = re.compile(r"[a-z][a-z-]*")


@EVERY_PAGE
def test_what_it_links_to_exists(page: Page) -> None:
    for link in page.links():
        path, _, anchor = link.partition("#")
        target = (ROOT / page.name).parent / path if path else ROOT / page.name
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def anchors(file: Path) -> set[str]:
    """The headings of a page as the forge names them in addresses."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@EVERY_PAGE
def test_a_test_runs_every_command_that_it_shows(page: Page) -> None:
    unknown = set(page.commands()) - set(RUN_BY) - set(BY_HAND)
    assert not unknown, "name the test that runs it, in tests/documented.py"


def test_no_command_is_listed_that_no_page_shows() -> None:
    shown = {command for page in PAGES for command in page.commands()}
    assert set(RUN_BY) | set(BY_HAND) <= shown
    assert not set(RUN_BY) & set(BY_HAND)


@pytest.mark.parametrize("command", RUN_BY)
def test_the_test_that_is_named_is_there(command: str) -> None:
    file, _, name = RUN_BY[command].partition("::")
    source = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert f"def {name}(" in source


@EVERY_PAGE
def test_every_command_and_option_of_studioctl_exists(page: Page) -> None:
    for span in page.spans():
        for words in re.findall(r"\bstudioctl ([^&|;]+)", span):
            command, rest = resolve(words.split())
            options = {name for each in command.params for name in each.opts}
            given = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
            assert given <= options | {"--help"}, span


def resolve(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the first words name, and the other words."""
    command: Any = typer.main.get_command(app)
    while commands := getattr(command, "commands", None):
        name = words[0] if words else ""
        if not WORD.fullmatch(name):
            break
        assert name in commands, f"studioctl has no {name}"
        command, words = commands[name], words[1:]
    return command, words


@EVERY_PAGE
@pytest.mark.mlflow
def test_every_variable_exists(page: Page) -> None:
    # Not one that ends with an underscore: that stands for a family of variables.
    named = set(re.findall(r"\b(?:STUDIO|MLFLOW)_[A-Z_]*[A-Z]\b(?!_)", page.text))
    assert named <= set(BY_NAME) | set(twins()) | mlflows_own()


def twins() -> Iterator[str]:
    return (f"{v.name}_FILE" for v in BY_NAME.values() if v.secret)


def mlflows_own() -> set[str]:
    """The variables that the installed MLflow reads."""
    spec = find_spec("mlflow")
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).with_name("environment_variables.py").read_text(encoding="utf-8")
    return set(re.findall(r'EnvironmentVariable\(\s*"(MLFLOW_\w+)"', source))


def test_the_map_of_the_house_names_every_folder_and_none_besides() -> None:
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("## Where things are\n\n")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([a-z./]+/)`", table))
    packages = {
        f"{path.parent.relative_to(ROOT).as_posix()}/"
        for top in ("studio", "deploy")
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert packages <= named
    assert [each for each in sorted(named) if not (ROOT / each).is_dir()] == []
