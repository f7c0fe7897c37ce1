"""One profile by both ways, from the command line to the Studio; and what tw is not told."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.commands.calling import User
from tests.fakes.platform import TOKEN
from tests.fakes.tw.installed import Installed, install

PLANTED = "planted-secret-51c4e0"
EVERYTHING: dict[str, Any] = {
    "name": "Team A: MLflow",
    "description": "Runs of everybody: 'quoted', $HOME,\n=second line=",
    "resources": {"cpu": 4, "memory": "16 GiB", "gpu": 1},
    "session": {
        "lifespan": "unlimited",
        "private": True,
        "spot": False,
        "ssh": True,
        "auto-start": False,
    },
    "environment": {"MLFLOW_SERVER_WORKERS": "1", "TAGS": "a=b,c=d"},
    "labels": {"team": "research", "cost": "low"},
}
SECRET: dict[str, Any] = {
    "environment": {"PGPASSWORD": {"from_env": "MY_PASSWORD", "visible": True}}
}


@pytest.fixture
def a_tw(a_user: User, tmp_path: Path) -> Installed:
    """A tw on the user's PATH."""
    found = install(tmp_path / "bin")
    a_user.env["PATH"] = os.pathsep.join((str(found.folder), os.defpath))
    a_user.env["MY_PASSWORD"] = PLANTED
    a_user.compute_env.config["gpuEnabled"] = True
    return found


def created(user: User, via: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Deploy to an empty workspace; give what the create sent, without nulls."""
    user.platform.studios.clear()
    done = user.calls("deploy", "--via", via)
    assert done.exit_code == 0, done.stderr
    (call,) = user.platform.asked("POST /api/studios")
    body = call.json()
    configuration = body["configuration"]
    links = configuration.pop("mountDataV2", None) or []
    configuration["mountData"] = configuration.get("mountData") or [e["dataLinkId"] for e in links]
    body["labelIds"].sort()
    body["configuration"] = {k: v for k, v in configuration.items() if v is not None}
    return {k: v for k, v in body.items() if v is not None}, dict(call.query)


def test_a_whole_profile_makes_the_same_studio_by_both_ways(a_user: User, a_tw: Installed) -> None:
    a_user.writes(**EVERYTHING)
    by_tw = created(a_user, "tw")
    assert len(a_tw.commands) == 1
    assert by_tw == created(a_user, "api")
    assert len(a_tw.commands) == 1
    body, query = by_tw
    assert body["configuration"]["environment"] == EVERYTHING["environment"]
    assert (body["spot"], query["autoStart"]) == (False, "false")


def test_a_secret_goes_by_the_api_and_never_to_tw(a_user: User, a_tw: Installed) -> None:
    a_user.writes(**SECRET)
    done = a_user.calls("deploy")
    assert done.exit_code == 0, done.stderr
    assert "environment.PGPASSWORD: it is a secret" in done.stderr
    assert a_user.platform.studio("mlflow").environment == {"PGPASSWORD": PLANTED}
    assert a_tw.commands == []
    refused = a_user.calls("plan", "--via", "tw")
    assert PLANTED not in done.output + refused.output


def test_tw_by_name_is_refused_a_secret_unless_the_user_insists(
    a_user: User, a_tw: Installed
) -> None:
    a_user.writes(**SECRET)
    done = a_user.calls("deploy", "--via", "tw")
    assert done.exit_code == 4
    assert "environment.PGPASSWORD: it is a secret" in done.stderr
    assert a_user.written == []
    insisted = a_user.calls("deploy", "--via", "tw", "--secret-arguments", "--verbose")
    assert insisted.exit_code == 0, insisted.stderr
    assert f"--env=PGPASSWORD={PLANTED}" in a_tw.commands[0]
    assert '--env=PGPASSWORD="$MY_PASSWORD"' in insisted.stderr
    assert "'--env=PGPASSWORD=***'" in insisted.stderr
    assert PLANTED not in done.output + insisted.output


def test_the_token_is_in_no_argument(a_user: User, a_tw: Installed) -> None:
    assert a_user.calls("deploy", "--via", "tw").exit_code == 0
    assert TOKEN not in json.dumps(a_tw.starts)
