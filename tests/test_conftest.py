"""The rule that nothing is skipped in CI, tried in a pytest of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SKIPPED_ALONE = "import pytest\ndef test_it():\n    pytest.skip('no anvil')\n"
SKIPPED_AS_A_FILE = "import pytest\npytest.skip('no anvil', allow_module_level=True)\n"
NEEDS_TW = (
    "import pytest\n@pytest.mark.tw\ndef test_it():\n    pass\ndef test_another():\n    pass\n"
)
NEEDS_A_MISSING_TOOL = "import pytest\n@pytest.mark.caddy\ndef test_it():\n    pass\n"


def run_pytest(folder: Path, test: str, **variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text("from tests.conftest import *\n")
    (folder / "test_it.py").write_text(test)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n  caddy\n  tw\n")
    environment = {name: value for name, value in os.environ.items() if name != "CI_REQUIRE"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(HERE.parent), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("test", [SKIPPED_ALONE, SKIPPED_AS_A_FILE])
def test_a_skip_is_a_failure_that_gives_its_reason_where_all_is_required(
    tmp_path: Path, test: str
) -> None:
    done = run_pytest(tmp_path, test, CI_REQUIRE="1")
    assert done.returncode in {1, 2}, done.stdout
    assert "no anvil" in done.stdout
    assert "skipped" not in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("test", [SKIPPED_ALONE, SKIPPED_AS_A_FILE])
def test_a_skip_stays_a_skip_elsewhere(tmp_path: Path, test: str) -> None:
    done = run_pytest(tmp_path, test)
    assert done.returncode in {0, 5}, done.stdout
    assert "1 skipped" in done.stdout


def test_a_marker_skips_what_this_machine_lacks(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, NEEDS_A_MISSING_TOOL, PATH=str(tmp_path))
    assert "there is no caddy command" in done.stdout
    assert "1 skipped" in done.stdout


def test_a_tool_that_is_missing_fails_where_all_is_required(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, NEEDS_A_MISSING_TOOL, PATH=str(tmp_path), CI_REQUIRE="1")
    assert done.returncode == 1
    assert "there is no caddy command" in done.stdout


def test_a_tool_that_nobody_has_to_have_is_left_out_even_there(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, NEEDS_TW, PATH=str(tmp_path), CI_REQUIRE="1")
    assert done.returncode == 0
    assert "1 passed, 1 deselected" in done.stdout


def test_and_runs_where_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "tw").touch(mode=0o755)
    done = run_pytest(tmp_path, NEEDS_TW, PATH=str(tmp_path), CI_REQUIRE="1")
    assert "2 passed" in done.stdout
