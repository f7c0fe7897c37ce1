"""A secret planted in every place turns up nowhere: no output, no request, no record, no file."""

import base64

import pytest

from tests.deploy.wave.conftest import REPOSITORY, Studioctl
from tests.fakes.platform import TOKEN
from tests.fakes.server import Reply

PLANTED = "hunter2-planted-and-unique"


def everywhere(studioctl: Studioctl, *outputs: str) -> str:
    """All that has left studioctl, except the token on its way to the servers it is meant for."""
    bodies = [call.body.decode() for call in studioctl.wave.calls]
    texts = [
        base64.b64decode(call.json()["containerFile"]).decode()
        for call in studioctl.wave.asked("POST /v1alpha2")
    ]
    addresses = [f"{call} {call.query}" for call in studioctl.wave.calls + studioctl.platform.calls]
    return "\n".join([*outputs, *bodies, *texts, *addresses, studioctl.everything_written()])


@pytest.mark.parametrize("fails_with", [0, 1])
@pytest.mark.parametrize("more", [("--json",), ("--dry-run",), ("--print-request",)])
def test_the_token_is_in_no_output_and_no_file(
    studioctl: Studioctl, fails_with: int, more: tuple[str, ...]
) -> None:
    studioctl.wave.engine.fails_with = fails_with
    studioctl.wave.engine.log = f"+ echo {TOKEN}\n{TOKEN}\n"
    done = studioctl.freeze(*more, "-w", "Acme/ml", "--verbose")
    assert TOKEN not in done.stdout + done.stderr + studioctl.everything_written()


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 502, 503])
def test_a_server_that_repeats_the_token_is_not_quoted(studioctl: Studioctl, status: int) -> None:
    studioctl.wave.fail("POST /v1alpha2", Reply.error(status, f"bad token {TOKEN}"), times=99)
    done = studioctl.freeze()
    assert done.code in (4, 6)
    assert TOKEN not in done.stdout + done.stderr + studioctl.everything_written()


def test_the_token_goes_to_its_servers_alone(studioctl: Studioctl) -> None:
    studioctl.freeze()
    for call in studioctl.wave.calls:
        assert TOKEN not in str(call.headers)
        assert call.method == "POST" or TOKEN.encode() not in call.body
    assert not [call for call in studioctl.platform.calls if TOKEN.encode() in call.body]


@pytest.mark.parametrize("name", ["WAVE_ENDPOINT", "TOWER_API_ENDPOINT"])
def test_a_password_in_an_address_is_refused_and_not_shown(studioctl: Studioctl, name: str) -> None:
    done = studioctl.freeze(**{name: f"https://ada:{PLANTED}@example.com"})
    assert (done.code, done.stdout) == (3, "")
    assert name in done.stderr
    assert PLANTED not in everywhere(studioctl, done.stderr)


@pytest.mark.parametrize("option", ["--repository", "--cache-repository"])
def test_a_password_in_a_repository_is_refused_and_not_shown(
    studioctl: Studioctl, option: str
) -> None:
    done = studioctl.freeze(option, f"ada:{PLANTED}@{REPOSITORY}")
    assert (done.code, done.stdout) == (3, "")
    assert PLANTED not in everywhere(studioctl, done.stderr)


@pytest.mark.parametrize(
    "argument",
    [
        f"PIP_INDEX_URL=https://ada:{PLANTED}@pypi.example.com/simple",
        f"GITHUB_TOKEN={PLANTED}",
        "DB_PASSWORD",
    ],
)
def test_a_secret_build_argument_is_refused_and_not_shown(
    studioctl: Studioctl, argument: str
) -> None:
    name = argument.partition("=")[0]
    (studioctl.context / "Dockerfile").write_text(f"FROM scratch\nARG {name}\nCOPY app.py /\n")
    done = studioctl.build("--build-arg", argument, DB_PASSWORD=PLANTED)
    assert (done.code, done.stdout) == (3, "")
    assert name in done.stderr
    assert PLANTED not in everywhere(studioctl, done.stderr)
    assert studioctl.wave.calls == []


def test_a_token_in_the_dockerfile_is_found(studioctl: Studioctl) -> None:
    (studioctl.context / "Dockerfile").write_text(f"FROM scratch\nENV T={TOKEN}\n")
    done = studioctl.build(TOWER_ACCESS_TOKEN=TOKEN)
    assert (done.code, done.stdout) == (3, "")
    assert TOKEN not in done.stderr
    assert studioctl.wave.calls == []


def test_a_secret_of_the_environment_that_a_log_shows_is_masked(studioctl: Studioctl) -> None:
    studioctl.wave.engine.fails_with = 1
    studioctl.wave.engine.log = f"connecting with {PLANTED}\n"
    done = studioctl.build(PGPASSWORD=PLANTED)
    assert done.code == 5
    assert "connecting with ***" in done.stderr
    assert PLANTED not in done.stderr


def test_a_variable_of_the_profile_goes_nowhere(studioctl: Studioctl) -> None:
    profile = studioctl.folder.parent / f"{studioctl.folder.name}.yaml"
    profile.write_text(
        "name: mlflow\n"
        "workspace: Acme/ml\n"
        "compute-env: aws\n"
        "environment:\n"
        "  DB_PASSWORD: {from_env: DB_PASSWORD, visible: true}\n"
    )
    done = studioctl.freeze("-f", str(profile), DB_PASSWORD=PLANTED)
    assert done.code == 0, done.stderr
    assert PLANTED not in everywhere(studioctl, done.stdout, done.stderr)


def test_a_bug_of_ours_shows_no_token(
    studioctl: Studioctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.wave.answered.submitted", lambda *_: 1 / 0)
    done = studioctl.freeze()
    assert done.code == 70
    assert "ZeroDivisionError" in done.stderr
    assert TOKEN not in done.stdout + done.stderr
