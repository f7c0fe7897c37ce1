"""Show what a Studio is doing: a small table that is rewritten on a terminal, else single lines."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from deploy import ui
from deploy.studios.explain import plain
from deploy.wait import spelt

if TYPE_CHECKING:
    from rich.live import Live

    from deploy.seqera.models import Step, Studio

QUIET_S = 30
MARKS = {"succeeded": "✓", "errored": "✗", "in-progress": "…"}


@dataclass(slots=True)
class Progress:
    """What a person sees while a Studio starts or stops; `limit_s` is how long that may take."""

    limit_s: float
    stream: TextIO | None = None
    _live: Live | None = None
    _said: tuple[str, str] = ("", "")
    _said_at: float = 0

    def show(self, studio: Studio, elapsed_s: float) -> None:
        """Tell the status and the Platform's own steps, if there is something new to tell."""
        out = self.stream or sys.stderr
        line = f"{studio.status}: {spelt(elapsed_s)} of at most {spelt(self.limit_s)}"
        if out.isatty():
            with ui.to_whoever_reads(out):
                self._draw(out, "\n".join([line, *map(_marked, studio.progress)]))
            return
        step = current(studio)
        said = (studio.status, step)
        if said != self._said or elapsed_s - self._said_at >= QUIET_S:
            with ui.to_whoever_reads(out):
                print(f"{line} ({step})" if step else line, file=out, flush=True)
            self._said, self._said_at = said, elapsed_s

    def end(self) -> None:
        """Leave what is shown as it stands, so that the next line does not land on it."""
        if self._live is not None:
            with ui.to_whoever_reads(self.stream or sys.stderr):
                self._live.stop()
            self._live = None

    def _draw(self, out: TextIO, text: str) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        if self._live is None:
            # Without its own thread: it would go on drawing while an error is printed.
            self._live = Live(console=Console(file=out), auto_refresh=False)
            self._live.start()
        self._live.update(Text(text), refresh=True)


def current(studio: Studio) -> str:
    """Name the step that the Platform is at, or that failed."""
    for status in ("errored", "in-progress"):
        for step in studio.progress:
            if step.status == status:
                return plain(step.message)
    return ""


def _marked(step: Step) -> str:
    warnings = "".join(f"\n      {plain(warning)}" for warning in step.warnings)
    return f"  {MARKS.get(step.status, '·')} {plain(step.message)}{warnings}"
