"""`studioctl verify`: a good Studio passes, and each fault makes exactly its own check fail."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.cli import app
from deploy.conformance import judging, promises, report, running
from tests.image.containers import build, docker
from tests.running import CLEAN

TOY = Path(__file__).parent / "toy"
BAD = Path(__file__).parent / "bad"
IN_AN_IMAGE = ("port", "data-links", "read-only")


def verify(*words: str) -> Result:
    return CliRunner().invoke(app, ["verify", *words])


def failed(answer: Result) -> list[str]:
    checks = json.loads(answer.stdout)["checks"]
    return [check["check"] for check in checks if check["verdict"] == "failed"]


def lying_about() -> set[str]:
    """All containers and volumes of `studioctl verify` that there are on this machine."""
    ours = "--filter=label=io.seqera.studioctl.verify"
    found = docker("ps", "--all", "--quiet", ours), docker("volume", "ls", "--quiet", ours)
    return {name for names in found for name in names.split()}


@pytest.fixture
def left_behind() -> Callable[[], set[str]]:
    """What of that was not there before the test: another one may run, or was killed once."""
    before = lying_about()
    return lambda: lying_about() - before


@pytest.fixture(scope="module")
def toy() -> str:
    """The image of a toy Studio that keeps every promise."""
    return build(TOY, "studioctl-verify-test:toy", buildkit=False)


def faulty(fault: str) -> str:
    """The image of one that breaks a promise."""
    tag = f"studioctl-verify-test:{fault}"
    return build(TOY, tag, f"--build-arg=FAULT={fault}", buildkit=False)


def judged_here(fault: str, *, mlflow: bool, start_s: float = 8) -> dict[str, report.Result]:
    """Judge the toy as a program of this machine; each result by the name of its check."""
    program = (sys.executable, "-u", str(TOY / "studio.py"))
    wish = judging.Wish(start_s, mlflow, stop_s=2)
    results = judging.judge_here(program, wish, {**CLEAN, "FAULT": fault})
    return {result.check.name: result for result in results}


def failed_here(results: dict[str, report.Result]) -> set[str]:
    return {name for name, result in results.items() if result.verdict == "failed"}


@pytest.mark.skipif(os.name == "nt", reason="the server does not run on Windows")
@pytest.mark.parametrize(
    "fault",
    [c.name for c in (*running.CHECKS, *promises.CHECKS) if c.name not in IN_AN_IMAGE],
)
def test_a_fault_of_a_program_makes_exactly_its_own_check_fail(fault: str) -> None:
    generic = fault in {check.name for check in running.CHECKS}
    assert failed_here(judged_here(fault, mlflow=not generic)) == {fault}


@pytest.mark.skipif(os.name == "nt", reason="the server does not run on Windows")
@pytest.mark.parametrize(
    ("fault", "check", "said"),
    [
        ("start-late", "start", "no answer after 2 s; its last words: waiting for something"),
        ("start-dies", "start", "it has ended"),
        ("restart-link", "restart", "it is running already"),
    ],
)
def test_another_fault_of_the_same_kind_fails_the_same_check(
    fault: str, check: str, said: str
) -> None:
    results = judged_here(fault, mlflow=False, start_s=2)
    assert failed_here(results) == {check}
    assert said in results[check].evidence


@pytest.mark.skipif(os.name == "nt", reason="the server does not run on Windows")
def test_a_program_that_dies_while_it_is_asked_fails_and_holds_nobody_up() -> None:
    verdicts = judged_here("dies", mlflow=True)
    assert set(verdicts) == {check.name for check in (*running.CHECKS, *promises.CHECKS)}
    assert verdicts["saves"].verdict == "failed"
    assert "502: the Studio does not answer" in verdicts["saves"].evidence


@pytest.mark.mlflow
@pytest.mark.slow
def test_the_server_that_is_installed_here_does_what_every_studio_has_to() -> None:
    answer = verify("--local", "--any", "--json")
    assert failed(answer) == [], answer.stdout
    assert answer.exit_code == 0


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("fault", "check"), [*zip(IN_AN_IMAGE, IN_AN_IMAGE, strict=True), ("start-late", "start")]
)
def test_a_fault_of_an_image_makes_exactly_its_own_check_fail(
    fault: str, check: str, left_behind: Callable[[], set[str]]
) -> None:
    wanted = "--mlflow" if fault == "read-only" else "--any"
    limit = {"data-links": "20", "read-only": "20", "port": "8"}.get(fault, "2")
    answer = verify(faulty(fault), wanted, "--json", "--start-limit", limit)
    assert failed(answer) == [check], answer.stdout
    assert answer.exit_code == 1
    assert left_behind() == set()


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_good_image_passes_every_check_and_nothing_is_left_behind(
    toy: str, left_behind: Callable[[], set[str]]
) -> None:
    answer = verify(toy, "--mlflow", "--json")
    assert failed(answer) == []
    assert answer.exit_code == 0
    document = json.loads(answer.stdout)
    assert document["ok"] is True
    assert {check["check"] for check in document["checks"]} == {c.name for c in judging.CHECKS}
    assert left_behind() == set()


@pytest.mark.docker
@pytest.mark.mlflow
@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_the_real_image_holds_everything(image: str) -> None:
    answer = verify(image, "--json")
    assert failed(answer) == [], answer.stdout
    assert len(json.loads(answer.stdout)["checks"]) == len(judging.CHECKS)


@pytest.mark.docker
@pytest.mark.mlflow
@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_an_image_that_rewrites_host_and_ignores_the_user_is_told_so(image: str) -> None:
    """The first public attempt, on MLflow's own application: it serves its page, and looks well."""
    tag = "studioctl-verify-test:rewriting"
    bad = build(BAD / "rewriting", tag, f"--build-arg=IMAGE={image}", buildkit=False)
    answer = verify(bad, "--json", "--start-limit", "60")
    assert failed(answer) == [
        *("ready", "saves", "kept", "clones"),
        *("variables", "hosts", "prefix", "read-only"),
    ], answer.stdout
    evidence = {check["check"]: check["evidence"] for check in json.loads(answer.stdout)["checks"]}
    assert "403" in evidence["saves"]
    assert evidence["hosts"] == "200"
    assert "runs: none" in evidence["kept"]
    assert "studioctl-verify.db was not made" in evidence["variables"]


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_image_without_label_that_is_deaf_to_sigterm_is_told_so() -> None:
    bad = build(BAD / "deaf", "studioctl-verify-test:deaf", buildkit=False)
    results = list(judging.judge(bad, judging.Wish(30, stop_s=2), os.environ))
    assert {result.check.name: result.verdict for result in results} == {
        **{check.name: "ok" for check in judging.CHECKS if check not in promises.CHECKS},
        "label": "failed",
        "signal": "failed",
    }


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_program_that_is_not_there_fails_the_start_and_the_rest_is_not_checked(
    toy: str, tmp_path: Path, left_behind: Callable[[], set[str]]
) -> None:
    (tmp_path / "Dockerfile").write_text(f'FROM {toy}\nCMD ["/no/such/program"]\n')
    bad = build(tmp_path, "studioctl-verify-test:none", buildkit=False)
    answer = verify(bad, "--mlflow", "--json")
    assert failed(answer) == ["start"]
    checks = {check["check"]: check for check in json.loads(answer.stdout)["checks"]}
    assert "/no/such/program" in checks["start"]["evidence"]
    assert {checks[check.name]["verdict"] for check in promises.CHECKS} == {"not checked"}
    assert left_behind() == set()


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_one_leaves_nothing_behind(
    toy: str, number: int, code: int, left_behind: Callable[[], set[str]]
) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "verify", toy, "--mlflow"],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    with started:
        assert started.stdout is not None
        for line in started.stdout:
            if "restart: " in line:
                break
        assert left_behind() != set()
        started.send_signal(number)
        started.stdout.read()
        assert started.wait(60) == code
    assert left_behind() == set()


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_report_is_one_line_a_check_with_evidence_and_remedy() -> None:
    answer = verify(faulty("port"), "--any", "--start-limit", "8")
    lines = answer.stdout.splitlines()
    (line,) = [line for line in lines if "port: it listens" in line]
    assert line.startswith(("✗", "FAILED"))
    assert "nothing answers there after 8 s; it listens at 127.0.0.1:8765" in line
    assert "0.0.0.0" in lines[lines.index(line) + 1]
    assert "5 hold, 1 failed, 4 not checked" in answer.stderr


@pytest.mark.docker
def test_an_image_that_is_nowhere_is_said() -> None:
    answer = verify("127.0.0.1:1/nowhere:1")
    assert answer.exit_code == 3
    assert "it is not here, and cannot be pulled: " in answer.stderr
