"""The steps of a build, as both of Docker's builders tell them.

A step is shown when it starts and when it ends; what it prints is kept for the case that it fails,
since then the last lines say why.
"""

import re
from collections import deque
from dataclasses import dataclass, field

from deploy.docker.progress import Screen
from deploy.errors import StepFailed

LAST_LINES = 20
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# Codes of the system, not sentences: ENOSPC and ENOEXEC in the C library's words.
DISK_FULL = "no space left on device"
OTHER_PROCESSOR = "exec format error"
REMEDIES = {
    DISK_FULL: (
        "The disk of the Docker engine is full. `docker system df` shows what takes the room,\n"
        "`docker system prune` frees what is not in use."
    ),
    OTHER_PROCESSOR: (
        "The engine cannot run programs for that platform. Emulation is added with:\n"
        "  docker run --privileged --rm tonistiigi/binfmt --install all"
    ),
}


@dataclass(slots=True)
class Step:
    """One step: its name, and the end of what it printed."""

    name: str
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))


@dataclass(slots=True)
class Steps:
    """What a build has told so far."""

    screen: Screen
    step: Step = field(default_factory=lambda: Step("the build"))

    def start(self, name: str) -> Step:
        """Begin a step."""
        self.step = Step(_shortened(name))
        self.screen.move(self.step.name)
        return self.step

    def heard(self, step: Step, line: str) -> None:
        """Keep what a step prints."""
        plain = COLOURS.sub("", line.rpartition("\r")[2] or line).rstrip()
        if plain:
            step.lines.append(plain)
            self.screen.move(f"{step.name}: {plain}")

    def end(self, step: Step, how: str) -> None:
        """Show that a step is over."""
        self.screen.stay(f"{step.name}: {how}")

    def failure(self, step: Step, *more: str) -> StepFailed:
        """Quote the step that failed, with the end of what it printed."""
        self.screen.clear()
        lines = [self.screen.mask(line) for line in (*step.lines, *more) if line.strip()]
        text = "\n".join(lines).lower()
        remedy = next((said for sign, said in REMEDIES.items() if sign in text), "")
        return StepFailed(self.screen.mask(step.name), lines[-LAST_LINES:], remedy)


def _shortened(name: str) -> str:
    plain = " ".join(name.split())
    return plain if len(plain) <= 120 else plain[:119] + "…"
