"""Rehearse a restore from the link: what cannot be restored must be noticed while we still run."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from studio.snapshots import local, restore, scan, status
from studio.snapshots.manifest import ManifestError, Pack
from studio.snapshots.publish import Publisher
from studio.snapshots.status import Status

EVERY_S = 1200.0
_AGAIN_S = 60.0

Check: TypeAlias = Callable[[], None]


class NotRehearsed(Exception):
    """The link or our own disk did not let us: that says nothing about the state."""


class Drill:
    """Restores the newest state into a scratch file, after each new base and every 20 minutes.

    A state that does not come back whole is distrusted, so that the next publish is a new base. It
    takes its turn between publishes in a process of low priority, and stops at once when asked to.
    """

    def __init__(
        self,
        publisher: Publisher,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publisher, self._say, self._clock = publisher, say, clock
        self._base: Pack | None = None
        self._next_at = 0.0

    def turn(self, now: Status, check: Check) -> Status:
        """Rehearse if it is due; the status with the result."""
        published = self._publisher.published
        base = next(iter(self._publisher.chain), None)
        if published is None or base is None:  # or distrusted, and a new base is on its way
            return now
        began = self._clock()
        if base == self._base and began < self._next_at:
            return now
        pause = EVERY_S
        try:
            reason = rehearse(self._publisher, check)
        except NotRehearsed as exc:
            pause = _AGAIN_S
            reason = f"not rehearsed: {exc}"
            words = f"a restore of state {published.state.seq} was {reason}"
        else:
            words = f"a rehearsed restore of state {published.state.seq} gives the same database"
            if reason:
                words = f"state {published.state.seq} cannot be restored: {reason}"
        if now.drill is None or base != self._base or reason != now.drill.reason:
            self._say(words)
        ended = self._clock()
        self._base, self._next_at = base, ended + pause
        seconds = round(ended - began, 3)
        state = str(published.state)
        result = status.Drill(state, reason is None, round(time.time(), 3), seconds, reason)
        return replace(now, drill=result)


def rehearse(publisher: Publisher, check: Check = lambda: None) -> str | None:
    """Read the newest state from the link and restore it; why that fails, None if it does not.

    What does not come back as it was written is distrusted. NotRehearsed if it could not be tried.
    """
    if publisher.published is None:
        return None
    target, state = publisher.target, publisher.published.state
    scratch = local.private_dir(target.home / "spool") / "drill.db"
    came_back = False
    try:
        manifest = scan.manifest(target.link, state)
        restore.restore(target.link, state.sid, manifest, scratch, check)
        came_back = True
        restore.check_integrity(scratch, check)
    except (scan.Unreadable, restore.Unreadable, local.LocalDiskError, OSError) as exc:
        raise NotRehearsed(str(exc)) from exc
    except (ManifestError, restore.Rejected) as exc:
        if came_back:
            return f"{exc}; so is the live database"
        publisher.distrust()
        return f"{exc}; it is published anew"
    finally:
        local.remove(scratch)
    return None
