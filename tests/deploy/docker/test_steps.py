"""What people see of a build: a moving line on a terminal, plain lines elsewhere."""

import io

import pytest

from deploy.docker.progress import Screen
from deploy.docker.steps import Steps


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_ci_there_are_plain_lines_with_the_time() -> None:
    clock = iter([0.0, 75.0])
    out = io.StringIO()
    screen = Screen(out, steady=lambda: next(clock))
    screen.move("never shown")
    screen.stay("step done")
    assert out.getvalue() == "1 min 15 s  step done\n"


def test_on_a_terminal_one_line_moves_and_none_is_left_of_it() -> None:
    out = Terminal()
    screen = Screen(out, steady=lambda: 0)
    screen.move("RUN make\t\x07")
    screen.stay("RUN make: done")
    screen.clear()
    assert out.getvalue() == "\r\x1b[KRUN make    0 s\r\x1b[KRUN make: done\n"


def test_a_moving_line_is_cut_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    out = Terminal()
    Screen(out, steady=lambda: 0).move("x" * 200)
    assert len(out.getvalue()) == len("\r\x1b[K") + 39


def test_nothing_is_shown_unmasked() -> None:
    for out in (io.StringIO(), Terminal()):
        screen = Screen(out, mask=lambda text: text.replace("geheim", "***"))
        steps = Steps(screen)
        step = steps.start("RUN login geheim")
        steps.heard(step, "as geheim")
        steps.end(step, "done")
        failure = steps.failure(step, "with geheim")
        assert "geheim" not in out.getvalue() + str(failure)
        assert "RUN login ***" in str(failure)


def test_only_the_end_of_the_output_is_quoted() -> None:
    steps = Steps(Screen(io.StringIO()))
    step = steps.start("RUN  make \\\n    all")
    for number in range(100):
        steps.heard(step, f"line {number}")
    steps.heard(step, "10 %\r50 %\r\x1b[32m100 %\x1b[0m")
    failure = steps.failure(step, "exit code: 1")
    assert failure.step == "RUN make \\ all"
    assert failure.lines[-2:] == ("100 %", "exit code: 1")
    assert len(failure.lines) == 20


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("write /x: No space left on device", "docker system prune"),
        ("exec /bin/sh: exec format error", "binfmt"),
        ("make: *** [all] Error 2", ""),
    ],
)
def test_known_causes_have_a_remedy(line: str, remedy: str) -> None:
    steps = Steps(Screen(io.StringIO()))
    said = str(steps.failure(steps.start("RUN x"), line))
    assert remedy in said
    assert ("docker" in said) == bool(remedy)
