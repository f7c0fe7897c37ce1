"""What single pages say, against the code: tables, exit codes, limits, symptoms, examples.

`test_pages.py` has what holds for all pages.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import errors as ours
from deploy import tables
from deploy.profile.loading import check
from studio import discover, errors, status_page
from tests.documented import ROOT, page

README = (ROOT / "README.md").read_text(encoding="utf-8")


def codes(name: str) -> set[int]:
    """The exit codes that a page's table explains."""
    table = page(name).text.partition("## Exit codes\n")[2].partition("\n## ")[0]
    return {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}


@pytest.mark.parametrize(("name", "wanted"), tables.tables().items())
def test_the_tables_are_those_of_the_code(name: str, wanted: dict[str, str]) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert tables.rendered(text, wanted) == text, f"run: {tables.COMMAND}"


def test_a_table_that_has_no_place_on_its_page_is_an_error() -> None:
    with pytest.raises(ValueError, match="no table between"):
        tables.rendered("<!-- a -->\n", {"a": "| |"})


def test_every_exit_code_of_the_runtime_is_explained() -> None:
    constants = {v for k, v in vars(errors).items() if k.isupper() and isinstance(v, int)}
    assert codes("configuration") == constants | {1}


def test_every_exit_code_of_studioctl_is_explained() -> None:
    classes = [c for c in vars(ours).values() if isinstance(c, type)]
    known = {c.exit_code for c in classes if issubclass(c, ours.StudioctlError)}
    assert codes("studioctl") == known | {0, 2, 10, ours.BUG, ours.INTERRUPTED}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`|\$ )make ([\w-]+)", README))))
def test_the_makefile_has_what_it_mentions(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_options_it_names_are_those_of_up() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "deploy.cli", "up", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for option in ("--port", "--data DIR", "--home DIR", "--open", "--docker"):
        assert f"`{option}`" in README
        assert option.split()[0] in answer.stdout


def test_every_page_of_the_server_is_listed() -> None:
    from studio import routes

    source = Path(routes.__file__).read_text()
    listed = set(re.findall(r"`(/studio/\w+)`", page("configuration").text))
    assert listed == set(re.findall(r'"(/studio/\w+)"', source))


def test_it_promises_what_can_be_seen_and_no_more() -> None:
    for text in (README, page("storage").text):
        assert "durable" not in text.lower()
        for word in ("snapshot", "published", "checkpoint"):
            assert f"**{word}**" in text


def test_the_limits_it_gives_are_those_of_the_code() -> None:
    limits = discover.Limits()
    assert limits == discover.Limits(depth=4, entries=20_000, seconds=20)
    text = " ".join(page("storage").text.split())
    assert "(four folders deep, 20,000 entries, 20 s)" in text
    assert "(`STUDIO_LINK_WAIT`, 60 s); one that held states before gets twice as long" in text


# What the pages quote -> the file that says it.
SYMPTOMS = {
    'This Studio does not answer to the host "': "studio/middleware/policy.py",
    "sent this request": "studio/middleware/policy.py",
    "A page of another site sent this request.": "studio/middleware/policy.py",
    "cannot be set here": "studio/reader.py",
    "is not a setting": "studio/reader.py",
    "waiting for the database": "studio/external.py",
    "refused the connection": "studio/external.py",
    "a newer MLflow wrote it": "studio/database.py",
    "the database has the older schema": "studio/migrate.py",
    "is taken": "studio/ports.py",
    "got no word from the session": "deploy/studios/explain.py",
    "the image was not built": "deploy/errors/build.py",
    "the image was built, but not pushed": "deploy/errors/build.py",
    "did not end within": "deploy/errors/web.py",
    "is not any more what the plan was made for": "deploy/errors/platform.py",
    "no data link is mounted": "studio/storage.py",
    "is empty so far": "studio/arrival.py",
    "nothing could be published for": "studio/keeping.py",
    "another lineage has appeared": "studio/keeping.py",
    "is on a data link, where SQLite loses acknowledged writes": "studio/storage.py",
    "LOSES all runs": "deploy/planning/losses.py",
    "is read-only": "studio/storage.py",
    "everything is published": "studio/snapshots/loop.py",
    "login page": "deploy/studios/readiness.py",
}


@pytest.mark.parametrize("words", SYMPTOMS)
def test_a_symptom_is_spelt_as_the_program_says_it(words: str) -> None:
    shown = page("troubleshooting").text + page("storage").text
    source = (ROOT / SYMPTOMS[words]).read_text(encoding="utf-8")
    assert words in shown
    # A sentence may be written as several strings.
    assert words in re.sub(r'"\s+f?"', "", source)


def test_the_section_that_the_status_page_names_is_there() -> None:
    (section,) = re.findall("the README, “(.*)”", Path(status_page.__file__).read_text("utf-8"))
    assert f"### {section}\n" in README


PROFILES = [
    (name, block) for name in ("profile", "troubleshooting") for block in page(name).blocks("yaml")
]


@pytest.mark.parametrize(("name", "block"), PROFILES)
def test_a_profile_that_is_shown_is_valid(name: str, block: str, tmp_path: Path) -> None:
    file = tmp_path / "studio.yaml"
    file.write_text(block, encoding="utf-8")
    check(file, {})
