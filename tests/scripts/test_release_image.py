"""`scripts/release/image.py` with the real studioctl against pretended builders: the order counts.

`verify` and `docker` are replaced by programs that log how they were called.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.wait import Clock
from tests.deploy.docker.fake_engine import DIGEST, FakeEngine, running
from tests.fakes.building import Pretended
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.wave import Wave

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "scripts" / "release" / "image.py"
REPOSITORY = "registry.example.com/acme/studio"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="stand-ins are shell scripts")

STUDIOCTL = """#!/bin/sh
case $1 in
  verify) echo "$*" >>"$LOG"; echo "a report"; exit "$VERDICT" ;;
esac
echo "$1 $(echo " $*" | grep -o -e ' --push' -e ' --freeze' | tr -d ' ')" >>"$LOG"
exec "$REAL_PYTHON" -m deploy.cli "$@"
"""
DOCKER = """#!/bin/sh
[ "$1" = buildx ] && [ "$2" = imagetools ] || exit 1
echo "docker $*" >>"$LOG"
"""


@dataclass
class Release:
    """Calls of the script in a folder of its own; `steps` is what it did, in order."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def publish(self, *words: str, verdict: int = 0) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, SCRIPT, *words, "--", "--context", self.folder / "context"],
            cwd=self.folder,
            env={
                "PATH": f"{self.folder / 'bin'}:{os.defpath}",
                "PYTHONPATH": str(ROOT),
                "REAL_PYTHON": sys.executable,
                "HOME": str(self.folder),
                "LOG": str(self.folder / "log"),
                "VERDICT": str(verdict),
                **self.env,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @property
    def steps(self) -> list[str]:
        return [line.strip() for line in (self.folder / "log").read_text().splitlines()]


@pytest.fixture
def a_release(tmp_path: Path) -> Release:
    for folder, name, text in (
        ("bin", "studioctl", STUDIOCTL),
        ("bin", "docker", DOCKER),
        ("context", "Dockerfile", "FROM scratch\nCOPY a /\n"),
        ("context", "a", ""),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(text)
        (tmp_path / folder / name).chmod(0o755)
    return Release(tmp_path)


@pytest.fixture
def an_engine(a_release: Release) -> Iterator[FakeEngine]:
    with running(FakeEngine()) as engine:
        a_release.env["DOCKER_HOST"] = engine.address
        yield engine


@pytest.fixture
def a_wave(a_release: Release) -> Iterator[Wave]:
    with Platform(Clock()) as platform, Wave(Clock(), Pretended(Clock(), takes_s=0)) as wave:
        platform.workspaces[0].registries = ["registry.example.com"]
        wave.paired = {platform.endpoint}
        wave.tokens = {platform.endpoint: {TOKEN}}
        a_release.env |= {
            "WAVE_ENDPOINT": wave.url,
            "TOWER_API_ENDPOINT": platform.endpoint,
            "TOWER_ACCESS_TOKEN": TOKEN,
            "TOWER_WORKSPACE_ID": "71",
        }
        yield wave


WORDS = ("--repository", "registry.example.com/Acme/studio", "--version", "1.2.3")


def outputs(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    assert done.returncode == 0, done.stderr
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {name: value for name, _, value in pairs}


def test_docker_pushes_what_has_been_verified(a_release: Release, an_engine: FakeEngine) -> None:
    said = outputs(a_release.publish("docker", *WORDS))
    assert said == {
        "reference": f"{REPOSITORY}:1.2.3@{DIGEST}",
        "repository": REPOSITORY,
        "digest": DIGEST,
    }
    first, judged, last = a_release.steps
    assert (first, last) == ("build", "build --push")
    assert judged.removeprefix("verify ") in an_engine.images
    assert f"{REPOSITORY}:1.2.3" in an_engine.images


def test_docker_pushes_nothing_that_fails(a_release: Release, an_engine: FakeEngine) -> None:
    done = a_release.publish("docker", *WORDS, verdict=1)
    assert (done.returncode, done.stdout) == (1, "")
    assert "a report" in done.stderr
    assert f"{REPOSITORY}:1.2.3 is not published" in done.stderr
    assert not any(call.endswith("/push") for call in an_engine.calls)


def test_what_wave_has_pushed_gets_its_tag_when_it_is_verified(
    a_release: Release, a_wave: Wave
) -> None:
    said = outputs(a_release.publish("wave", *WORDS))
    assert said["digest"].startswith("sha256:")
    assert said["reference"] == f"{REPOSITORY}:1.2.3@{said['digest']}"
    (sent,) = [call.json() for call in a_wave.asked("POST /v1alpha2")]
    assert (sent["freeze"], sent["buildRepository"]) == (True, REPOSITORY)
    exact = f"{REPOSITORY}@{said['digest']}"
    assert a_release.steps == [
        "build --freeze",
        f"verify {exact}",
        f"docker buildx imagetools create --prefer-index=false --tag {REPOSITORY}:1.2.3 {exact}",
    ]


def test_what_wave_has_pushed_gets_no_tag_if_it_fails(a_release: Release, a_wave: Wave) -> None:
    done = a_release.publish("wave", *WORDS, verdict=1)
    assert (done.returncode, done.stdout) == (1, "")
    assert [step.partition(" ")[0] for step in a_release.steps] == ["build", "verify"]


def test_a_build_that_fails_ends_it_with_its_own_code(a_release: Release, a_wave: Wave) -> None:
    a_release.env["TOWER_ACCESS_TOKEN"] = ""
    done = a_release.publish("wave", *WORDS)
    assert (done.returncode, done.stdout) == (4, "")
    assert a_release.steps == ["build --freeze"]


def test_the_token_is_nowhere(a_release: Release, a_wave: Wave) -> None:
    done = a_release.publish("wave", *WORDS)
    assert TOKEN not in done.stdout + done.stderr + "".join(a_release.steps)
