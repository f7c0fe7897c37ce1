"""Wait for a Studio to run, or to stop. The work is the Platform's: Ctrl-C leaves it going on.

The Platform has no call that waits, and `tw --wait` ends at the first question that fails.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from deploy import ui
from deploy.errors import (
    GaveUpWaiting,
    RequestRefused,
    StudioBuildFailed,
    StudioFailed,
    StudioGone,
    Unreachable,
)
from deploy.studios import explain
from deploy.studios.progress import Progress
from deploy.wait import Clock, pauses, spelt

if TYPE_CHECKING:
    from deploy.seqera.models import Studio
    from deploy.seqera.studios import Studios

Goal = Literal["running", "stopped"]
START_LIMIT_S = 30 * 60
# A session gets SIGTERM, 30 s later SIGKILL; then its last checkpoint is saved.
STOP_LIMIT_S = 15 * 60
FIRST_PAUSE_S = 2
LONGEST_PAUSE_S = 15
# What was asked for may not show at once: until then the old status is no answer.
STALE_S = 60
# A server that answers with an error again and again will not answer otherwise.
MOST_ERRORS = 8
_WHAT = {"running": "the start", "stopped": "the stop"}
_VERB = {"running": "start", "stopped": "stop"}


def wait(
    studios: Studios,
    id_: str,
    goal: Goal,
    limit_s: float,
    clock: Clock,
    progress: Progress | None = None,
    before: Studio | None = None,
    verb: str = "",
    chance: Callable[[], float] = random.random,
) -> Studio:
    """Ask until the Studio has come to rest; raise unless it is what was wanted.

    `before` is the Studio as it was before it was told to start or stop. A question that gets no
    answer does not end the wait. A Studio that fails raises at once, with all that is known.
    `verb` is the command that goes on waiting, where that is not the goal's own.
    """
    begun, errors, last = clock.steady(), 0, before
    shown = progress or Progress(limit_s)
    try:
        for pause in pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S, 1.5):
            try:
                studio = studios.described(id_)
            except (Unreachable, RequestRefused, StudioGone) as error:
                errors += 1
                if errors > MOST_ERRORS or not _may_pass(error, clock.steady() - begun):
                    raise
                shown.end()
                ui.say(f"{_short(error)}; asking again")
            else:
                errors, last = 0, studio
                elapsed = clock.steady() - begun
                is_old = before is not None and _same(before, studio) and elapsed < STALE_S
                if not is_old and _is_over(studio, goal):
                    return _wanted(studio, goal, studios.workspace_id)
                shown.show(studio, elapsed)
            elapsed = clock.steady() - begun
            if elapsed >= limit_s:
                name, status = (last.name, last.status) if last else (None, "not known")
                # It waits for what is on its way already.
                resume = explain.command(verb or _VERB[goal], name, studios.workspace_id)
                what = f"{_WHAT[goal]} of the Studio {name or id_}"
                raise GaveUpWaiting(what, spelt(limit_s), status, resume)
            # Spread, so that several who wait do not ask at the same moments.
            clock.sleep(min(pause * (1 + chance() / 4), max(limit_s - elapsed, 0.1)))
    finally:
        shown.end()
    raise AssertionError("pauses never end")


def _same(before: Studio, studio: Studio) -> bool:
    return (before.status, before.status_at) == (studio.status, studio.status_at)


def _is_over(studio: Studio, goal: Goal) -> bool:
    """A Studio that is to stop may go on running for a while; nothing else comes after the rest."""
    return studio.idle or (goal == "running" and studio.terminal)


def _wanted(studio: Studio, goal: Goal, workspace_id: int | None) -> Studio:
    """An errored Studio does not run, which is all that a stop is for."""
    if goal == "stopped" or studio.status == "running":
        return studio
    look = explain.command("status", studio.name, workspace_id)
    lines = [*explain.failure(studio), f"More about it: {look}"]
    if studio.status == "buildFailed":
        raise StudioBuildFailed(studio.name, lines)
    raise StudioFailed(studio.name, f"it is {studio.status}.", lines)


def _may_pass(error: Unreachable | RequestRefused | StudioGone, elapsed_s: float) -> bool:
    """Tell whether to ask again: what was made a moment ago may not be known everywhere."""
    if isinstance(error, StudioGone):
        return elapsed_s < FIRST_PAUSE_S * 4
    if isinstance(error, Unreachable):
        return error.passing
    return error.status == 429 or error.status >= 500


def _short(error: Unreachable | RequestRefused | StudioGone) -> str:
    return str(error).splitlines()[0] if isinstance(error, StudioGone) else error.short
