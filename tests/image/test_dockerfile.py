"""What the build context promises, read from its files: no Docker needed."""

import re
import tomllib

import pytest

import studio
from tests.image.containers import CONTEXT, ROOT

DOCKERFILE = (CONTEXT / "Dockerfile").read_text(encoding="utf-8")
# Continued lines joined, comments dropped: one instruction per line.
INSTRUCTIONS = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")


def test_the_dockerfile_is_small_enough_for_wave() -> None:
    assert len(DOCKERFILE.encode()) < 7_500


def test_the_context_is_small() -> None:
    files = [p for p in CONTEXT.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    assert sum(p.stat().st_size for p in files) < 1_000_000


@pytest.mark.parametrize("syntax", ["<<", "--mount", "--chmod", "--link", "# syntax="])
def test_the_classic_builder_understands_the_dockerfile(syntax: str) -> None:
    assert syntax not in DOCKERFILE.replace("RUN --mount, no COPY --chmod or --link", "")


@pytest.mark.parametrize("name", ["BASE_IMAGE", "CONNECT_CLIENT_VERSION"])
def test_what_the_image_stands_on_is_pinned(name: str) -> None:
    pinned = re.search(rf"^ARG {name}=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert pinned
    assert re.search(r"\d+\.\d+", pinned[1])
    assert "latest" not in pinned[1]


def test_the_base_is_an_exact_python_of_the_locked_version() -> None:
    base = re.search(r"^ARG BASE_IMAGE=python:(\d+\.\d+)\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)
    assert base
    lock = (CONTEXT / "requirements.txt").read_text(encoding="utf-8")
    assert f"# For Python {base[1]} " in lock


def test_no_variable_that_means_something_when_set_has_a_default() -> None:
    for variables in re.findall(r"^ENV (.*)$", INSTRUCTIONS, re.MULTILINE):
        assert not re.search(r"\b(CONNECT_TOOL|MLFLOW|STUDIO)_", variables)


def test_the_image_has_the_version_of_the_runtime() -> None:
    version = re.search(r"^ARG STUDIO_VERSION=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert version
    assert version[1] == studio.__version__


def test_the_package_index_is_unknown_to_the_final_stage() -> None:
    final = INSTRUCTIONS.rpartition("\nFROM ")[2]
    assert "PIP_INDEX_URL" not in final


def test_the_image_registers_the_application_as_the_project_does() -> None:
    ours, projects = (
        tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        for path in (CONTEXT / "pyproject.toml", ROOT / "pyproject.toml")
    )
    assert ours["name"] == projects["name"]
    assert ours["entry-points"] == projects["entry-points"]
