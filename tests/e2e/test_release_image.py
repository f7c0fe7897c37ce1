"""`scripts/release/image.py` with a real engine and a real registry: built, verified, pushed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.registry import Registry, registry
from tests.image.containers import ROOT, docker

SCRIPT = ROOT / "scripts" / "release" / "image.py"
TOY = ROOT / "tests" / "image" / "toy"

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@pytest.fixture
def a_registry(tmp_path: Path) -> Iterator[Registry]:
    with registry(tmp_path / "registry") as found:
        yield found
        built = docker("images", "--quiet", "--filter", f"reference={found.host}/*/*").split()
        docker("rmi", "--force", *set(built))


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A folder with a studioctl, as its installation makes one."""
    program = tmp_path / "bin" / "studioctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m deploy.cli "$@"\n')
    program.chmod(0o755)
    return program.parent


def publish(
    folder: Path, bin_folder: Path, repository: str, *further: str
) -> subprocess.CompletedProcess[str]:
    base = ("--build-arg", "BASE_IMAGE") if os.environ.get("BASE_IMAGE") else ()
    words = ("--repository", repository, "--version", "1.2.3", "--", "--context", TOY)
    return subprocess.run(
        [sys.executable, SCRIPT, "docker", *words, *base, *further],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "XDG_STATE_HOME": str(folder / "state"),
        },
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )


def test_a_good_image_is_in_the_registry_under_its_version(
    a_registry: Registry, bin_folder: Path, tmp_path: Path
) -> None:
    repository = f"{a_registry.host}/acme/toy"
    done = publish(tmp_path, bin_folder, repository)
    assert done.returncode == 0, done.stderr
    digest = a_registry.digest("acme/toy", "1.2.3")
    assert digest is not None
    assert done.stdout.splitlines()[0] == f"reference={repository}:1.2.3@{digest}"


def test_a_bad_image_is_not_published(
    a_registry: Registry, bin_folder: Path, tmp_path: Path
) -> None:
    repository = f"{a_registry.host}/acme/toy"
    done = publish(tmp_path, bin_folder, repository, "--build-arg", "FAULT=restart")
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "is not published" in done.stderr
    assert a_registry.digest("acme/toy", "1.2.3") is None
