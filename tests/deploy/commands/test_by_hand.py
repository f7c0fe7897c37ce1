"""The lines that `plan` prints, typed into a shell: they do what a deploy would have done."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.commands.calling import User
from tests.fakes.platform import TOKEN
from tests.fakes.tw.installed import Installed, install

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the lines are for a POSIX shell")

WISHES: dict[str, Any] = {
    "description": "Runs of everybody: 'quoted', $HOME and `id`",
    "resources": {"cpu": 4, "memory": "16 GiB"},
    "environment": {"MLFLOW_SERVER_WORKERS": "1", "GREETING": {"from_env": "MY_GREETING"}},
    "labels": {"team": "research"},
}


@pytest.fixture
def a_tw(tmp_path: Path) -> Installed:
    return install(tmp_path / "bin")


# Only because the Platform of the tests speaks plain HTTP.
INSECURE = 'tw() { command tw --insecure "$@"; }'


def typed(lines: list[str], user: User, tw: Installed) -> None:
    """Run the lines in a shell of somebody who has set what tw itself needs."""
    subprocess.run(
        ["sh", "-euc", "\n".join((INSECURE, *lines))],
        env={
            "PATH": os.pathsep.join((str(tw.folder), os.defpath)),
            "TOWER_ACCESS_TOKEN": TOKEN,
            "TOWER_API_ENDPOINT": user.platform.endpoint,
            **user.env,
        },
        stdout=subprocess.DEVNULL,
        timeout=60,
        check=True,
    )


def planned(user: User) -> list[str]:
    lines: list[str] = json.loads(user.calls("plan", "--json").stdout)["commands"]
    shown = user.calls("plan").stdout
    assert all(line in shown for line in lines)
    return lines


def test_the_line_of_a_first_plan_makes_the_studio(a_user: User, a_tw: Installed) -> None:
    a_user.writes(**WISHES)
    a_user.env["MY_GREETING"] = 'two "words" and $HOME'
    typed(planned(a_user), a_user, a_tw)
    studio = a_user.platform.studio("mlflow")
    assert studio.environment["GREETING"] == 'two "words" and $HOME'
    assert studio.description == WISHES["description"]
    a_user.clock.sleep(3600)
    again = a_user.calls("plan", "--detailed-exitcode")
    assert again.exit_code == 0, again.stdout


def test_the_line_of_a_stopped_studio_starts_it(a_user: User, a_tw: Installed) -> None:
    a_user.made()
    assert a_user.calls("stop").exit_code == 0
    typed(planned(a_user), a_user, a_tw)
    a_user.clock.sleep(3600)
    assert a_user.platform.status("mlflow") == "running"
