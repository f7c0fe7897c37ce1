"""An image seen through its registry, over a real socket."""

import base64
import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.registry import Inspected, Unknown, inspect
from deploy.web import Patience
from tests.fakes.clock import FakeClock
from tests.fakes.registry import (
    IDENTITY,
    PASSWORD,
    TOKEN,
    USER,
    Image,
    Registry,
)
from tests.fakes.server import BEFORE, Reply

BOTH = ("linux/amd64", "linux/arm64/v8")


@pytest.fixture
def a_registry() -> Iterator[Registry]:
    with Registry(FakeClock()) as registry:
        yield registry


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The environment of a user whose Docker configuration is empty."""
    return {"DOCKER_CONFIG": str(tmp_path), "PATH": str(tmp_path)}


def log_in(env: dict[str, str], registry: Registry, password: str = PASSWORD) -> None:
    pair = base64.b64encode(f"{USER}:{password}".encode()).decode()
    write(env, {"auths": {registry.host: {"auth": pair}}})


def write(env: dict[str, str], config: Any) -> None:
    Path(env["DOCKER_CONFIG"], "config.json").write_text(json.dumps(config))


def seen(
    registry: Registry, env: dict[str, str], name: str = "acme/mlflow:1", **more: Any
) -> Inspected | Unknown:
    patience = Patience(connect_s=10, read_s=10)
    return inspect(
        f"{registry.host}/{name}", env, clock=registry.clock.clock, patience=patience, **more
    )


def known(found: Inspected | Unknown) -> Inspected:
    assert isinstance(found, Inspected), found
    return found


def unknown(found: Inspected | Unknown) -> Unknown:
    assert isinstance(found, Unknown), found
    return found


def test_all_that_a_registry_knows_of_an_image_is_read(
    a_registry: Registry, env: dict[str, str]
) -> None:
    digest = a_registry.push("acme/mlflow:1", Image(user="app"))
    found = known(seen(a_registry, env))
    assert found == Inspected(
        f"{a_registry.host}/acme/mlflow:1",
        digest,
        ("linux/amd64",),
        {"io.seqera.connect.version": "0.12"},
        "app",
    )
    assert len(a_registry.calls) == 2


def test_of_several_platforms_the_wanted_one_is_described(
    a_registry: Registry, env: dict[str, str]
) -> None:
    digest = a_registry.push("acme/mlflow:1", Image(BOTH, attested=True))
    found = known(seen(a_registry, env))
    assert (found.digest, found.platforms) == (digest, BOTH)
    assert found.labels
    assert known(seen(a_registry, env, platform="linux/arm64")).labels


def test_an_image_for_other_machines_is_described_by_its_platforms_alone(
    a_registry: Registry, env: dict[str, str]
) -> None:
    a_registry.push("acme/mlflow:1", Image(("linux/arm64", "linux/s390x")))
    found = known(seen(a_registry, env))
    assert (found.platforms, found.labels) == (("linux/arm64", "linux/s390x"), {})


def test_an_image_without_labels_has_none(a_registry: Registry, env: dict[str, str]) -> None:
    a_registry.push("acme/mlflow:1", Image(labels={}))
    assert known(seen(a_registry, env)).labels == {}


def test_an_image_is_found_by_its_digest_which_has_to_be_right(
    a_registry: Registry, env: dict[str, str]
) -> None:
    digest = a_registry.push("acme/mlflow:1")
    assert known(seen(a_registry, env, f"acme/mlflow@{digest}")).digest == digest
    assert known(seen(a_registry, env, f"acme/mlflow:other@{digest}")).digest == digest
    other = a_registry.push("acme/mlflow:2", Image(user="app"))
    a_registry.manifests[f"acme/mlflow/{digest}"] = a_registry.manifests[f"acme/mlflow/{other}"]
    found = unknown(seen(a_registry, env, f"acme/mlflow@{digest}"))
    assert found.reason == "not understood"


def test_everybody_gets_a_token_for_a_public_image(
    a_registry: Registry, env: dict[str, str]
) -> None:
    a_registry.login = "bearer"
    a_registry.push("acme/mlflow:1")
    log_in(env, a_registry)
    assert known(seen(a_registry, env)).public
    (asked,) = a_registry.asked("GET /token")
    assert asked.query == {"service": a_registry.host, "scope": "repository:acme/mlflow:pull"}
    assert "Authorization" not in asked.headers


@pytest.mark.parametrize("login", ["bearer", "basic"])
def test_a_private_image_is_seen_with_the_users_own_login(
    a_registry: Registry, env: dict[str, str], login: str
) -> None:
    a_registry.login, a_registry.is_public = login, False
    a_registry.push("acme/mlflow:1")
    log_in(env, a_registry)
    assert not known(seen(a_registry, env)).public


def test_a_login_may_be_a_token_to_get_others_with(
    a_registry: Registry, env: dict[str, str]
) -> None:
    a_registry.login, a_registry.is_public = "bearer", False
    a_registry.push("acme/mlflow:1")
    write(env, {"auths": {a_registry.host: {"identitytoken": IDENTITY}}})
    assert not known(seen(a_registry, env)).public


@pytest.mark.skipif(sys.platform == "win32", reason="the helper is a shell script")
def test_a_login_may_be_kept_by_a_helper(a_registry: Registry, env: dict[str, str]) -> None:
    a_registry.login, a_registry.is_public = "bearer", False
    a_registry.push("acme/mlflow:1")
    helper = Path(env["DOCKER_CONFIG"], "docker-credential-planted")
    answer = json.dumps({"ServerURL": a_registry.host, "Username": USER, "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\necho '{answer}'\n")
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    write(env, {"credHelpers": {a_registry.host: "planted"}})
    with pytest.MonkeyPatch.context() as patch:
        # Docker's SDK looks for the helper on the PATH of its own process.
        patch.setenv("PATH", env["PATH"], prepend=":")
        assert not known(seen(a_registry, env)).public


def test_a_helper_that_is_not_there_is_said(a_registry: Registry, env: dict[str, str]) -> None:
    a_registry.login, a_registry.is_public = "bearer", False
    write(env, {"credHelpers": {a_registry.host: "missing"}})
    found = unknown(seen(a_registry, env))
    assert found.reason == "no access"
    assert "Docker configuration" in found.text


@pytest.mark.parametrize("login", [None, "bearer"])
def test_an_image_that_is_not_there_is_said(
    a_registry: Registry, env: dict[str, str], login: str | None
) -> None:
    a_registry.login = login
    assert unknown(seen(a_registry, env)) == Unknown(
        f"{a_registry.host}/acme/mlflow:1", "no such image", "manifest unknown"
    )


@pytest.mark.parametrize("password", [None, "wrong-password-planted"])
def test_an_image_that_may_not_be_seen_is_said(
    a_registry: Registry, env: dict[str, str], password: str | None
) -> None:
    a_registry.login, a_registry.is_public = "bearer", False
    a_registry.push("acme/mlflow:1")
    if password:
        log_in(env, a_registry, password)
    found = unknown(seen(a_registry, env))
    assert found.reason == "no access"
    assert "planted" not in found.text


def test_a_registry_that_repeats_a_login_does_not_show_it(
    a_registry: Registry, env: dict[str, str]
) -> None:
    a_registry.login, a_registry.is_public = "basic", False
    log_in(env, a_registry, "wrong-password-planted")
    pair = base64.b64encode(f"{USER}:wrong-password-planted".encode()).decode()
    for echo in ("wrong-password-planted", pair, f"Basic {pair}"):
        for status in (401, 404, 418, 500):
            # After it was asked as nobody, and asked for the login.
            words = Reply.error(status, f"{echo} is not known")
            a_registry.fail("GET /v2/", words, times=9, after=2)
            found = unknown(seen(a_registry, env))
            a_registry.faults.clear()
            assert "is not known" in found.text
            assert echo not in found.text


@pytest.mark.parametrize("what", [Reply(503), Reply(429), Reply(500), BEFORE], ids=str)
def test_a_registry_that_is_away_is_not_waited_for_long(
    a_registry: Registry, env: dict[str, str], what: Reply | str
) -> None:
    a_registry.push("acme/mlflow:1")
    a_registry.fail("GET /v2/", what, times=99)
    assert unknown(seen(a_registry, env)).reason == "unreachable"
    assert a_registry.clock.passed < 60
    a_registry.faults.clear()
    a_registry.fail("GET /v2/", what, times=1)
    assert known(seen(a_registry, env))


@pytest.mark.parametrize(
    "reply",
    [
        Reply.page(200, b"<!DOCTYPE html><title>Sign in</title>"),
        Reply(200, b"[]"),
        Reply(200, b'{"schemaVersion": 1, "signatures": []}'),
        Reply(302, headers={"Location": "http://evil.example.com/"}),
        Reply(418),
    ],
    ids=["a page", "a list", "an old manifest", "somewhere unsafe", "a teapot"],
)
def test_an_odd_answer_is_not_understood(
    a_registry: Registry, env: dict[str, str], reply: Reply
) -> None:
    a_registry.fail("GET /v2/", reply, times=99)
    assert unknown(seen(a_registry, env)).reason == "not understood"


def test_a_name_that_no_server_can_have_is_said(env: dict[str, str]) -> None:
    assert unknown(inspect("registry..example.com/x:1", env)).reason == "unreachable"


def test_nobody_there_is_said(env: dict[str, str], free_port: int) -> None:
    found = inspect(f"127.0.0.1:{free_port}/acme/mlflow:1", env, clock=FakeClock().clock)
    assert unknown(found).reason == "unreachable"


def test_a_token_is_asked_for_only_in_a_safe_place(
    a_registry: Registry, env: dict[str, str]
) -> None:
    log_in(env, a_registry)
    asks = {"WWW-Authenticate": 'Bearer realm="http://evil.example.com/token",service="x"'}
    a_registry.fail("GET /v2/", Reply(401, headers=asks), times=99)
    assert unknown(seen(a_registry, env)).reason == "not understood"


def test_no_secret_goes_where_it_does_not_belong(
    a_registry: Registry, env: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    a_registry.login, a_registry.is_public = "bearer", False
    a_registry.push("acme/mlflow:1")
    log_in(env, a_registry)
    a_registry.files.fail("GET", Reply(503), times=2)
    first = seen(a_registry, env)
    a_registry.files.content.clear()
    shown = repr((first, seen(a_registry, env))) + "".join(capfd.readouterr())
    assert known(first)
    for secret in (PASSWORD, TOKEN, "planted-signature"):
        assert secret not in shown
    assert all("Authorization" not in call.headers for call in a_registry.files.calls)
    passwords = [c for c in a_registry.calls if c.headers.get("Authorization", "")[:5] == "Basic"]
    assert {call.path for call in passwords} == {"/token"}
