"""The publisher's life: publish what changed, never give up, publish once more at the end."""

import os
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

import zstandard

from studio.snapshots import local, status
from studio.snapshots.publish import Published, Publisher
from studio.snapshots.status import Status
from studio.snapshots.stopping import StopRequest, Watchdog
from studio.snapshots.watch import NoSchema

EXPECTED_ERRORS = (OSError, ValueError, sqlite3.Error, zstandard.ZstdError, local.LocalDiskError)
_LONGEST_PAUSE_S = 60.0
_LOOK_EVERY_S = 1.0
_FINAL_PAUSE_S = 0.3
_TELL_EVERY_S = 300.0
_COST = 20  # snapshots may keep this machine busy a twentieth of the time,
_LONGEST_INTERVAL_S = 120.0  # but nobody waits longer for the next because the last was slow


class Interrupted(Exception):
    """A stop was requested while a snapshot was being taken."""


class Chore(Protocol):
    """Something to do between publishes, like a rehearsed restore."""

    def turn(self, now: Status, check: Callable[[], None]) -> Status:
        """Do what is due, if anything, and return the status with what came of it.

        Called about every second, not while publishing fails. `check` raises Interrupted when a
        stop is requested: long work calls it often, cleans up and lets it through.
        """


@dataclass(frozen=True, slots=True)
class Times:
    """How often to publish, and how long the last publish may take."""

    interval_s: float = 15.0
    final_s: float = 8.0


def interval_s(wish_s: float, work_s: float) -> float:
    """Seconds from one publish to the next, when a snapshot keeps this machine busy for `work_s`.

    >>> interval_s(15, 0.2), interval_s(15, 1.5), interval_s(15, 10)
    (15, 30.0, 120.0)
    """
    return max(wish_s, min(_COST * work_s, _LONGEST_INTERVAL_S))


class Loop:
    """Runs a publisher until a stop is requested."""

    def __init__(
        self,
        publisher: Publisher,
        stop: StopRequest,
        times: Times,
        chores: Sequence[Chore] = (),
    ) -> None:
        self._publisher, self._stop, self._times, self._chores = publisher, stop, times, chores
        self._home = publisher.target.home
        self._next_at = 0.0
        self._tell_at = 0.0
        # One that is killed again and again must not look as if it had just begun.
        since = status.dirty_since(self._home)
        self._status = Status(
            pid=os.getpid(),
            session=publisher.session,
            link=str(publisher.target.link),
            interval_s=times.interval_s,
            dirty=since is not None,
            dirty_since=since,
        )
        self._written: Status | None = None
        self._all_published = False

    def run(self, then: Callable[[], None] = lambda: None) -> None:
        """Publish until asked to stop, then once more; `then` is done within the same time."""
        watchdog = Watchdog(self._stop, self._times.final_s, self._out_of_time)
        watchdog.start()
        self._note(self._status)
        while not self._stop.requested:
            self._turn()
            pause = min(_LOOK_EVERY_S, self._times.interval_s)
            if self._status.dirty:
                pause = min(pause, max(0.0, self._next_at - time.monotonic()))
            self._stop.wait(pause)
        self._finish()
        then()
        watchdog.call_off()

    def _turn(self) -> None:
        if self._status.failures and time.monotonic() < self._next_at:
            return
        try:
            self._look()
            if self._status.dirty and time.monotonic() >= self._next_at:
                self._publish(self._raise_if_stopping)
            if not self._stop.requested:
                self._do_chores()
        except Interrupted:
            pass  # the last cycle publishes a newer snapshot
        except NoSchema:
            self._note_dirty(False)
        except EXPECTED_ERRORS as exc:
            self._failed(exc)

    def _look(self) -> None:
        dirty = self._publisher.dirty()
        if dirty != self._status.dirty:
            self._note_dirty(dirty)

    def _note_dirty(self, dirty: bool) -> None:
        since = time.time() if dirty else None
        self._note(replace(self._status, dirty=dirty, dirty_since=since))

    def _raise_if_stopping(self) -> None:
        if self._stop.requested:
            raise Interrupted

    def _publish(self, check: Callable[[], None] = lambda: None, *, final: bool = False) -> None:
        began = time.monotonic()
        try:
            new = self._publisher.cycle(check, final=final)
        finally:
            self._note(replace(self._status, session=self._publisher.session))
        seconds = time.monotonic() - began
        interval = interval_s(self._times.interval_s, self._publisher.work_s)
        self._next_at = began + interval
        self._note(
            replace(
                self._status,
                cycle_s=round(seconds, 3),
                interval_s=round(interval, 1),
                failures=0,
                last_error=None,
                last_errno=None,
                last_error_at=None,
            )
        )
        if new is not None:
            self._note(
                replace(
                    self._status,
                    seq=new.state.seq,
                    published_at=round(new.at, 3),
                    database_bytes=new.database_bytes,
                    bytes=new.link_bytes,
                )
            )
            self._tell(new, seconds)
        self._note_dirty(self._publisher.dirty())

    def _tell(self, new: Published, seconds: float) -> None:
        """Say what was published; of deltas, which come all the time, only one now and then."""
        base = new.manifest.kind == "base"
        if not base and time.monotonic() < self._tell_at:
            return
        self._tell_at = time.monotonic() + _TELL_EVERY_S
        say(
            f"published state {new.state.seq} of session {new.state.sid}: "
            f"{_size(new.database_bytes)} database, {_size(new.link_bytes)} "
            f"{'in a new base' if base else 'of changes'}, {seconds:.2f} s"
        )

    def _do_chores(self) -> None:
        for chore in self._chores:
            try:
                self._note(chore.turn(self._status, self._raise_if_stopping))
            except EXPECTED_ERRORS as exc:
                say(f"{type(chore).__name__.lower()}: {_words(exc)}")

    def _failed(self, exc: Exception) -> None:
        failures = self._status.failures + 1
        pause = min(_LONGEST_PAUSE_S, 2.0 ** (failures - 1))
        self._next_at = time.monotonic() + pause
        number = exc.errno if isinstance(exc, OSError) else None
        self._note(replace(self._with_error(_words(exc), number), failures=failures))
        say(f"the snapshot was not published: {_words(exc)}; next try in {pause:.0f} s")

    def _with_error(self, words: str, number: int | None = None) -> Status:
        at = round(time.time(), 3)
        return replace(self._status, last_error=words, last_errno=number, last_error_at=at)

    def _finish(self) -> None:
        """Publish what is left within the time allowed, and say what came of it."""
        deadline = time.monotonic() + self._times.final_s
        error = self._publish_the_rest(deadline)
        self._all_published = error is None
        self._conclude(error)

    def _publish_the_rest(self, deadline: float) -> str | None:
        """None when nothing is left unpublished, else why something is."""
        error = "the time was up"
        while True:
            try:
                if not self._publisher.dirty():
                    return None
                if time.monotonic() >= deadline:
                    return error
                self._publish(final=True)
            except NoSchema:
                return None
            except EXPECTED_ERRORS as exc:
                error = _words(exc)
                if time.monotonic() + _FINAL_PAUSE_S >= deadline:
                    return error
                time.sleep(_FINAL_PAUSE_S)

    def _conclude(self, error: str | None) -> None:
        published = self._publisher.published
        if error is not None:
            self._note(replace(self._with_error(error), final="unpublished"))
            say(_unpublished(error, published))
        elif published is None:
            self._note(replace(self._status, final="nothing"))
            say("there was nothing to publish")
        else:
            self._note(replace(self._status, final="published", dirty=False, dirty_since=None))
            say(f"everything is published; the last state is {published.state}")
            try:
                self._publisher.end()
            except OSError as exc:
                say(f"the end mark could not be written ({_words(exc)}); no data is missing")
        self._publisher.close()

    def _out_of_time(self) -> None:
        """Leave a hanging mount behind: the Platform would kill us without a word."""
        try:
            if self._all_published:
                say("a mark could not be written in time; no data is missing")
            else:
                error = f"the time was up after {self._times.final_s:g} s"
                say(_unpublished(error, self._publisher.published))
                self._note(replace(self._with_error(error), final="unpublished"))
        finally:
            os._exit(0)

    def _note(self, now: Status) -> None:
        self._status = now
        if now == self._written:
            return
        try:
            status.write(self._home, now)
            self._written = now
        except OSError as exc:
            say(f"the status cannot be written: {_words(exc)}")


def _unpublished(error: str, published: Published | None) -> str:
    last = f"the last state is {published.state}" if published else "this session has no state"
    return (
        f"the newest changes are NOT published: {error}; {last}. "
        "They are only in the local database (and in a checkpoint of it)"
    )


def _words(exc: Exception) -> str:
    return str(exc) or type(exc).__name__


def _size(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{number / 1e3:.0f} kB"


def say(line: str) -> None:
    """Tell people, in one line."""
    with suppress(OSError):  # the parent that read our words may be dead; publishing goes on
        print(line, file=sys.stderr, flush=True)
