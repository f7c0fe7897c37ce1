"""`studioctl verify`: a good Studio passes, and each fault makes exactly its own check fail."""

import json
import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.cli import app
from deploy.conformance import judging, running, tracking
from tests.image.containers import build, docker
from tests.running import CLEAN

TOY = Path(__file__).parent / "toy"
IN_AN_IMAGE = ("port", "data-links", "read-only")


def verify(*words: str) -> Result:
    return CliRunner().invoke(app, ["verify", *words])


def failed(answer: Result) -> list[str]:
    checks = json.loads(answer.stdout)["checks"]
    return [check["check"] for check in checks if check["verdict"] == "failed"]


def left_behind() -> str:
    ours = "--filter=label=io.seqera.studioctl.verify"
    return docker("ps", "--all", "--quiet", ours) + docker("volume", "ls", "--quiet", ours)


@pytest.fixture(scope="module")
def toy() -> str:
    """The image of a toy Studio that keeps every promise."""
    return build(TOY, "studioctl-verify-test:toy", buildkit=False)


def faulty(fault: str) -> str:
    """The image of one that breaks a promise."""
    tag = f"studioctl-verify-test:{fault}"
    return build(TOY, tag, f"--build-arg=FAULT={fault}", buildkit=False)


@pytest.mark.skipif(os.name == "nt", reason="the server does not run on Windows")
@pytest.mark.parametrize(
    "fault",
    [c.name for c in (*running.CHECKS, *tracking.CHECKS) if c.name not in IN_AN_IMAGE],
)
def test_a_fault_of_a_program_makes_exactly_its_own_check_fail(fault: str) -> None:
    program = (sys.executable, "-u", str(TOY / "studio.py"))
    generic = fault in {check.name for check in running.CHECKS}
    wish = judging.Wish("", mlflow=not generic, start_s=8, stop_s=3)
    results = list(judging.judge_here(program, {**CLEAN, "FAULT": fault}, wish))
    found = {result.check.name for result in results if result.verdict == "failed"}
    assert found == {fault}


@pytest.mark.mlflow
@pytest.mark.slow
def test_the_server_that_is_installed_here_does_what_every_studio_has_to() -> None:
    answer = verify("--local", "--any", "--json")
    assert failed(answer) == [], answer.stdout
    assert answer.exit_code == 0


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", IN_AN_IMAGE)
def test_a_fault_of_an_image_makes_exactly_its_own_check_fail(fault: str) -> None:
    wanted = "--mlflow" if fault == "read-only" else "--any"
    answer = verify(faulty(fault), wanted, "--json", "--start-limit", "5")
    assert failed(answer) == [fault], answer.stdout
    assert answer.exit_code == 1
    assert left_behind() == ""


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_good_image_passes_every_check_and_nothing_is_left_behind(toy: str) -> None:
    answer = verify(toy, "--mlflow", "--json")
    assert failed(answer) == []
    assert answer.exit_code == 0
    report = json.loads(answer.stdout)
    assert report["ok"] is True
    assert {check["check"] for check in report["checks"]} == {c.name for c in judging.CHECKS}
    assert left_behind() == ""


@pytest.mark.docker
@pytest.mark.mlflow
@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_the_real_image_holds_everything(image: str) -> None:
    answer = verify(image, "--json")
    assert failed(answer) == [], answer.stdout
    assert len(json.loads(answer.stdout)["checks"]) == len(judging.CHECKS)


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_report_is_one_line_a_check_with_evidence_and_remedy() -> None:
    answer = verify(faulty("port"), "--any", "--start-limit", "5")
    lines = answer.stdout.splitlines()
    (line,) = [line for line in lines if "port: it listens" in line]
    assert line.startswith(("✗", "FAILED"))
    assert "nothing answers there" in line
    assert "0.0.0.0" in lines[lines.index(line) + 1]
    assert "1 failed" in answer.stderr


@pytest.mark.docker
def test_an_image_that_is_nowhere_is_said() -> None:
    answer = verify("127.0.0.1:1/nowhere:1")
    assert answer.exit_code == 3
    assert "there is no such image" in answer.stderr
