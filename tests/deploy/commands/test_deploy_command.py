"""`studioctl deploy` from the command line to the exit code, by both ways to the Platform."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.commands.calling import IMAGE, User
from tests.fakes.authority import certify
from tests.fakes.platform import TOKEN, Errored
from tests.fakes.server import AFTER, Reply
from tests.fakes.sessions import LOGIN, LOGIN_PAGE, MISSING, NOT_READY
from tests.fakes.tw.installed import install

OTHER = "127.0.0.1:9/acme/mlflow:2"


@pytest.fixture(params=["api", "tw"])
def a_deployer(a_user: User, tmp_path: Path, request: pytest.FixtureRequest) -> User:
    """A user who deploys by one way or by the other."""
    if request.param == "tw":
        a_user.env["PATH"] = os.pathsep.join((str(install(tmp_path / "bin").folder), os.defpath))
    return a_user


def url(user: User, name: str = "mlflow") -> str:
    return f"{user.platform.studio(name).url}\n"


def test_a_first_deploy_prints_the_sessions_address_and_nothing_else(a_deployer: User) -> None:
    done = a_deployer.calls("deploy")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == url(a_deployer)
    assert "ready: ready" in done.stderr
    by_tw = "PATH" in a_deployer.env
    assert f"  by: {'tw' if by_tw else 'api'} (" in done.stderr


def test_a_second_deploy_writes_nothing_and_prints_the_same(a_deployer: User) -> None:
    first = a_deployer.calls("deploy")
    again = a_deployer.calls("deploy")
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert a_deployer.written == []


MUTABLE: list[tuple[dict[str, Any], str]] = [
    ({"description": "Runs of all"}, "description"),
    ({"resources": {"cpu": 4}}, "resources.cpu"),
    ({"resources": {"memory": "16 GiB"}}, "resources.memory"),
    ({"resources": {"gpu": 1}}, "resources.gpu"),
    ({"session": {"lifespan": "unlimited", "ssh": True}}, "session.ssh"),
    ({"session": {"lifespan": "unlimited", "spot": True}}, "session.spot"),
    ({"environment": {"STUDIO_WORKERS": "1"}}, "environment.STUDIO_WORKERS"),
    ({"labels": {"team": "research"}}, "labels.team"),
    ({"data-links": [{"name": "runs", "writable": True}, {"name": "more"}]}, "data-links"),
    ({"session": {"lifespan": "24h"}}, "session.lifespan"),
]


@pytest.mark.parametrize(("said", "field"), MUTABLE, ids=[field for _, field in MUTABLE])
def test_what_can_be_changed_is_changed_in_the_same_studio(
    a_user: User, said: dict[str, Any], field: str
) -> None:
    changed(a_user, said, [field])


def test_all_that_can_be_changed_is_changed_at_once(a_deployer: User) -> None:
    everything: dict[str, Any] = {}
    for said, _ in MUTABLE:
        for key, value in said.items():
            both = isinstance(value, dict) and isinstance(everything.get(key), dict)
            everything[key] = {**everything[key], **value} if both else value
    changed(a_deployer, everything, [field for _, field in MUTABLE])


def changed(user: User, said: dict[str, Any], fields: list[str]) -> None:
    _env(user.platform).config["gpuEnabled"] = True
    user.platform.add_link("more", "s3://acme-more")
    user.calls("deploy")
    before = user.platform.studio("mlflow").id
    user.clock.sleep(3600)
    user.writes(**said)
    done = user.calls("deploy")
    assert done.exit_code == 0, done.stderr
    assert [field for field in fields if f"    {field}: " not in done.stderr] == []
    assert user.platform.studio("mlflow").id == before
    assert user.platform.status("mlflow") == "running"
    assert user.calls("plan", "--detailed-exitcode").exit_code == 0


def test_another_image_replaces_the_studio(a_deployer: User) -> None:
    a_deployer.calls("deploy")
    old = a_deployer.platform.studio("mlflow").id
    a_deployer.clock.sleep(3600)
    done = a_deployer.calls("deploy", "--image", OTHER, "--json")
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    new = a_deployer.platform.studio("mlflow")
    assert said["studio"] == {"id": new.id, "name": "mlflow", "status": "running"}
    assert (said["action"], said["image"], said["ready"]) == ("replace", OTHER, "ready")
    assert said["url"] == new.url
    assert any(old in action for action in said["actions"])
    assert len(a_deployer.platform.names()) == 2


def test_the_old_studio_is_deleted_where_that_is_wished(a_deployer: User) -> None:
    a_deployer.calls("deploy")
    a_deployer.clock.sleep(3600)
    done = a_deployer.calls("deploy", "--image", OTHER, "--delete-previous")
    assert done.exit_code == 0, done.stderr
    assert a_deployer.platform.names() == ["mlflow"]


def test_rollback_swaps_the_two_and_back_again(a_deployer: User) -> None:
    a_deployer.calls("deploy")
    a_deployer.clock.sleep(3600)
    a_deployer.calls("deploy", "--image", OTHER)
    for image in (IMAGE, OTHER):
        a_deployer.clock.sleep(3600)
        done = a_deployer.calls("rollback")
        assert done.exit_code == 0, done.stderr
        assert done.stdout == url(a_deployer)
        assert a_deployer.platform.studio("mlflow").image == image
        assert a_deployer.platform.status("mlflow") == "running"
        assert len(a_deployer.platform.names()) == 2


def test_a_rollback_without_a_kept_studio_changes_nothing(a_user: User) -> None:
    a_user.made()
    done = a_user.calls("rollback")
    assert (done.exit_code, a_user.written) == (1, [])
    assert "nothing to go back to" in done.stderr


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
    assert f"ready: not checked ({why})" in done.stderr or why in done.stderr
    assert json.loads(done.stdout)["ready"].startswith("not checked (")


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
        (lambda p: setattr(_env(p), "status", "INVALID"), "INVALID"),
        (lambda p: p.add_link("runs", "s3://acme-runs/other", custom=True), "runs"),
        (lambda p: p.links.all.clear(), "runs"),
        (lambda p: _env(p).config.pop("allowBuckets"), "read-only"),
        (lambda p: setattr(p.workspaces[0], "roles", ["launch"]), "role"),
    ],
    ids=["compute environment", "ambiguous link", "missing link", "read-only link", "role"],
)
def test_what_cannot_work_is_said_before_anything_is_changed(
    a_deployer: User, wrong: Any, said: str
) -> None:
    wrong(a_deployer.platform)
    done = a_deployer.calls("deploy")
    assert done.exit_code == 3, done.stderr
    assert said in done.stderr
    assert a_deployer.written == []


def _env(platform: Any) -> Any:
    (only,) = platform.environments.all.values()
    return only


def test_a_studio_on_the_third_page_is_found(a_deployer: User) -> None:
    a_deployer.calls("deploy")
    for number in range(230):
        a_deployer.platform.add_studio(f"other-{number}", status="stopped")
    done = a_deployer.calls("deploy")
    assert done.exit_code == 0, done.stderr
    assert a_deployer.written == []


def test_a_token_that_expires_midway_ends_with_4(a_deployer: User) -> None:
    a_deployer.clock.at(a_deployer.clock.passed + 10, a_deployer.platform.tokens.clear)
    done = a_deployer.calls("deploy")
    assert done.exit_code == 4, done.stderr
    assert "TOWER_ACCESS_TOKEN" in done.stderr


def test_a_dry_run_never_writes(a_deployer: User) -> None:
    assert a_deployer.calls("deploy", "--dry-run").exit_code == 0
    assert a_deployer.written == []
    a_deployer.calls("deploy")
    for words in (
        ("--image", OTHER),
        ("--json",),
        ("--detailed-exitcode",),
        ("--delete-previous",),
    ):
        assert a_deployer.calls("deploy", "--dry-run", *words).exit_code in (0, 10)
        assert a_deployer.written == []


def test_a_replacement_that_loses_runs_has_to_be_accepted(a_deployer: User) -> None:
    a_deployer.writes(**{"data-links": None})
    a_deployer.calls("deploy")
    a_deployer.clock.sleep(3600)
    refused = a_deployer.calls("deploy", "--image", OTHER)
    assert (refused.exit_code, a_deployer.written) == (1, [])
    assert "LOSES all runs" in refused.stderr
    assert "--accept-data-loss" in refused.stderr
    done = a_deployer.calls("deploy", "--image", OTHER, "--accept-data-loss")
    assert done.exit_code == 0, done.stderr


def test_on_a_terminal_a_replacement_is_asked_for(a_user: User) -> None:
    a_user.calls("deploy")
    a_user.clock.sleep(3600)
    a_user.is_terminal = True
    assert a_user.calls("deploy", "--image", OTHER, typed="n\n").exit_code == 1
    assert a_user.written == []
    assert a_user.calls("deploy", "--image", OTHER, typed="y\n").exit_code == 0
    assert a_user.calls("rollback", "--yes").exit_code == 0


def test_without_waiting_it_is_said_that_nobody_has_looked(a_user: User) -> None:
    done = a_user.calls("deploy", "--no-wait")
    assert done.exit_code == 0
    assert "ready: not checked (it was not waited for)" in done.stderr
    assert a_user.platform.status("mlflow") == "starting"


def test_a_limit_ends_with_7_and_says_how_to_go_on(a_user: User) -> None:
    done = a_user.calls("deploy", "--timeout", "10")
    assert done.exit_code == 7
    assert "studioctl status mlflow" in done.stderr


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
