"""What the README alone says, against the code: tables, exit codes, limits, symptoms.

`test_pages.py` has what holds for all pages.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import tables
from studio import discover, errors, status_page

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_code() -> None:
    assert tables.rendered(README) == README, f"run: {tables.COMMAND}"


def test_every_exit_code_of_the_runtime_is_explained() -> None:
    table = README[README.index("| Code | The server ended") :].split("\n\n")[0]
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    constants = {v for k, v in vars(errors).items() if k.isupper() and isinstance(v, int)}
    assert documented == constants | {1}


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


def test_it_promises_what_can_be_seen_and_no_more() -> None:
    assert "durable" not in README.lower()
    for word in ("snapshot", "published", "checkpoint"):
        assert f"**{word}**" in README


def test_the_limits_it_gives_are_those_of_the_code() -> None:
    limits = discover.Limits()
    assert limits == discover.Limits(depth=4, entries=20_000, seconds=20)
    text = " ".join(README.split())
    assert "(four folders deep, 20,000 entries, 20 s)" in text
    assert "(`STUDIO_LINK_WAIT`, 60 s); one that held states before gets twice as long" in text


@pytest.mark.parametrize(
    "words", ["is empty so far", "nothing could be published for", "another lineage has appeared"]
)
def test_a_symptom_is_spelt_as_the_server_says_it(words: str) -> None:
    assert f"{words}" in README
    sources = (ROOT / "studio").glob("*.py")
    assert any(words in path.read_text(encoding="utf-8") for path in sources)


def test_the_section_that_the_status_page_names_is_there() -> None:
    (section,) = re.findall("the README, “(.*)”", Path(status_page.__file__).read_text("utf-8"))
    assert f"### {section}\n" in README


def test_every_exit_code_of_studioctl_is_explained() -> None:
    from deploy import errors as ours

    classes = [c for c in vars(ours).values() if isinstance(c, type)]
    codes = {c.exit_code for c in classes if issubclass(c, ours.StudioctlError)}
    sentence = README[README.index("`studioctl` ends with") :].split("\n\n")[0]
    documented = {int(code) for code in re.findall(r"\b(\d+) ", sentence)}
    assert codes | {0, 2, ours.BUG, ours.INTERRUPTED} == documented
