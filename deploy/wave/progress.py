"""Show that a build goes on: one line that is rewritten on a terminal, else a line now and then."""

import shutil
import sys
from dataclasses import dataclass
from typing import TextIO

from deploy import ui
from deploy.wait import spelt

QUIET_S = 30


@dataclass(slots=True)
class Progress:
    """What a person sees while Wave builds. There is no log to show before the build is over."""

    limit_s: float
    stream: TextIO | None = None
    _state: str = ""
    _said_at: float = 0
    _width: int = 0

    def show(self, state: str, elapsed_s: float) -> None:
        """Tell the state, if there is something new to tell."""
        out = self.stream or sys.stderr
        line = f"{state.lower()}: {spelt(elapsed_s)} of at most {spelt(self.limit_s)}"
        if out.isatty() and not ui.is_verbose():
            # A line that is wrapped cannot be written over.
            line = line[: shutil.get_terminal_size().columns - 1]
            with ui.to_whoever_reads(out):
                print("\r" + line.ljust(self._width), end="", file=out, flush=True)
            self._width = len(line)
        elif state != self._state or elapsed_s - self._said_at >= QUIET_S:
            with ui.to_whoever_reads(out):
                print(line, file=out, flush=True)
            self._said_at = elapsed_s
        self._state = state

    def end(self) -> None:
        """Leave the line that was rewritten, so that the next one does not land on it."""
        if self._width:
            out = self.stream or sys.stderr
            with ui.to_whoever_reads(out):
                print(file=out, flush=True)
            self._width = 0
