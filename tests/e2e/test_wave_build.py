"""`studioctl build --wave` against a Wave that really builds, and serves from a real registry."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.wait import Clock
from tests.deploy.calling import studioctl
from tests.e2e.registry import Registry, registry
from tests.fakes.engine import Engine
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.wave import Wave
from tests.image.containers import PYTHON, docker, running

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@pytest.fixture(scope="module")
def a_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry(tmp_path_factory.mktemp("registry")) as found:
        yield found


@pytest.fixture
def a_wave(a_registry: Registry) -> Iterator[Wave]:
    with Platform(Clock()) as platform, Wave(Clock(), Engine(a_registry.host)) as wave:
        platform.own_registries = [a_registry.host]
        wave.paired = {platform.endpoint}
        wave.tokens = {platform.endpoint: {TOKEN}}
        wave.credentials = {None: {a_registry.host}}
        wave.own_repository = f"{a_registry.host}/wave/build"
        yield wave


@pytest.fixture
def env(a_wave: Wave, tmp_path: Path) -> dict[str, str]:
    return {
        "WAVE_ENDPOINT": a_wave.url,
        "TOWER_API_ENDPOINT": next(iter(a_wave.paired)),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "HOME": str(tmp_path),
    }


@pytest.fixture
def a_context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text(
        "ARG GREETING=none\nFROM scratch\nARG GREETING\nCOPY a /a\nLABEL greeting=${GREETING}\n"
    )
    (folder / "a").write_text("a\n")
    return folder


def test_a_temporary_image_can_be_pulled_by_its_reference(
    a_wave: Wave, a_context: Path, env: dict[str, str], tmp_path: Path
) -> None:
    done = studioctl(
        *("build", "--wave", "--context", a_context, "--build-arg", 'GREETING=h"el$lo wor\\ld'),
        cwd=tmp_path,
        **env,
    )
    assert done.returncode == 0, done.stderr
    reference = done.stdout.strip()
    assert reference.startswith(f"127.0.0.1:{a_wave.port}/wt/")
    docker("pull", reference)
    try:
        (said,) = json.loads(docker("inspect", reference))
        assert said["Config"]["Labels"]["greeting"] == 'h"el$lo wor\\ld'
    finally:
        docker("rmi", reference)


def test_a_frozen_image_is_in_the_registry_under_its_name(
    a_registry: Registry, a_wave: Wave, a_context: Path, env: dict[str, str], tmp_path: Path
) -> None:
    repository = f"{a_registry.host}/acme/studio"
    words = ("build", "--wave", "--freeze", "--repository", repository, "--json")
    given = {**env, "TOWER_ACCESS_TOKEN": TOKEN}
    done = studioctl(*words, "--context", a_context, cwd=tmp_path, **given)
    assert done.returncode == 0, done.stderr
    image = json.loads(done.stdout)
    name, _, tag = image["reference"].rpartition(":")
    assert name == repository
    assert image["digest"] == a_registry.digest("acme/studio", tag)
    assert image["expires_at"] is None
    a_wave.calls.clear()
    again = json.loads(studioctl(*words, "--context", a_context, cwd=tmp_path, **given).stdout)
    assert (again["cached"], again["digest"]) == (True, image["digest"])
    assert len(a_wave.calls) == 1


def test_a_build_that_fails_shows_the_engines_own_words(
    a_context: Path, env: dict[str, str], tmp_path: Path
) -> None:
    (a_context / "Dockerfile").write_text("FROM scratch\nCOPY not-there /\n")
    done = studioctl("build", "--wave", "--context", a_context, cwd=tmp_path, **env)
    assert (done.returncode, done.stdout) == (5, "")
    assert "not-there" in done.stderr


@pytest.mark.mlflow
def test_our_own_studio_frozen_by_wave_is_ready(
    a_registry: Registry, env: dict[str, str], tmp_path: Path
) -> None:
    bases = ("BASE_IMAGE", "CONNECT_IMAGE")
    arguments = [f"--build-arg={name}={os.environ[name]}" for name in bases if os.environ.get(name)]
    repository = f"{a_registry.host}/acme/mlflow-studio"
    done = studioctl(
        *("build", "--wave", "--freeze", "--repository", repository, *arguments),
        cwd=tmp_path,
        limit_s=1500,
        **{**env, "TOWER_ACCESS_TOKEN": TOKEN},
    )
    assert done.returncode == 0, done.stderr
    reference = done.stdout.strip()
    docker("rmi", "--force", reference)
    docker("pull", reference, limit_s=600)
    with running(reference, "-m", "studio", options=[f"--entrypoint={PYTHON}"]) as container:
        container.wait_ready()
    docker("rmi", "--force", reference)
