"""The command for buildx, and what is read from its lines."""

import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy import context
from deploy.context import Packed
from deploy.docker import buildx
from deploy.docker.progress import Screen
from deploy.docker.steps import Steps
from deploy.errors import InvalidSetting, StepFailed
from deploy.process import Command, Outcome
from tests.deploy.context.folders import a_folder_with

PACKED = Packed(Path("c.tar"), "sha256:d", 0, (), "FROM x", dockerfile_name="sub/Dockerfile")
FAILING = """\
#0 building with "default" instance using docker driver

#1 [internal] load remote build context
#1 DONE 0.0s

#2 copy /context /
#2 DONE 0.1s

#4 [1/3] FROM docker.io/library/base
#4 CACHED

#5 [base 2/3] COPY . /ctx/
#5 DONE 0.3s

#6 [3/3] RUN make it
#6 0.234 first line
#6 1.5 \x1b[31mred line\x1b[0m
#6 ERROR: process "/bin/sh -c make it" did not complete successfully: exit code: 2
------
 > [3/3] RUN make it:
0.234 first line
------
Dockerfile:3
ERROR: failed to solve: process "/bin/sh -c make it" did not complete successfully: exit code: 2
"""


def command(arguments: Mapping[str, str] | None = None, **env: str) -> Command:
    return buildx.command(PACKED, "linux/amd64", ("a:1", "a:2"), {"l": "x y"}, arguments or {}, env)


def test_the_command_takes_the_archive_on_its_input() -> None:
    planned = command(PATH="/bin")
    assert planned.argv == (
        *("docker", "buildx", "build", "--load", "--progress=plain", "--platform=linux/amd64"),
        *("--tag=a:1", "--tag=a:2", "--label=l=x y", "--file=sub/Dockerfile", "-"),
    )
    assert planned.env == {"PATH": "/bin", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}


def test_the_values_of_build_arguments_are_not_in_the_command() -> None:
    planned = command({"TOKEN": "geheim", "A": "b"}, PATH="/bin")
    assert planned.argv[9:11] == ("--build-arg=A", "--build-arg=TOKEN")
    assert "geheim" not in str(planned) + repr(planned)
    assert (planned.env["TOKEN"], planned.env["A"]) == ("geheim", "b")


def test_an_argument_does_not_change_what_docker_itself_reads() -> None:
    planned = command({"PATH": "/opt", "DOCKER_HOST": "x"}, PATH="/bin")
    assert {"--build-arg=PATH=/opt", "--build-arg=DOCKER_HOST=x"} <= set(planned.argv)
    assert planned.env["PATH"] == "/bin"
    assert "DOCKER_HOST" not in planned.env
    with pytest.raises(InvalidSetting, match="DOCKER_TOKEN") as refused:
        command({"DOCKER_TOKEN": "geheim"})
    assert "geheim" not in str(refused.value)


def read(lines: str) -> tuple[buildx.Reading, str]:
    out = io.StringIO()
    reading = buildx.Reading(Steps(Screen(out, steady=lambda: 0)))
    for line in lines.splitlines():
        reading.line(line)
    return reading, out.getvalue()


def test_each_step_is_shown_when_it_is_over() -> None:
    _, shown = read(FAILING)
    assert [line.strip() for line in shown.splitlines()] == [
        "0 s  [1/3] FROM docker.io/library/base: cached",
        "0 s  [base 2/3] COPY . /ctx/: done in 0.3s",
    ]


def test_the_failing_step_is_kept_with_its_output() -> None:
    reading, _ = read(FAILING)
    assert reading.failed
    assert reading.failed.name == "[3/3] RUN make it"
    assert list(reading.failed.lines) == ["first line", "red line"]
    (reason,) = reading.reasons(1)
    assert reason.endswith("exit code: 2")


def test_a_failure_without_words_has_its_exit_code() -> None:
    reading, _ = read("")
    assert reading.reasons(137) == ("docker buildx ended with 137",)


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    """A docker command that logs what it is given, and then does what its script says."""
    if os.name == "nt":
        pytest.skip("the stand-in is a shell script")
    (tmp_path / "tools").mkdir()
    return tmp_path / "tools" / "docker"


def an_executable(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_buildx_is_there_if_it_answers_by_its_name(docker: Path) -> None:
    env = {"PATH": str(docker.parent)}
    assert not buildx.is_there(env)
    for script, expected in [
        ('echo "github.com/docker/buildx v0.30.1 abc"', True),
        ("echo buildah 1.39", False),
        ("echo no such plugin; exit 1", False),
    ]:
        an_executable(docker, script)
        assert buildx.is_there(env) is expected
    assert not buildx.is_there(
        {**env, "DOCKER_BUILDKIT": "0"}, ask=lambda *_, **__: Outcome(0, "buildx")
    )


def test_a_dockerfile_that_is_ignored_lies_beside_the_context(
    docker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tarfile.TarFile.extractall
    # As in Python 3.11.2, which has no further arguments.
    monkeypatch.setattr(tarfile.TarFile, "extractall", lambda self, path: real(self, path))
    an_executable(docker, 'echo "$@" >&2; ls "$(dirname "$0")" >/dev/null; exit 0')
    a_folder_with(tmp_path / "c", {".dockerignore": "*\n!a", "a": "x"})
    with context.pack(tmp_path / "c") as packed:
        planned = Command((str(docker), "--file=Dockerfile", "-"), {"PATH": os.environ["PATH"]})
        with buildx._ready(planned, packed) as (ready, source):
            dockerfile, folder = Path(ready.argv[1].partition("=")[2]), Path(ready.argv[2])
            assert source is None
            assert dockerfile.read_text() == packed.dockerfile
            assert {path.name for path in folder.iterdir()} == {"a", ".dockerignore"}
        assert not folder.exists()


def test_a_failed_build_quotes_what_was_printed(docker: Path, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text(FAILING)
    an_executable(docker, f'cat >"{tmp_path}/input"; cat "{tmp_path}/lines" >&2; exit 1')
    a_folder_with(tmp_path / "c", {})
    out = io.StringIO()
    screen = Screen(out, mask=lambda text: text.replace("first", "***"))
    planned = Command((str(docker), "-"), {"PATH": os.environ["PATH"]})
    with context.pack(tmp_path / "c") as packed:
        with pytest.raises(StepFailed) as failed:
            buildx.build(planned, packed, Steps(screen))
        assert (tmp_path / "input").read_bytes() == packed.path.read_bytes()
    said = str(failed.value)
    assert said.startswith("the image was not built: [3/3] RUN make it failed.\n  *** line\n")
    assert "red line" in said
