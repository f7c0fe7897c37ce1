"""Somebody new, with Python, git and make alone: the README's lines, and the tests that can run."""

import re

import pytest

from tests.clean_room.conftest import Room

LIMIT_S = 3600
# What a machine with nothing lacks. A test that is skipped for anything else hides something.
REASONS = {
    "there is no docker command",
    "there is no Chromium",
    "there is no caddy command",
    "there is no docker-registry command",
    "there is no s3fs command",
    "there is no strace command",
    "PostgreSQL's server programs are not installed",
    "MariaDB's server programs are not installed",
    "file systems cannot be mounted here",
}
SUMMARY = re.compile(r"^=+ (.*?)(\d+) passed(.*) in .*=+$", re.MULTILINE)
WHY = re.compile(r"^SKIPPED \[\d+\] (\S+): (.*)$", re.MULTILINE)


@pytest.mark.docker
@pytest.mark.clean_room
@pytest.mark.timeout(LIMIT_S + 60)
def test_the_readme_holds_on_a_machine_that_has_nothing(a_clean_room: Room) -> None:
    code, said = a_clean_room.ends(LIMIT_S)
    assert code == 0, said[-20_000:]
    ((before, passed, after),) = SUMMARY.findall(said)
    assert int(passed) > 5000
    assert not re.search("failed|error", before + after)
    unexplained = [f"{where}: {why}" for where, why in WHY.findall(said) if why not in REASONS]
    assert unexplained == []
