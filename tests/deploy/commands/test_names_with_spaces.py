"""A command that is printed can be typed as it is, also for a Studio or a file with spaces."""

import shlex
from pathlib import Path

import pytest

from tests.deploy.calling import called
from tests.deploy.commands.calling import IMAGE, User


@pytest.mark.parametrize("url", ["https://a.example.com", None], ids=["an address", "none"])
def test_url_names_the_start_of_this_very_studio(a_user: User, url: str | None) -> None:
    studio = a_user.platform.add_studio("our runs", image=IMAGE, status="stopped")
    studio.url = url
    done = a_user.calls("url", "our runs", "-w", "Acme/ml")
    assert (done.exit_code == 0) is bool(url)
    command = done.stderr[done.stderr.index("studioctl start") :]
    assert shlex.split(command) == ["studioctl", "start", "our runs", "-w", "71"]


def test_init_names_its_file(a_folder: Path) -> None:
    done = called("init", "-f", "our runs.yaml", cwd=a_folder)
    assert "studioctl deploy --file 'our runs.yaml'" in done.stderr
