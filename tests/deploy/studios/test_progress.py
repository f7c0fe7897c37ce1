"""What a person sees while a Studio starts."""

import io
from dataclasses import replace

from deploy.seqera.models import Step, Studio
from deploy.studios.progress import Progress, current

STEPS = (
    Step("Provisioning", "succeeded"),
    Step("Pulling image", "in-progress", ("slow registry",)),
    Step("Starting", "pending"),
)
STUDIO = Studio("a", "mlflow", status="starting", progress=STEPS)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_a_line_comes_when_something_is_new_and_now_and_then() -> None:
    out = io.StringIO()
    progress = Progress(1800, out)
    for elapsed_s in (0, 2, 5, 31, 40):
        progress.show(STUDIO, elapsed_s)
    progress.show(replace(STUDIO, status="running"), 41)
    progress.end()
    assert out.getvalue().splitlines() == [
        "starting: 0 s of at most 30 min (Pulling image)",
        "starting: 31 s of at most 30 min (Pulling image)",
        "running: 41 s of at most 30 min (Pulling image)",
    ]


def test_on_a_terminal_the_steps_are_drawn_and_stay_when_it_is_over() -> None:
    out = Terminal()
    progress = Progress(1800, out)
    progress.show(STUDIO, 5)
    progress.show(STUDIO, 7)
    progress.end()
    progress.end()
    said = out.getvalue()
    assert "starting: 7 s of at most 30 min" in said
    for line in ("✓ Provisioning", "… Pulling image", "slow registry", "· Starting"):
        assert line in said
    assert said.endswith(("\n", "\x1b[?25h"))


def test_what_is_shown_cannot_move_the_cursor() -> None:
    odd = replace(STUDIO, progress=(Step("Pull\x1b[2J", "in-progress", ("a\nb\x07",)),))
    for out in (io.StringIO(), Terminal()):
        progress = Progress(1800, out)
        progress.show(odd, 5)
        progress.end()
        assert "Pull[2J" in out.getvalue()
        assert "\x07" not in out.getvalue()


def test_the_step_that_failed_comes_before_one_that_goes_on() -> None:
    failed = (Step("Pulling", "in-progress"), Step("Mounting", "errored"))
    assert current(replace(STUDIO, progress=failed)) == "Mounting"
    assert current(replace(STUDIO, progress=())) == ""
