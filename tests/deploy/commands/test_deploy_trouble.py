"""What goes wrong with `studioctl deploy`: what is said of it, and with which exit code."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.commands.calling import User
from tests.fakes.authority import certify
from tests.fakes.platform import TOKEN, Errored
from tests.fakes.server import AFTER, Reply
from tests.fakes.sessions import LOGIN, LOGIN_PAGE, MISSING, NOT_READY

OTHER = "127.0.0.1:9/acme/mlflow:2"


def test_a_studio_that_errors_ends_with_6_and_the_reason(a_deployer: User) -> None:
    a_deployer.platform.next_start = Errored("no capacity", stop_reason="SPOT_RECLAMATION")
    done = a_deployer.calls("deploy")
    assert (done.exit_code, done.stdout) == (6, "")
    assert "no capacity" in done.stderr
    assert "spot instance back" in done.stderr


def test_a_studio_that_never_gets_ready_ends_with_7(a_deployer: User) -> None:
    a_deployer.platform.sessions.usual = NOT_READY
    done = a_deployer.calls("deploy")
    assert (done.exit_code, done.stdout) == (7, "")
    assert "unable to open database file" in done.stderr


@pytest.mark.parametrize(
    ("page", "why"),
    [(LOGIN, "login page"), (LOGIN_PAGE, "login page"), (MISSING, "no MLflow Studio")],
)
def test_a_studio_that_cannot_be_asked_is_said_not_to_be_checked(
    a_user: User, page: str, why: str
) -> None:
    a_user.platform.sessions.usual = page
    done = a_user.calls("deploy", "--json")
    assert done.exit_code == 0
    assert why in json.loads(done.stdout)["ready"]
    assert "ready: not checked (" in done.stderr


def test_the_token_never_goes_to_the_studio(a_user: User) -> None:
    assert a_user.calls("deploy").exit_code == 0
    assert a_user.platform.sessions.calls
    for call in a_user.platform.sessions.calls:
        assert TOKEN not in str(call.headers)


def test_a_lost_answer_to_the_create_makes_one_studio(a_deployer: User) -> None:
    a_deployer.platform.fail("POST /api/studios", AFTER)
    done = a_deployer.calls("deploy")
    assert done.exit_code == 0, done.stderr
    assert a_deployer.platform.names() == ["mlflow"]


def test_a_storm_of_429_is_sat_out(a_deployer: User) -> None:
    a_deployer.platform.fail("", Reply.error(429, "Too many requests"), times=6)
    done = a_deployer.calls("deploy")
    assert done.exit_code == 0, done.stderr


def test_a_wait_survives_failures_and_lost_connections(a_user: User) -> None:
    for what in (Reply.page(503), AFTER, Reply.error(500, "oops"), Reply.error(429, "later")):
        a_user.platform.fail("GET /api/studios/a1b2c301", what, times=2, after=1)
    done = a_user.calls("deploy")
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda u: setattr(u.compute_env, "status", "INVALID"), "INVALID"),
        (lambda u: u.platform.add_link("runs", "s3://acme-runs/other", custom=True), "runs"),
        (lambda u: u.platform.links.all.clear(), "runs"),
        (lambda u: u.compute_env.config.pop("allowBuckets"), "read-only"),
        (lambda u: setattr(u.platform.workspaces[0], "roles", ["launch"]), "role"),
    ],
    ids=["compute environment", "ambiguous link", "missing link", "read-only link", "role"],
)
def test_what_cannot_work_is_said_before_anything_is_changed(
    a_deployer: User, wrong: Any, said: str
) -> None:
    wrong(a_deployer)
    done = a_deployer.calls("deploy")
    assert done.exit_code == 3, done.stderr
    assert said in done.stderr
    assert a_deployer.written == []


def test_a_token_that_expires_midway_ends_with_4(a_deployer: User) -> None:
    a_deployer.clock.at(a_deployer.clock.passed + 10, a_deployer.platform.tokens.clear)
    done = a_deployer.calls("deploy")
    assert done.exit_code == 4, done.stderr
    assert "TOWER_ACCESS_TOKEN" in done.stderr


def test_a_limit_ends_with_7_and_says_how_to_go_on(a_user: User) -> None:
    done = a_user.calls("deploy", "--timeout", "10")
    assert done.exit_code == 7
    assert "To go on waiting:\n         studioctl start mlflow -w 71" in done.stderr
    resumed = a_user.calls("start", "mlflow", "-w", "71")
    assert (resumed.exit_code, a_user.written) == (0, [])
    assert a_user.platform.status("mlflow") == "running"


def test_a_company_with_its_own_authority_is_reached(
    a_user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.fakes.clock import FakeClock
    from tests.fakes.platform import Platform

    bundle, chain = certify(tmp_path)
    clock = FakeClock()
    platform = Platform(clock)
    platform.encrypt(chain)
    with platform:
        platform.add_compute_env("aws-eu", platform="aws-cloud", allowBuckets=["s3://acme-runs"])
        platform.add_link("runs", "s3://acme-runs")
        company = User(platform, clock, a_user.folder)
        company.env = {
            # As people copy it from their browser.
            "TOWER_API_ENDPOINT": f"https://127.0.0.1:{platform.port}",
            "REQUESTS_CA_BUNDLE": str(bundle),
        }
        done = company.calls("deploy")
        assert done.exit_code == 0, done.stderr
        assert company.platform.status("mlflow") == "running"


def test_no_secret_is_in_any_output_nor_on_the_disk(a_deployer: User) -> None:
    planted = "hunter2-planted-secret"
    a_deployer.env["DB_PASSWORD"] = planted
    secret = {"PGPASSWORD": {"from_env": "DB_PASSWORD", "visible": True}}
    a_deployer.writes(environment=secret)
    outputs = [a_deployer.calls("deploy", "--json")]
    a_deployer.clock.sleep(3600)
    outputs += [a_deployer.calls("deploy", "--image", OTHER), a_deployer.calls("rollback")]
    a_deployer.platform.fail("PUT /api/studios", Reply.error(400, f"bad {planted} {TOKEN}"))
    a_deployer.clock.sleep(3600)
    outputs.append(a_deployer.calls("deploy", "--image", OTHER))
    assert [done.exit_code for done in outputs] == [0, 0, 0, 6]
    assert a_deployer.platform.studio("mlflow").configuration["environment"]["PGPASSWORD"]
    files = [path for path in a_deployer.folder.parent.rglob("*") if path.is_file()]
    text = "".join(done.output for done in outputs)
    text += "".join(path.read_text(errors="replace") for path in files)
    assert planted not in text
    assert TOKEN not in text


def test_ctrl_c_ends_with_130_and_the_old_studio_serves(a_user: User) -> None:
    a_user.calls("deploy")
    old = a_user.platform.studio("mlflow").id
    a_user.clock.sleep(3600)
    a_user.clock.at(a_user.clock.passed + 30, lambda: signal.raise_signal(signal.SIGINT))
    done = a_user.calls("deploy", "--image", OTHER)
    assert (done.exit_code, done.stdout) == (130, "")
    assert f'"mlflow" ({old}) runs again' in done.stderr
    assert a_user.platform.names() == ["mlflow"]
    assert a_user.platform.studio("mlflow").id == old
