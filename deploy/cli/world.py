"""What a test replaces: time, the patience with servers, and whether there is somebody to ask."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import typer

from deploy.wait import Clock
from deploy.web import Patience


@dataclass(frozen=True, slots=True)
class World:
    """The clock, the patience and the terminal that a command takes from its context."""

    clock: Clock = field(default_factory=Clock)
    patience: Patience = field(default_factory=Patience)
    is_terminal: Callable[[], bool] = field(default=lambda: sys.stdin.isatty())


def world(context: typer.Context) -> World:
    """Give the world of a command: the real one, unless its caller has brought another."""
    return context.obj if isinstance(context.obj, World) else World()


def agreed(context: typer.Context, question: str, *, yes: bool) -> None:
    """Ask the person at the terminal; raise unless they agree, or have done so by --yes."""
    from deploy.errors import Declined

    if yes:
        return
    if not world(context).is_terminal():
        context.fail("there is nobody to ask; agree with --yes")
    # Not by typer.confirm, which writes a space to stdout.
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        print(file=sys.stderr)
    if answer.strip().lower() not in ("y", "yes"):
        raise Declined
