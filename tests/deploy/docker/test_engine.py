"""What an engine answers, and what is said when it does not."""

import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.docker import engine
from deploy.errors import CredentialMissing, ToolMissing
from tests.deploy.docker.fake_engine import DIGEST, FakeEngine

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has a pipe instead of a socket")


def why_not(env: dict[str, str]) -> str:
    with pytest.raises(ToolMissing) as missing, engine.connected(env):
        pass
    assert missing.value.exit_code == 4
    return str(missing.value)


def test_an_engine_tells_what_it_is(an_engine: FakeEngine, env: dict[str, str]) -> None:
    an_engine.architecture = "aarch64"
    an_engine.images["a:1"] = "sha256:1"
    with engine.connected(env) as found:
        assert (found.architecture, found.is_podman) == ("arm64", False)
        assert (found.image_id("a:1"), found.image_id("a:2")) == ("sha256:1", None)
        assert found.remote_digest("a.io/b:1") == DIGEST


def test_podman_is_known_by_its_own_word(an_engine: FakeEngine, env: dict[str, str]) -> None:
    an_engine.name, an_engine.in_registry = "Podman Engine", None
    with engine.connected(env) as found:
        assert found.is_podman
        assert found.remote_digest("a.io/b:1") is None


def test_an_engine_that_fails_later_is_no_bug_of_ours(
    an_engine: FakeEngine, env: dict[str, str]
) -> None:
    an_engine.images_answer = (500, "the disk has gone")
    with pytest.raises(ToolMissing, match="the disk has gone"), engine.connected(env) as found:
        found.image_id("a:1")


@posix
def test_no_engine_is_said_with_its_address(tmp_path: Path) -> None:
    said = why_not({"DOCKER_HOST": f"unix://{tmp_path}/none.sock", "HOME": str(tmp_path)})
    assert f"no Docker engine answers at unix://{tmp_path}/none.sock (DOCKER_HOST)" in said
    assert "No such file or directory" in said
    assert "--wave" in said


def test_an_address_where_nobody_listens_is_said(free_port: int, tmp_path: Path) -> None:
    said = why_not({"DOCKER_HOST": f"tcp://127.0.0.1:{free_port}", "HOME": str(tmp_path)})
    assert f"tcp://127.0.0.1:{free_port}" in said
    assert "refused" in said


@pytest.mark.parametrize("host", ["nonsense://x", "tcp://", "unix://", "http://a b:x"])
def test_an_address_that_is_none_is_said(host: str, tmp_path: Path) -> None:
    assert "no Docker engine answers" in why_not({"DOCKER_HOST": host, "HOME": str(tmp_path)})


def test_certificates_that_are_not_there_are_said(tmp_path: Path) -> None:
    env = {"DOCKER_HOST": "tcp://127.0.0.1:9", "DOCKER_TLS_VERIFY": "1", "HOME": str(tmp_path)}
    assert "certificates cannot be used" in why_not(env)


@pytest.fixture
def a_forbidden_socket() -> Iterator[Path]:
    """A socket that only its owner may use, for somebody else."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        Path(folder).chmod(0o755)
        path = Path(folder) / "docker.sock"
        server.bind(str(path))
        server.listen()
        path.chmod(0)
        as_root = os.geteuid() == 0
        if as_root:
            os.seteuid(65534)
        try:
            yield path
        finally:
            if as_root:
                os.seteuid(0)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems ignore a socket's mode")
def test_a_socket_without_permission_says_what_helps(a_forbidden_socket: Path) -> None:
    home = str(a_forbidden_socket.parent)
    said = why_not({"DOCKER_HOST": f"unix://{a_forbidden_socket}", "HOME": home})
    assert f"you may not use the Docker engine at {a_forbidden_socket}" in said
    assert "usermod -aG docker" in said


def test_a_login_that_cannot_be_read_is_told_without_it(
    env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.json").write_text('{"auths": {"a.io": "geheim"}}')
    known = {**env, "DOCKER_CONFIG": str(tmp_path / "config")}
    with pytest.raises(CredentialMissing) as refused, engine.connected(known):
        pass
    assert "geheim" not in str(refused.value)
