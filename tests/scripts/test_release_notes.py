"""`scripts/release/notes.py`: what a release says, and which tags are none."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "scripts" / "release" / "notes.py"
CHANGELOG = """# Changelog

What users notice.

## Unreleased

### Added

- Not yet.

## 1.2.3 (2026-11-23)

### Fixed

- A start ## waits.

## [1.2.2]

## 1.2.1

### Added

## 1.2.0
- The first.
"""


@pytest.fixture
def a_project(tmp_path: Path) -> Path:
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    at_version(tmp_path, "1.2.3")
    return tmp_path


def at_version(project: Path, version: str) -> None:
    (project / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')


def notes(project: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, "--folder", project, *words],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_notes_are_the_section_of_the_version(a_project: Path) -> None:
    done = notes(a_project, "v1.2.3")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "### Fixed\n\n- A start ## waits.\n"


def test_the_last_section_ends_with_the_file(a_project: Path) -> None:
    at_version(a_project, "1.2.0")
    assert notes(a_project, "v1.2.0").stdout == "- The first.\n"


def test_the_image_stands_below(a_project: Path) -> None:
    output = a_project / "notes.md"
    done = notes(a_project, "v1.2.3", "--image", "ghcr.io/a/b:1.2.3@sha256:0", "--output", output)
    assert (done.returncode, done.stdout) == (0, "")
    assert output.read_text().endswith("waits.\n\nImage: `ghcr.io/a/b:1.2.3@sha256:0`\n")


@pytest.mark.parametrize("tag", ["v1.2.4", "1.2.3", "main", "v1.2.3-rc1", ""])
def test_a_tag_that_is_not_the_version_is_no_release(a_project: Path, tag: str) -> None:
    done = notes(a_project, tag)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Tag the commit as v1.2.3" in done.stderr


@pytest.mark.parametrize("version", ["1.2.2", "1.2.1", "1.2", "1.3.0"])
def test_a_version_that_the_changelog_says_nothing_about_is_no_release(
    a_project: Path, version: str
) -> None:
    at_version(a_project, version)
    done = notes(a_project, f"v{version}")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"CHANGELOG.md says nothing about {version}" in done.stderr
    assert "Unreleased" in done.stderr


def test_the_projects_own_changelog_can_be_read() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "v0.0.0"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pyproject.toml has the version" in done.stderr
