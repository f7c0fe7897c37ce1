"""The children that a start waits for."""

import sys

import pytest

from studio import prepare
from studio.errors import StartRefused
from studio.server import Command


def run(code: str) -> StartRefused:
    with pytest.raises(StartRefused) as refused:
        prepare._run(Command("migrate", (sys.executable, "-c", code), {}))
    return refused.value


def test_a_child_that_refuses_has_said_why(capfd: pytest.CaptureFixture[str]) -> None:
    refused = run("import sys; print('wrong password'); sys.exit(77)")
    assert (refused.code, str(refused)) == (77, "")
    assert "wrong password" in capfd.readouterr().err


def test_a_child_that_was_killed_is_not_passed_over_in_silence() -> None:
    refused = run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert refused.code == 78
    assert "ended unexpectedly (signal SIGKILL)" in str(refused)
