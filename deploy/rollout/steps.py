"""Do some things one after the other, or none of them: each step knows how it is undone.

An undo looks at what is there and mends it, so it can be asked of a step that never got to act, or
of which nobody knows whether it did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from deploy import ui
from deploy.errors import LeftHalfWay, RolledBack, StudioctlError

INTERRUPTED = "interrupted by Ctrl-C"


def _nothing() -> None:
    """Leave what a step did as it is."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `undo` may be called after a `do` that came to no end."""

    name: str
    do: Callable[[], None]
    undo: Callable[[], None] = _nothing


@dataclass(slots=True)
class Journal:
    """What has been done, for people; `where` and `by_hand` are asked if nothing more can be done.

    They must answer at once, from what is known: the server may not answer any more. `undoing`
    tells that a change is being taken back.
    """

    where: Callable[[], Sequence[str]] = tuple
    by_hand: Callable[[], Sequence[str]] = tuple
    done: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    undoing: bool = False

    def say(self, line: str) -> None:
        """Tell the person at the terminal."""
        ui.say(line)

    def note(self, act: str) -> None:
        """Say what was done, and keep it."""
        ui.say(act)
        (self.undone if self.undoing else self.done).append(act)

    def warn(self, warning: str) -> None:
        """Say what did not go as it should, though the rest did, and keep it."""
        ui.say(f"warning: {warning}")
        self.warnings.append(warning)

    def run(self, steps: Sequence[Step]) -> None:
        """Do the steps; after a failure, or Ctrl-C, undo those that were begun, the last first.

        A second Ctrl-C ends the undoing at once.
        """
        begun: list[Step] = []
        try:
            for step in steps:
                begun.append(step)
                step.do()
        except BaseException as failure:
            if begun:
                self._undo(begun, failure)
            if isinstance(failure, StudioctlError) and self.undone:
                raise RolledBack(failure, self.undone) from failure
            raise

    def _undo(self, begun: list[Step], failure: BaseException) -> None:
        why = INTERRUPTED if isinstance(failure, KeyboardInterrupt) else "this failed"
        self.undoing = True
        if any(each.undo is not _nothing for each in begun):
            ui.say(f"{begun[-1].name}: {why}; going back (Ctrl-C leaves everything as it is now)")
        try:
            for each in reversed(begun):
                each.undo()
        except KeyboardInterrupt:
            ui.complain(str(self._left(failure, INTERRUPTED)))
            raise
        except StudioctlError as error:
            left = self._left(failure, str(error))
            if not isinstance(failure, KeyboardInterrupt):
                raise left from error
            ui.complain(str(left))

    def _left(self, failure: BaseException, why: str) -> LeftHalfWay:
        cause = str(failure) if isinstance(failure, StudioctlError) else INTERRUPTED
        return LeftHalfWay(cause, why, self.where(), self.by_hand())
