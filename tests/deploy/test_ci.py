"""The steps of the reusable workflow as a runner calls them: codes, summary, outputs, secrets."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from deploy.wait import Clock
from tests.deploy.calling import ROOT
from tests.deploy.commands.calling import PROFILE
from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN, Platform, Started
from tests.fakes.registry import Registry
from tests.fakes.sessions import READY


@dataclass
class Runner:
    """A job in a checkout with a profile; `summary` and `outputs` are what the forge would show."""

    platform: Platform
    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def runs(self, *words: str) -> subprocess.CompletedProcess[str]:
        for name in ("summary", "outputs"):
            (self.folder / name).unlink(missing_ok=True)
        return subprocess.run(
            [sys.executable, "-P", "-m", "deploy.ci", *words],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "HOME": str(self.folder),
                "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
                "GITHUB_OUTPUT": str(self.folder / "outputs"),
                "GITHUB_ACTIONS": "true",
                "TOWER_API_ENDPOINT": self.platform.endpoint,
                "TOWER_ACCESS_TOKEN": TOKEN,
                **self.env,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def read(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else ""


@pytest.fixture
def a_runner(tmp_path: Path) -> Iterator[Runner]:
    with Platform(Clock()) as platform, Registry(FakeClock()) as registry:
        registry.push("acme/mlflow:1")
        platform.add_compute_env("aws-eu", platform="aws-cloud", allowBuckets=["s3://acme-runs"])
        platform.add_link("runs", "s3://acme-runs")
        platform.lives.usual_start = Started(starting_s=0)
        platform.sessions.usual = READY
        profile = {**PROFILE, "image": {"reference": f"{registry.host}/acme/mlflow:1"}}
        profile["stages"] = {"prod": {"name": "mlflow-prod"}}
        (tmp_path / "studio.yaml").write_text(yaml.safe_dump(profile))
        # A checkout may have a package of this name, too, which is nothing to us.
        (tmp_path / "deploy").mkdir()
        (tmp_path / "deploy" / "__init__.py").write_text("raise SystemExit('not ours')\n")
        yield Runner(platform, tmp_path)


# What a workflow passes for inputs that nobody gave.
NOTHING_GIVEN = ("--file", "", "--stage", "", "--workspace", "")


def test_a_plan_with_changes_is_no_failure_and_is_shown(a_runner: Runner) -> None:
    done = a_runner.runs("plan", *NOTHING_GIVEN)
    assert done.returncode == 0, done.stderr
    assert a_runner.read("outputs") == "changes=true\n"
    assert a_runner.read("summary").startswith("### Studio `mlflow` in `Acme/ml`: create\n")
    assert a_runner.platform.writes() == []


def test_a_deploy_gives_the_address_and_then_there_is_nothing_to_do(a_runner: Runner) -> None:
    done = a_runner.runs("deploy", *NOTHING_GIVEN)
    assert done.returncode == 0, done.stderr
    url = a_runner.platform.studio("mlflow").url
    assert a_runner.read("outputs") == f"url={url}\n"
    assert f"* address: `{url}`" in a_runner.read("summary")
    assert "ready: `ready`" in a_runner.read("summary")
    assert a_runner.runs("plan", *NOTHING_GIVEN).returncode == 0
    assert a_runner.read("outputs") == "changes=false\n"
    assert ": nothing\n" in a_runner.read("summary")


def test_inputs_are_passed_on(a_runner: Runner) -> None:
    (a_runner.folder / "studio.yaml").rename(a_runner.folder / "a profile.yaml")
    words = ("--file", "a profile.yaml", "--stage", "prod", "--workspace", "Acme/bio")
    done = a_runner.runs("plan", *words)
    assert done.returncode == 3
    assert 'there is no "aws-eu" in this workspace' in done.stderr
    assert a_runner.runs("plan", *words[:4]).returncode == 0
    assert "### Studio `mlflow-prod` in `Acme/ml`" in a_runner.read("summary")


def test_what_stands_against_it_is_in_the_summary_and_fails_the_job(a_runner: Runner) -> None:
    a_runner.platform.workspaces[0].roles = ["view"]
    for step in ("plan", "deploy"):
        done = a_runner.runs(step, *NOTHING_GIVEN)
        assert done.returncode == 3
        assert a_runner.read("summary").startswith("### Nothing can be deployed\n")
        assert a_runner.read("outputs") == ""


def test_an_error_without_a_document_is_quoted(a_runner: Runner) -> None:
    (a_runner.folder / "studio.yaml").write_text("nmae: mlflow\n")
    done = a_runner.runs("plan", *NOTHING_GIVEN)
    assert done.returncode == 3
    assert a_runner.read("summary").startswith("### studioctl plan failed\n")
    assert "did you mean" in a_runner.read("summary")


def test_without_a_forge_it_prints_the_summary(a_runner: Runner) -> None:
    a_runner.env |= {"GITHUB_STEP_SUMMARY": "", "GITHUB_OUTPUT": ""}
    done = a_runner.runs("plan")
    assert done.returncode == 0
    assert done.stdout.startswith("### Studio `mlflow`")


def test_a_secret_reaches_the_studio_and_is_shown_nowhere(a_runner: Runner) -> None:
    path = a_runner.folder / "studio.yaml"
    profile = yaml.safe_load(path.read_text())
    profile["environment"] = {"A_PASSWORD": {"from_env": "MY_PASSWORD", "visible": True}}
    path.write_text(yaml.safe_dump(profile))
    a_runner.env["STUDIO_VARIABLES"] = "MY_PASSWORD=planted=%0Avalue\n\nOTHER=\n"
    said = ""
    for step in ("plan", "deploy"):
        done = a_runner.runs(step, *NOTHING_GIVEN)
        assert done.returncode == 0, done.stderr
        # The one line in which the forge is told what to hide, and which it hides itself.
        lines = done.stdout.splitlines()
        assert lines.pop(0) == "::add-mask::planted=%250Avalue"
        said += "".join((*lines, done.stderr, *map(a_runner.read, ("summary", "outputs"))))
    assert "planted" not in said
    assert TOKEN not in said
    studio = a_runner.platform.studio("mlflow")
    assert studio.configuration["environment"]["A_PASSWORD"] == "planted=%0Avalue"


def test_what_no_output_could_be_without_is_not_hidden(a_runner: Runner) -> None:
    a_runner.env["STUDIO_VARIABLES"] = "FLAG=true\nA_TOKEN=true\nREGION=cloud\nWORKERS=1\n"
    done = a_runner.runs("plan", *NOTHING_GIVEN)
    assert "::add-mask::" not in done.stdout
    assert a_runner.read("outputs") == "changes=true\n"


def test_another_forge_is_not_shown_what_it_could_not_hide(a_runner: Runner) -> None:
    a_runner.env |= {"STUDIO_VARIABLES": "MY_PASSWORD=planted=value", "GITHUB_ACTIONS": ""}
    done = a_runner.runs("plan", *NOTHING_GIVEN)
    assert done.returncode == 0
    assert "planted" not in done.stdout + done.stderr


def test_variables_that_cannot_be_read_are_not_repeated(a_runner: Runner) -> None:
    a_runner.env["STUDIO_VARIABLES"] = "GOOD=1\nplanted value"
    done = a_runner.runs("plan")
    assert done.returncode == 2
    assert "line 2" in done.stderr
    assert "planted" not in done.stdout + done.stderr


def test_the_steps_are_explained() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.ci", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for word in ("plan", "deploy", "--stage", "--workspace"):
        assert word in done.stdout


def test_a_long_result_does_not_stop_the_command(tmp_path: Path) -> None:
    from deploy.process import Command, watch

    talks = "import sys; print('x' * 10**6); print('said', file=sys.stderr); sys.exit(7)"
    done = watch(Command((sys.executable, "-c", talks), dict(os.environ)))
    assert (done.code, len(done.stdout.strip()), done.stderr.strip()) == (7, 10**6, "said")
