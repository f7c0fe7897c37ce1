"""The engine is where the docker command itself would look for it."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from deploy.docker import endpoint
from deploy.errors import InvalidSetting

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has one pipe instead of sockets")


def a_docker_context(folder: Path, name: str, host: str, *, tls: bool = False) -> None:
    known_as = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / known_as
    meta.mkdir(parents=True)
    docker = {"Host": host, "SkipTLSVerify": False}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": docker}}))
    if tls:
        (folder / "contexts" / "tls" / known_as / "docker").mkdir(parents=True)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A Docker configuration with two contexts, one of them chosen."""
    a_docker_context(tmp_path, "work", "tcp://work:2376", tls=True)
    a_docker_context(tmp_path, "colima", "unix:///home/me/colima.sock")
    (tmp_path / "config.json").write_text('{"currentContext": "colima"}')
    return tmp_path


def test_docker_host_comes_first(config: Path) -> None:
    env = {"DOCKER_HOST": "tcp://other:1", "DOCKER_CONTEXT": "work", "DOCKER_CONFIG": str(config)}
    found = endpoint.find(env)
    assert (found.address, found.source) == ("tcp://other:1", "DOCKER_HOST")
    assert found.certificates is None


def test_docker_host_with_tls_has_its_certificates_where_docker_has_them(config: Path) -> None:
    env = {"DOCKER_HOST": "tcp://other:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CONFIG": str(config)}
    assert endpoint.find(env).certificates == config
    assert endpoint.find({**env, "DOCKER_CERT_PATH": "/c"}).certificates == Path("/c")


def test_the_named_context_comes_before_the_chosen_one(config: Path) -> None:
    env = {"DOCKER_CONFIG": str(config)}
    assert endpoint.find(env).socket == "/home/me/colima.sock"
    named = endpoint.find({**env, "DOCKER_CONTEXT": "work"})
    assert named.address == "tcp://work:2376"
    assert named.certificates is not None
    assert named.certificates.is_dir()
    assert named.verify


def test_a_context_that_is_not_there_is_named(config: Path) -> None:
    with pytest.raises(InvalidSetting, match="DOCKER_CONTEXT, gone"):
        endpoint.find({"DOCKER_CONFIG": str(config), "DOCKER_CONTEXT": "gone"})


def test_a_configuration_that_is_no_json_is_named(config: Path) -> None:
    (config / "config.json").write_text("{")
    with pytest.raises(InvalidSetting, match=r"config\.json"):
        endpoint.find({"DOCKER_CONFIG": str(config)})


@posix
@pytest.mark.parametrize(
    ("there", "address", "guess"),
    [
        ([], "unix:///var/run/docker.sock", False),
        (["/var/run/docker.sock", "/run/podman/podman.sock"], "unix:///var/run/docker.sock", False),
        (["/home/me/.docker/run/docker.sock"], "unix:///home/me/.docker/run/docker.sock", True),
        (["/run/user/1/podman/podman.sock"], "unix:///run/user/1/podman/podman.sock", True),
        (["/run/podman/podman.sock"], "unix:///run/podman/podman.sock", True),
    ],
)
def test_without_a_setting_the_usual_sockets_are_tried(
    there: list[str], address: str, guess: bool
) -> None:
    env = {"HOME": "/home/me", "XDG_RUNTIME_DIR": "/run/user/1"}
    found = endpoint.find(env, exists=lambda path: path in there)
    assert (found.address, found.is_guess) == (address, guess)
    assert found.variables == ({"DOCKER_HOST": address} if guess else {})
