"""The door to other programs: what a command printed on which channel, and how long it may take."""

import os
import sys
import time
from pathlib import Path

import pytest

from deploy import process, ui
from deploy.process import Answer, Command, Outcome

# Without it no Python starts on Windows.
NEEDED = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}


def python(script: str, **env: str) -> Command:
    return Command((sys.executable, "-c", script), {**NEEDED, **env})


def test_an_answer_keeps_the_channels_apart() -> None:
    script = "import sys; print('ü'); print('oh', file=sys.stderr); sys.exit(3)"
    answer = process.call(python(script, PYTHONUTF8="1"), 30)
    assert (answer.code, answer.stdout, answer.stderr) == (3, "ü\n", "oh\n")


def test_what_is_no_text_is_read_all_the_same() -> None:
    answer = process.call(python(r"import sys; sys.stdout.buffer.write(b'\xff')"), 30)
    assert answer.stdout == "\N{REPLACEMENT CHARACTER}"


def test_a_command_that_does_not_end_in_time_has_failed() -> None:
    never = python("import time; time.sleep(60)")
    assert process.call(never, 0.1) == Answer(124, "", "no answer within 0 s")
    assert process.ask(never, 0.1) == Outcome(124, "no answer within 0 s")


def test_a_command_reads_nothing_and_gets_the_environment_that_is_given() -> None:
    script = "import os, sys; print(repr(sys.stdin.read()), os.environ.get('A'))"
    assert process.call(python(script, A="b"), 30).stdout == "'' b\n"


@pytest.mark.parametrize("shown", [repr, str])
def test_what_was_printed_and_the_environment_are_not_shown(shown: type[str]) -> None:
    assert "hunter2" not in shown(Answer(0, "hunter2", "hunter2"))
    assert "hunter2" not in shown(python("pass", PASSWORD="hunter2"))


@pytest.mark.parametrize(
    "words",
    [
        ("tw", "studios", "add", "--env=PASSWORD=hunter2"),
        ("docker", "run", "--env", "PASSWORD=hunter2"),
        ("docker", "build", "--build-arg=A=b=hunter2"),
        ("pip", "install", "--index-url", "https://me:hunter2@example.com"),
        ("tw", "--access-token=planted-hunter2"),
    ],
    ids=" ".join,
)
def test_a_command_is_shown_without_values_that_may_be_secret(words: tuple[str, ...]) -> None:
    command = Command(words, {"TOWER_ACCESS_TOKEN": "planted-hunter2"})
    assert "hunter2" not in str(command) + repr(command)
    assert str(command).startswith(words[0])


def test_a_started_program_is_said_where_details_are_wanted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ui.be_verbose(True)
    try:
        process.ask(python("pass"), 30)
    finally:
        ui.be_verbose(False)
    process.ask(python("pass"), 30)
    assert capsys.readouterr().err == f"· starting {python('pass')}\n"


CHILD = "import os, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(60)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no sessions of processes")
def test_whoever_is_killed_takes_along_what_has_a_session_of_its_own(tmp_path: Path) -> None:
    log = tmp_path / "log"
    background = process.Background(python(PARENT), log)
    while not log.read_text().strip():
        assert background.running
        time.sleep(0.02)
    child = int(log.read_text())
    background.kill()
    assert child not in process._living()
    assert not background.running
