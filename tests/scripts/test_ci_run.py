"""`.ci/run` with every step replaced: the order, the verdict, and that it always tidies up."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.running import is_alive, wait_until

ROOT = Path(__file__).parent.parent.parent
STEPS = ["apt", "docker-up", "stand-ins", "make lint", "make test", "docker-down"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="shell scripts")

STEP = """#!/bin/sh
case "${0##*/} ${1:-}" in
  "environment dev") sleep 0.2; [ "$FAILS" != "environment dev" ] || exit 2
    echo made >"$LOG.environment"; exit ;;
  "warm-up ") sleep 60 & echo $! >"$LOG.warm-up"; wait ;;
  "make lint") [ -s "$LOG.environment" ] || exit 3
    until [ -s "$LOG.warm-up" ]; do sleep 0.01; done ;;
esac
echo "${0##*/}${1:+ $1}" >>"$LOG"
case "$FAILS" in "${0##*/}${1:+ $1}") failed=1 ;; esac
case "${0##*/}" in
  docker-up) echo "DOCKER_HOST=unix:///our.sock" >"$CI_WORK/docker.env" ;;
  docker-down) echo "a line that must not come last" ;;
  make) [ "$1" = lint ] || { echo "$DOCKER_HOST $CI_REQUIRE"; echo "== summary =="; } ;;
esac
[ -z "${failed:-}" ] || { echo "make: *** [$1] Error 1" >&2; exit 2; }
"""


def run(folder: Path, fails: str = "") -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """Run a copy of the script among stand-ins for its steps; give the order they ran in."""
    for name in (".ci", "bin", "scripts"):
        (folder / name).mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    parts = ("apt", "docker-up", "stand-ins", "warm-up", "docker-down")
    for step in (*(f".ci/{part}" for part in parts), "scripts/environment", "bin/make"):
        (folder / step).write_text(STEP)
        (folder / step).chmod(0o755)
    log = folder / "log"
    done = subprocess.run(
        [str(folder / ".ci" / "run")],
        env={"PATH": f"{folder}/bin:{os.environ['PATH']}", "LOG": str(log), "FAILS": fails},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done, log.read_text().splitlines()


def test_everything_runs_in_order_with_the_engine_and_the_rule_that_nothing_is_skipped(
    tmp_path: Path,
) -> None:
    done, steps = run(tmp_path)
    assert (done.returncode, steps) == (0, STEPS)
    assert done.stdout.splitlines() == ["unix:///our.sock 1", "== summary =="]


def test_a_failed_test_is_the_verdict_and_the_summary_stays_last(tmp_path: Path) -> None:
    done, steps = run(tmp_path, fails="make test")
    assert (done.returncode, steps) == (2, STEPS)
    assert done.stdout.splitlines()[-1] == "== summary =="
    assert done.stderr == ""


@pytest.mark.parametrize("step", STEPS[:4])
def test_a_failed_step_ends_the_run_and_what_was_started_is_stopped(
    tmp_path: Path, step: str
) -> None:
    done, steps = run(tmp_path, fails=step)
    assert done.returncode == 2
    assert steps == [*STEPS[: STEPS.index(step) + 1], "docker-down"]


def test_an_environment_that_cannot_be_made_ends_the_run(tmp_path: Path) -> None:
    done, steps = run(tmp_path, fails="environment dev")
    assert (done.returncode, steps) == (2, [*STEPS[:3], "docker-down"])


@pytest.mark.parametrize("fails", ["", "make lint"])
def test_the_images_are_built_meanwhile_and_no_longer_than_that(tmp_path: Path, fails: str) -> None:
    run(tmp_path, fails=fails)
    warm_up = int((tmp_path / "log.warm-up").read_text())
    wait_until(lambda: not is_alive(warm_up), 10)


def test_trouble_while_tidying_does_not_change_the_verdict(tmp_path: Path) -> None:
    done, _ = run(tmp_path, fails="docker-down")
    assert done.returncode == 0
