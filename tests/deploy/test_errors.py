"""Every failure: its exit code, its words, and what the root group makes of it."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from deploy import cli, errors
from deploy.preflight import Finding
from deploy.profile.tree import Problem

HERE = Path("here")
EXAMPLES = [
    (errors.StudioctlError("it went wrong"), 1),
    (errors.HomeUnusable(HERE, "read-only file system"), 1),
    (errors.PortTaken(5000, "address already in use"), 1),
    (errors.InvalidSetting("STUDIO_PORT", "'x' is not a port"), 3),
    (errors.ProfileMissing(HERE), 3),
    (errors.ProfileInvalid(HERE, [Problem(1, 7, ("name",), "there is nothing in it")]), 3),
    (errors.ProfileExists(HERE), 1),
    (errors.FileNotWritten(HERE, "read-only file system"), 1),
    (errors.ToolMissing("docker", "there is no docker command.", "Install it."), 4),
    (errors.BuildFailed(HERE, 17), 5),
    (errors.ContextInvalid(HERE, "there is no Dockerfile."), 3),
    (errors.ContextChanged(HERE, "a.txt"), 1),
    (errors.ContextTooLarge("9 MiB", "5 MiB", ["8 MiB  a.txt"]), 3),
    (errors.DockerfileTooLong(9_000, 7_500), 3),
    (errors.StepFailed("RUN false", ["exit code: 1"]), 5),
    (errors.PushFailed("a.io/b:c", "connection reset"), 5),
    (errors.RequestRefused("GET", "https://a/b", 400, "r-1", "no"), 6),
    (errors.Unreachable("GET", "https://a/b", "the connection was lost", True), 6),
    (errors.NotAllowed(errors.RequestRefused("GET", "https://a/b", 403, "r-1", "no")), 6),
    (errors.TurnedAway(errors.Unreachable("PUT", "https://a/b", "refused", True, False)), 6),
    (errors.AnswerLost(errors.RequestRefused("PUT", "https://a/b", 503, None, "later")), 6),
    (errors.StillCollecting("data-links"), 6),
    (errors.RateLimited("too many builds", True), 6),
    (errors.CredentialMissing("a token", "there is no token.", "Set one."), 4),
    (errors.WaveCannotBuild("https://wave.example.com", "not enabled"), 6),
    (errors.BuildUnknown("bd-1_1", "https://wave.example.com"), 6),
    (errors.ImageNotBuilt("bd-1_1", "it failed", ("RUN false",), "https://a/b", "Mend it."), 5),
    (errors.WrongPlatform("a/b:c", "linux/amd64", "linux/arm64"), 5),
    (errors.NoStates(HERE, "there is no state in it"), 1),
    (errors.StateUnusable(["20261122T233012Z-0a1b2c3d/7: the file is missing"]), 1),
    (errors.FileThere(HERE), 1),
    (errors.HomeInUse(HERE), 1),
    (errors.GaveUpWaiting("build bd-1_1", "15 min", "BUILDING", "studioctl wave wait x"), 7),
    (errors.TwFailed("tw studios add", 1, ["Forbidden"]), 6),
    (errors.TwCannot("0.36.2", ["environment: there is no --env"]), 4),
    (errors.PreflightFailed([Finding("role", "error", "too low", "Ask an owner.")]), 3),
    (errors.StudioGone('"mlflow"'), 6),
    (errors.NameTaken("mlflow"), 6),
    (errors.NoAddress("mlflow", "stopped", "studioctl start mlflow"), 6),
    (errors.StudioFailed("mlflow", "errored", ["No capacity."]), 6),
    (errors.StudioBuildFailed("mlflow", ["The step Build failed."]), 5),
    (errors.NotReady("mlflow", "2 min", "the database: disk full", "studioctl status"), 7),
    (errors.ChangedMeanwhile("mlflow", "its status is running, not stopped", "nothing"), 6),
    (errors.DataLeftBehind("mlflow", "no data link is mounted"), 1),
    (errors.Declined(), 1),
    (errors.RolledBack(errors.NotReady("mlflow", "2 min", "full", "look"), ["it runs"]), 7),
    (errors.LeftHalfWay("no", "interrupted", ["old: stopped"], ["studioctl start old"]), 6),
    (errors.NoPrevious("mlflow"), 1),
]


def an_app_that_raises(failure: BaseException) -> typer.Typer:
    app = typer.Typer(cls=cli.Root, rich_markup_mode=None, pretty_exceptions_enable=False)

    @app.command()
    def work() -> None:
        raise failure

    @app.command()
    def other() -> None:
        """A second command, so that Typer makes a group."""

    return app


@pytest.mark.parametrize(("failure", "code"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_a_failure_ends_with_its_code_and_says_what_happened_on_stderr(
    failure: errors.StudioctlError, code: int
) -> None:
    result = CliRunner().invoke(an_app_that_raises(failure), ["work"])
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    said = " ".join(result.stderr.split())
    assert " ".join(str(failure).split()) in said


def test_every_failure_has_an_example_here() -> None:
    classes = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.StudioctlError)
    }
    assert classes == {type(failure) for failure, _ in EXAMPLES}


@pytest.mark.parametrize(("method", "advice"), [("GET", "--workspace"), ("PUT", "Maintain")])
def test_who_may_not_look_gets_another_advice_than_who_may_not_change(
    method: str, advice: str
) -> None:
    said = str(errors.NotAllowed(errors.RequestRefused(method, "https://a/b", 403, None, "no")))
    assert [word for word in ("--workspace", "Maintain") if word in said] == [advice]


def test_a_bug_of_ours_keeps_its_traceback_and_asks_to_be_reported() -> None:
    result = CliRunner().invoke(an_app_that_raises(ZeroDivisionError("oh")), ["work"])
    assert result.exit_code == errors.BUG
    assert "Traceback" in result.stderr
    assert "ZeroDivisionError: oh" in result.stderr
    assert "please report it" in result.stderr


def test_an_interrupt_ends_with_130_and_without_a_traceback() -> None:
    result = CliRunner().invoke(an_app_that_raises(KeyboardInterrupt()), ["work"])
    assert result.exit_code == errors.INTERRUPTED
    assert "Traceback" not in result.stderr


def test_wrong_usage_stays_typers_own() -> None:
    failure = typer.BadParameter("no such place", param_hint="--data")
    result = CliRunner().invoke(an_app_that_raises(failure), ["work"])
    assert result.exit_code == 2
    assert "no such place" in result.stderr
    assert "bug" not in result.stderr


def test_a_message_is_indented_below_its_first_word() -> None:
    failure = errors.StudioctlError("first line.\nsecond line.")
    result = CliRunner().invoke(an_app_that_raises(failure), ["work"])
    assert result.stderr == "error: first line.\n       second line.\n"
