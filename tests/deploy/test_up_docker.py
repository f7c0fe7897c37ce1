"""`studioctl up --docker` as a whole process, with a stand-in for docker."""

import os
import re
from pathlib import Path

import pytest

from tests.deploy.calling import ROOT, studioctl

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder that comes first on PATH."""
    folder = tmp_path / "tools"
    folder.mkdir()
    return folder


def an_executable(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def docker_that(tools: Path, script: str) -> Path:
    """A docker that logs its arguments, one line a call, and then does what the script says."""
    log = tools / "log"
    an_executable(tools / "docker", f'echo "$*" >>"{log}"\n{script}')
    return log


def with_tools(tools: Path) -> str:
    return f"{tools}{os.pathsep}/usr/bin{os.pathsep}/bin"


def test_docker_builds_the_image_then_becomes_the_container(
    tools: Path, a_folder: Path, free_port: int
) -> None:
    log = docker_that(
        tools, 'case $1 in build) echo building ;; run) echo "$STUDIO_WORKERS"; exit 69; esac'
    )
    done = studioctl(
        *("up", "--docker", "--port", str(free_port)),
        cwd=a_folder,
        path=with_tools(tools),
        STUDIO_WORKERS="3",
        BASE_IMAGE="mirror/python:3",
    )
    assert done.returncode == 69, done.stderr
    version, build, run = log.read_text().splitlines()
    assert version.startswith("version")
    assert build.endswith(f"--build-arg BASE_IMAGE {ROOT / '.seqera'}")
    assert f"127.0.0.1:{free_port}:{free_port}" in run
    assert "--env STUDIO_WORKERS" in run
    # The build's output is for people; what the container prints is its own.
    assert done.stdout == "3\n"
    assert "building" in done.stderr


def test_a_given_image_is_not_built(tools: Path, a_folder: Path, free_port: int) -> None:
    log = docker_that(tools, "")
    done = studioctl(
        *("up", "--docker", "--image", "some/image:1", "--port", str(free_port)),
        cwd=a_folder,
        path=with_tools(tools),
    )
    assert done.returncode == 0, done.stderr
    calls = log.read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["version", "run"]
    assert "some/image:1 -m studio" in calls[1]
    assert not (a_folder / ".studio").exists()


def test_any_free_port_is_chosen_before_the_container_starts(tools: Path, a_folder: Path) -> None:
    log = docker_that(tools, "")
    done = studioctl(
        *("up", "--docker", "--image", "x", "--port", "0"), cwd=a_folder, path=with_tools(tools)
    )
    assert done.returncode == 0, done.stderr
    (number,) = re.findall(r"127\.0\.0\.1:(\d+):", log.read_text())
    assert int(number) > 0
    assert f"port {number};" in done.stderr


def test_a_failed_build_ends_with_5_and_starts_nothing(
    tools: Path, a_folder: Path, free_port: int
) -> None:
    log = docker_that(tools, '[ "$1" = version ] || exit 17')
    done = studioctl(
        "up", "--docker", "--port", str(free_port), cwd=a_folder, path=with_tools(tools)
    )
    assert done.returncode == 5
    assert "17" in done.stderr
    assert "run" not in [call.split()[0] for call in log.read_text().splitlines()]


def test_without_docker_the_remedy_is_named(tools: Path, a_folder: Path) -> None:
    done = studioctl("up", "--docker", cwd=a_folder, path=str(tools))
    assert done.returncode == 4
    assert "Install Docker" in done.stderr


def test_an_engine_that_does_not_answer_is_quoted(tools: Path, a_folder: Path) -> None:
    docker_that(tools, "echo 'permission denied on the socket' >&2; exit 1")
    done = studioctl("up", "--docker", cwd=a_folder, path=with_tools(tools))
    assert done.returncode == 4
    assert "permission denied on the socket" in done.stderr


def test_a_taken_port_is_found_before_anything_is_built(
    tools: Path, a_folder: Path, taken_port: int
) -> None:
    log = docker_that(tools, "")
    done = studioctl(
        "up", "--docker", "--port", str(taken_port), cwd=a_folder, path=with_tools(tools)
    )
    assert done.returncode == 1
    assert str(taken_port) in done.stderr
    assert "build" not in log.read_text()
