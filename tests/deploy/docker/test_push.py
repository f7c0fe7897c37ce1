"""A push: its progress, its digest, and each way in which it fails."""

import io
import os
from pathlib import Path
from typing import Any

import pytest

from deploy.docker import engine
from deploy.docker.progress import Screen
from deploy.docker.push import push
from deploy.errors import CredentialMissing, PushFailed
from tests.deploy.docker.fake_engine import DIGEST, PUSHED, FakeEngine


def pushed(env: dict[str, str], repository: str = "a.io/b") -> tuple[str, str]:
    out = io.StringIO()
    with engine.connected(env) as found:
        return push(found, repository, "t", Screen(out, steady=lambda: 0)), out.getvalue()


def test_the_digest_is_the_registrys_and_every_layer_is_told(
    an_engine: FakeEngine, env: dict[str, str]
) -> None:
    digest, shown = pushed(env)
    assert digest == DIGEST
    assert [line.split("  ")[-1] for line in shown.splitlines()] == [
        "layer bbbbbbbbbbbb: layer already exists",
        "layer aaaaaaaaaaaa: pushed",
    ]
    assert an_engine.calls[-2:] == [
        "POST /images/a.io/b/push",
        "GET /distribution/a.io/b:t/json",
    ]


def test_on_a_terminal_the_layers_are_counted(env: dict[str, str]) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    with engine.connected(env) as found:
        push(found, "a.io/b", "t", Screen(out, steady=lambda: 0))
    assert "pushing: 0 of 1 layers, 50 % of the rest" in out.getvalue()
    assert out.getvalue().endswith("\r\x1b[K")


def test_another_image_under_the_name_is_a_failure(
    an_engine: FakeEngine, env: dict[str, str]
) -> None:
    an_engine.in_registry = "sha256:" + "e" * 64
    with pytest.raises(PushFailed, match="Somebody else has pushed"):
        pushed(env)


def test_podman_names_the_digest_itself(an_engine: FakeEngine, env: dict[str, str]) -> None:
    an_engine.name, an_engine.in_registry = "Podman Engine", None
    assert pushed(env)[0] == DIGEST
    an_engine.pushing = PUSHED[:-1]
    with pytest.raises(PushFailed, match="no digest"):
        pushed(env)


def failing(said: str) -> list[dict[str, Any]]:
    return [*PUSHED[:2], {"errorDetail": {"message": said}, "error": said}]


@pytest.mark.parametrize(
    "said",
    [
        "unauthorized: authentication required",
        "denied: requested access to the resource is denied",
        "no basic auth credentials",
        "unexpected status from POST request to https://a.io/v2/b/blobs/uploads/: 403 Forbidden",
        "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized",
    ],
)
def test_a_refused_login_names_the_command_for_another(
    said: str, an_engine: FakeEngine, env: dict[str, str]
) -> None:
    an_engine.pushing = failing(said)
    with pytest.raises(CredentialMissing, match=r"docker login a\.io$") as refused:
        pushed(env)
    assert said in str(refused.value)
    assert refused.value.exit_code == 4
    with pytest.raises(CredentialMissing, match=r"docker\.io refused .*(?s:.)*docker login$"):
        pushed(env, "team/b")


def test_other_failures_are_told_in_the_registrys_words(
    an_engine: FakeEngine, env: dict[str, str]
) -> None:
    an_engine.pushing = failing("received unexpected HTTP status: 500 Internal Server Error")
    with pytest.raises(PushFailed, match="500 Internal Server Error") as failed:
        pushed(env)
    assert failed.value.exit_code == 5
    an_engine.pushing = failing("blob upload: no space left on device")
    with pytest.raises(PushFailed, match="disk of the registry"):
        pushed(env)


@pytest.fixture
def a_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A credential helper, as Docker Desktop and the clouds have one, for a.io."""
    if os.name == "nt":
        pytest.skip("the helper is a shell script")
    (tmp_path / "config.json").write_text('{"credHelpers": {"a.io": "testing"}}')
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return tmp_path / "docker-credential-testing"


def test_a_credential_helper_is_asked_for_the_login(
    a_helper: Path, an_engine: FakeEngine, env: dict[str, str]
) -> None:
    login = '{"ServerURL": "a.io", "Username": "me", "Secret": "geheim"}'
    a_helper.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{login}'\n")
    a_helper.chmod(0o755)
    _, shown = pushed({**env, "DOCKER_CONFIG": str(a_helper.parent)})
    assert an_engine.login
    assert (an_engine.login["Username"], an_engine.login["Password"]) == ("me", "geheim")
    assert "geheim" not in shown


def test_a_credential_helper_that_is_not_there_is_named(
    a_helper: Path, an_engine: FakeEngine, env: dict[str, str]
) -> None:
    with pytest.raises(CredentialMissing, match="docker-credential-testing"):
        pushed({**env, "DOCKER_CONFIG": str(a_helper.parent)})
    assert not any(call.startswith("POST") for call in an_engine.calls)
