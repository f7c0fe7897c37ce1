"""What the shell is offered: names of Studios and stages, quickly or not at all."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

import pytest
from click.testing import Result
from typer.testing import CliRunner

from deploy.cli import app
from deploy.studios import completion
from deploy.web import Patience
from tests.deploy.calling import ROOT
from tests.deploy.commands.calling import User
from tests.fakes.platform import TOKEN


@pytest.fixture
def env(a_user: User) -> dict[str, str]:
    """The environment of somebody who types, beside two Studios."""
    for name in ("mlflow", "mlflow-dev", "other"):
        a_user.platform.add_studio(name)
    a_user.platform.calls.clear()
    return {
        "TOWER_ACCESS_TOKEN": TOKEN,
        "TOWER_API_ENDPOINT": a_user.platform.endpoint,
        "XDG_CACHE_HOME": str(a_user.folder.parent / "cache"),
    }


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let names come however late: what is looked at is which."""
    monkeypatch.setattr(completion, "BUDGET_S", 20)
    monkeypatch.setattr(completion, "HASTE", Patience())


@pytest.fixture
def a_silent_server() -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api"


def asked(words: str) -> dict[str, str]:
    """What bash says when it wants the last word completed."""
    return {
        "_STUDIOCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }


def completed(words: str, env: Mapping[str, str] = {}) -> Result:
    """Complete the last word, in this process and in the user's folder."""
    return CliRunner().invoke(app, [], prog_name="studioctl", env={**asked(words), **env})


def test_the_shell_is_offered_the_names_of_studios(env: dict[str, str], a_user: User) -> None:
    patient = "from deploy.studios import completion as c; c.BUDGET_S, c.HASTE = 20, c.Patience()"
    done = subprocess.run(
        [sys.executable, "-c", f"{patient}; from deploy.cli import main; main()"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **asked("studioctl stop mlf")}
        | env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.stdout.split(), done.stderr) == (["mlflow", "mlflow-dev"], "")
    assert a_user.written == []


def test_the_shell_is_offered_the_stages_of_the_profile(a_user: User) -> None:
    a_user.writes(stages={"dev": {"name": "x"}, "prod": {}})
    done = completed("studioctl plan --stage ")
    assert (done.stdout.split(), done.stderr) == (["dev", "prod"], "")


@pytest.mark.usefixtures("unhurried")
def test_names_are_asked_for_once_a_minute(env: dict[str, str], a_user: User) -> None:
    profile = a_user.folder / "studio.yaml"
    assert completion.studios(None, profile, env) == ["mlflow", "mlflow-dev", "other"]
    a_user.platform.add_studio("new")
    a_user.platform.calls.clear()
    assert "new" not in completion.studios(None, profile, env)
    assert a_user.platform.calls == []
    later = time.time() + 61
    assert "new" in completion.studios(None, profile, env, lambda: later)


@pytest.mark.usefixtures("unhurried")
def test_each_workspace_and_token_has_names_of_its_own(env: dict[str, str], a_user: User) -> None:
    a_user.platform.add_studio("elsewhere", workspace=72)
    profile = a_user.folder / "studio.yaml"
    assert "mlflow" in completion.studios(None, profile, env)
    assert completion.studios("Acme/bio", profile, env) == ["elsewhere"]
    assert completion.studios(None, profile, {**env, "TOWER_ACCESS_TOKEN": "another"}) == []


@pytest.mark.usefixtures("unhurried")
def test_no_secret_is_kept_with_the_names(env: dict[str, str], a_user: User) -> None:
    completion.studios(None, a_user.folder / "studio.yaml", env)
    (kept,) = (a_user.folder.parent / "cache").rglob("*.json")
    assert TOKEN not in str(kept) + kept.read_text()


def test_a_server_that_says_nothing_is_not_waited_for(
    env: dict[str, str], a_silent_server: str, a_user: User
) -> None:
    begun = time.monotonic()
    silent = {**env, "TOWER_API_ENDPOINT": a_silent_server}
    assert completion.studios("71", a_user.folder / "studio.yaml", silent) == []
    assert time.monotonic() - begun < 2.5


def test_a_server_that_takes_its_time_is_not_waited_for(env: dict[str, str], a_user: User) -> None:
    for call in ("GET /api/user-info", "GET /api/user/7/workspaces"):
        a_user.platform.fail(call, lambda: a_user.platform.closing.wait(20))
    begun = time.monotonic()
    assert completion.studios(None, a_user.folder / "studio.yaml", env) == []
    assert time.monotonic() - begun < 2.5


@pytest.mark.parametrize(
    "text", ["name: [", "a: &a [*a]", "stages: 7", "", "workspace: {}", "\0", "- a"]
)
def test_whatever_the_profile_is_there_is_no_error(text: str, a_user: User) -> None:
    (a_user.folder / "studio.yaml").write_text(text)
    for words in ("studioctl plan --stage ", "studioctl stop m"):
        done = completed(words, {"TOWER_ACCESS_TOKEN": ""})
        assert (done.exit_code, done.stdout.strip(), done.stderr) == (0, "", "")


@pytest.mark.usefixtures("unhurried")
def test_a_cache_that_is_no_cache_is_passed_over(env: dict[str, str], a_user: User) -> None:
    profile = a_user.folder / "studio.yaml"
    completion.studios(None, profile, env)
    (kept,) = (a_user.folder.parent / "cache").rglob("*.json")
    for text in ("", "[]", '{"at": "x", "names": 1}', "{"):
        kept.write_text(text)
        assert "mlflow" in completion.studios(None, profile, env)
