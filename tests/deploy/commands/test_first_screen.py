"""The README's first screen: what it shows of a first deploy is what such a deploy prints."""

import re
from pathlib import Path

from tests.deploy.commands.calling import User
from tests.documented import ROOT, Page
from tests.fakes.platform import TOKEN
from tests.fakes.sessions import LOGIN
from tests.fakes.wave import Wave

README = Page("README.md", (ROOT / "README.md").read_text(encoding="utf-8"))


def shown() -> list[str]:
    """The lines below the command, without those left out; all numbers are alike."""
    typed = {each.line: each.shown for each in README.section("Run it as a Studio").typed()}
    return [alike(line) for line in typed["studioctl deploy -w acme/research"]]


def alike(line: str) -> str:
    return re.sub(r"\d+( min \d+)?", "N", line)


def in_the_readers_workspace(user: User) -> None:
    """The names that the README has; a browser login stands before the session."""
    platform = user.platform
    platform.workspaces[0].organization, platform.workspaces[0].name = "acme", "research"
    platform.add_link("mlflow-runs", "s3://acme-runs")
    platform.sessions.usual = LOGIN


def test_the_output_on_the_first_screen_is_what_is_printed(a_user: User) -> None:
    in_the_readers_workspace(a_user)
    (a_user.folder / "studio.yaml").unlink()
    with Wave(a_user.clock) as wave:
        wave.paired = {a_user.platform.endpoint}
        wave.tokens = {a_user.platform.endpoint: {TOKEN}}
        a_user.env["WAVE_ENDPOINT"] = wave.url
        assert a_user.calls("init").exit_code == 0
        names_a_data_link(a_user.folder / "studio.yaml")
        done = a_user.calls("deploy", "-w", "acme/research")
    assert done.exit_code == 0, done.stderr
    *said, address = shown()
    printed = [alike(line) for line in done.stderr.splitlines()]
    assert [line for line in said if line not in printed] == []
    assert sorted(said, key=printed.index) == said
    assert address.startswith("https://aaNbNcN.")
    assert done.stdout == f"{a_user.platform.studio('mlflow').url}\n"


def names_a_data_link(profile: Path) -> None:
    text = profile.read_text(encoding="utf-8")
    assert "#data-links:\n" in text
    link = "data-links: [{name: mlflow-runs, writable: true}]"
    profile.write_text(text.replace("#data-links:\n", f"{link}\n"), encoding="utf-8")
