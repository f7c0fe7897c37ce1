"""What a test replaces: time, and the patience with servers."""

from dataclasses import dataclass, field

import typer

from deploy.wait import Clock
from deploy.web import Patience


@dataclass(frozen=True, slots=True)
class World:
    """The clock and the patience that a command takes from its context."""

    clock: Clock = field(default_factory=Clock)
    patience: Patience = field(default_factory=Patience)


def world(context: typer.Context) -> World:
    """Give the world of a command: the real one, unless its caller has brought another."""
    return context.obj if isinstance(context.obj, World) else World()
