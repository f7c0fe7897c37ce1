"""Both of Docker's builders, a real engine and a real registry: build, push, pull, start."""

import io
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy import context
from deploy.builders import Request
from deploy.builders.local import LocalBuilder
from deploy.docker.endpoint import config_folder
from deploy.errors import CredentialMissing, InvalidSetting, PushFailed, StepFailed, WrongPlatform
from deploy.images import Image
from tests.e2e.registry import Registry, registry
from tests.image.containers import BUILD_ARGUMENTS, CONTEXT, ROOT, docker, look, running

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1300)]

BASE = os.environ.get("BASE_IMAGE", "python:3.13.15-slim-trixie")
DOCKERFILE = f"""\
ARG NOTE=none
FROM {BASE}
ARG NOTE
ARG API_TOKEN
COPY . /ctx/
RUN echo "note: $NOTE" > /note && echo heard "$API_TOKEN"
"""
TOKEN = "geheim-geheim-geheim"
# Mounted over the real program where that is in the image: it needs the Platform.
STAND_IN = ROOT / ".ci/stand-in-connect-client/usr/bin/connect-client"


@dataclass
class Builder:
    """One way to build, and what it showed."""

    env: dict[str, str]
    is_buildkit: bool

    def __post_init__(self) -> None:
        self.out = io.StringIO()

    def build(self, folder: Path, **wanted: object) -> Image:
        self.out = io.StringIO()
        with context.pack(folder) as packed:
            return LocalBuilder(self.env, out=self.out).build(Request(packed, **wanted))


def builder_of(way: str, folder: Path) -> Builder:
    """One of the two ways; what is remembered of a build is in the folder."""
    is_buildkit = way == "buildkit"
    own = {"DOCKER_BUILDKIT": "1" if is_buildkit else "0", "XDG_STATE_HOME": str(folder / "state")}
    return Builder({**os.environ, **own}, is_buildkit)


@pytest.fixture(params=["buildkit", "classic"])
def builder(request: pytest.FixtureRequest, tmp_path: Path) -> Builder:
    """Each of the two ways."""
    return builder_of(request.param, tmp_path)


@pytest.fixture(scope="module")
def a_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that lets everybody in."""
    with registry(tmp_path_factory.mktemp("registry")) as started:
        yield started


@pytest.fixture(scope="module")
def a_closed_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that asks for a login."""
    with registry(tmp_path_factory.mktemp("closed"), login=True) as started:
        yield started


@pytest.fixture
def a_context(tmp_path: Path) -> Iterator[Path]:
    """A small context, new in every run; what is built of it is removed again."""
    folder = tmp_path / "a small studio"
    (folder / "sub").mkdir(parents=True)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o700)
    (folder / "sub" / "data.txt").write_text(str(tmp_path))
    yield folder
    found = docker("images", "--quiet", "--filter=label=studioctl.context.digest", "--no-trunc")
    for image in set(found.split()):
        known = inspected(image)
        if any(
            "small" in name or "127.0.0.1" in name
            for name in [*known["RepoTags"], *known["RepoDigests"]]
        ):
            docker("rmi", "--force", image)


def inspected(reference: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("inspect", "--format={{json .}}", reference))
    return found


def labels(reference: str) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads(
        docker("inspect", "--format={{json .Config.Labels}}", reference)
    )
    return found


def login_of(builder: Builder, folder: Path) -> Builder:
    """The same builder with another Docker configuration, and the same plugins."""
    plugins = config_folder(os.environ) / "cli-plugins"
    if plugins.is_dir():
        shutil.copytree(plugins, folder / "cli-plugins", symlinks=True)
    return Builder({**builder.env, "DOCKER_CONFIG": str(folder)}, builder.is_buildkit)


def test_an_image_is_built_named_and_labelled(builder: Builder, a_context: Path) -> None:
    image = builder.build(a_context, arguments={"NOTE": 'two "words"'}, tags=("v1",))
    assert re.fullmatch(r"studio-a-small-studio:[0-9a-f]{12}", image.reference)
    assert (image.platform, image.digest, image.cached) == ("linux/amd64", None, False)
    assert labels(image.reference)["studioctl.context.digest"] == image.context_digest
    assert inspected("studio-a-small-studio:v1")["Id"] == inspected(image.reference)["Id"]
    assert look(image.reference, "cat /note") == 'note: two "words"'
    listing = look(image.reference, "cd /ctx && find . -printf '%p %m %U %TY\\n' | sort")
    expected = ["./Dockerfile 644 0 1980", "./run.sh 755 0 1980", "./sub 755 0 1980"]
    assert listing.splitlines()[1:] == [*expected, "./sub/data.txt 644 0 1980"]
    assert "COPY . /ctx/: done" in builder.out.getvalue()
    again = builder.build(a_context, arguments={"NOTE": 'two "words"'}, tags=("v1",))
    assert (again.reference, again.cached) == (image.reference, True)
    assert "COPY . /ctx/: cached" in builder.out.getvalue()


def test_both_builders_give_the_same_names_and_labels(a_context: Path, tmp_path: Path) -> None:
    known = []
    for way in ("buildkit", "classic"):
        image = builder_of(way, tmp_path).build(a_context)
        known.append((image.reference, image.context_digest, labels(image.reference)))
    assert known[0] == known[1]


def test_a_pushed_image_has_the_digest_that_the_registry_tells(
    builder: Builder, a_context: Path, a_registry: Registry
) -> None:
    repository = f"{a_registry.host}/team/studio-{'bk' if builder.is_buildkit else 'classic'}"
    image = builder.build(a_context, repository=repository, push=True, tags=("latest",))
    name, _, tag = image.reference.rpartition(":")
    path = name.partition("/")[2]
    assert image.digest
    assert image.digest == a_registry.digest(path, tag) == a_registry.digest(path, "latest")
    assert re.search(r"layer [0-9a-f]{12}: pushed", builder.out.getvalue())
    assert docker("run", "--rm", image.reference, "cat", "/note") == "note: none"
    docker("rmi", "--force", image.reference, f"{repository}:latest")
    docker("pull", f"{name}@{image.digest}")
    assert docker("run", "--rm", f"{name}@{image.digest}", "cat", "/note") == "note: none"
    again = builder.build(a_context, repository=repository, push=True, tags=("latest",))
    assert again.reference == image.reference


def test_the_login_comes_from_the_users_docker_configuration(
    builder: Builder, a_context: Path, a_closed_registry: Registry, tmp_path: Path
) -> None:
    (a_context / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    known = login_of(builder, a_closed_registry.login(tmp_path / "config"))
    repository = f"{a_closed_registry.host}/team/studio"
    image = known.build(a_context, repository=repository, push=True)
    assert image.digest
    assert "geheim" not in known.out.getvalue()


@pytest.mark.parametrize("password", [None, "not-the-password"])
def test_a_failed_login_is_told_from_other_failures(
    password: str | None,
    builder: Builder,
    a_context: Path,
    a_closed_registry: Registry,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "config"
    if password:
        a_closed_registry.login(folder, password)
    else:
        folder.mkdir()
    (a_context / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    unknown = login_of(builder, folder)
    with pytest.raises(CredentialMissing, match="docker login 127") as refused:
        unknown.build(a_context, repository=f"{a_closed_registry.host}/team/studio", push=True)
    assert refused.value.exit_code == 4
    said = str(refused.value) + unknown.out.getvalue() + "".join(capfd.readouterr())
    assert "not-the-password" not in said


def test_a_registry_that_is_not_there_is_named(builder: Builder, a_context: Path) -> None:
    with pytest.raises(PushFailed, match=r"127\.0\.0\.1:9/team/studio"):
        builder.build(a_context, repository="127.0.0.1:9/team/studio", push=True)


def test_a_failing_step_is_quoted_with_the_end_of_its_output(
    builder: Builder, a_context: Path
) -> None:
    step = "RUN for n in $(seq 100); do echo line $n; done; echo at last >&2; exit 3"
    with (a_context / "Dockerfile").open("a") as file:
        file.write(f"{step}\n")
    with pytest.raises(StepFailed, match="at last") as failed:
        builder.build(a_context)
    said = str(failed.value)
    assert failed.value.exit_code == 5
    assert "RUN for n in" in failed.value.step
    assert "line 100\n" in said
    assert "line 1\n" not in said
    assert re.search(r"exit code: 3|non-zero code: 3", said)


@pytest.mark.parametrize(
    ("line", "why"),
    [("BAKE a cake", "(?i)unknown instruction: BAKE"), ("COPY missing /", "missing")],
)
def test_a_dockerfile_that_cannot_be_built_says_why(
    line: str, why: str, builder: Builder, a_context: Path
) -> None:
    with (a_context / "Dockerfile").open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(StepFailed, match=why):
        builder.build(a_context)


def test_a_full_disk_is_told_with_its_remedy(builder: Builder, a_context: Path) -> None:
    with (a_context / "Dockerfile").open("a") as file:
        # The only disk of a build that is small enough to fill.
        file.write("RUN dd if=/dev/zero of=/dev/shm/big bs=1M count=100\n")
    with pytest.raises(StepFailed, match="docker system prune"):
        builder.build(a_context)


def test_an_argument_that_nobody_declares_is_refused(builder: Builder, a_context: Path) -> None:
    with pytest.raises(InvalidSetting, match='mean "NOTE"'):
        builder.build(a_context, arguments={"NOTES": "x"})


def test_a_secret_is_shown_nowhere(
    builder: Builder, a_context: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    image = builder.build(a_context, arguments={"API_TOKEN": TOKEN})
    with (a_context / "Dockerfile").open("a") as file:
        file.write('RUN echo last "$API_TOKEN"; exit 1\n')
    shown = builder.out.getvalue()
    with pytest.raises(StepFailed) as failed:
        builder.build(a_context, arguments={"API_TOKEN": TOKEN})
    shown += str(failed.value) + builder.out.getvalue() + "".join(capfd.readouterr())
    assert "last ***" in shown
    assert "API_TOKEN looks like a secret" in shown
    assert TOKEN not in shown + json.dumps(image.to_json())


def test_a_dockerfile_that_is_ignored_stays_out_of_the_image(
    builder: Builder, a_context: Path
) -> None:
    (a_context / ".dockerignore").write_text("Dockerfile\n.dockerignore\nsub/*.txt\n")
    image = builder.build(a_context)
    assert look(image.reference, "cd /ctx && find . -type f") == "./run.sh"


def test_an_image_for_another_processor_is_refused(builder: Builder, a_context: Path) -> None:
    only_here = "127.0.0.1:9/small/for-amd64-only:1"
    if not docker("images", "--quiet", BASE):
        docker("pull", BASE)
    docker("tag", BASE, only_here)
    (a_context / "Dockerfile").write_text(f"FROM {only_here}\n")
    try:
        with pytest.raises((WrongPlatform, StepFailed), match=f"{only_here}|not for linux/arm64"):
            builder.build(a_context, platform="linux/arm64")
    finally:
        docker("rmi", only_here)


@pytest.mark.slow
def test_the_project_image_starts_and_is_ready(builder: Builder) -> None:
    arguments = {name: os.environ[name] for name in BUILD_ARGUMENTS if os.environ.get(name)}
    image = builder.build(CONTEXT, arguments=arguments)
    assert image.reference.startswith("mlflow-studio:")
    with running(
        image.reference, options=[f"--volume={STAND_IN}:/usr/bin/connect-client:ro"]
    ) as up:
        up.wait_ready()
    # The name alone: the layers below are the next build's cache.
    docker("rmi", "--no-prune", image.reference)
