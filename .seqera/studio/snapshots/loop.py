"""The publisher's life: publish what changed, never give up, publish once more at the end."""

import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import zstandard

from studio.snapshots import local, status
from studio.snapshots.publish import Published, Publisher
from studio.snapshots.status import Drill, Status
from studio.snapshots.stopping import StopRequest
from studio.snapshots.watch import NoSchema

EXPECTED_ERRORS = (OSError, ValueError, sqlite3.Error, zstandard.ZstdError, local.LocalDiskError)
_LONGEST_PAUSE_S = 60.0
_LOOK_EVERY_S = 1.0
_FINAL_PAUSE_S = 0.3
_COST = 20  # a cycle may take a twentieth of the time


class Interrupted(Exception):
    """A stop was requested while a snapshot was being taken."""


@dataclass(frozen=True, slots=True)
class Times:
    """How often to publish, and how long the last publish may take."""

    interval_s: float = 15.0
    final_s: float = 8.0


class Loop:
    """Runs a publisher until a stop is requested."""

    def __init__(self, publisher: Publisher, stop: StopRequest, times: Times) -> None:
        self._publisher, self._stop, self._times = publisher, stop, times
        self._home = publisher.target.home
        self._next_at = 0.0
        self._status = Status(
            pid=os.getpid(),
            session=publisher.session,
            link=str(publisher.target.link),
            interval_s=times.interval_s,
        )
        self._written: Status | None = None
        self._all_published = False

    def run(self) -> None:
        """Publish until asked to stop, then once more."""
        self._note(self._status)
        while not self._stop.requested:
            self._turn()
            pause = min(_LOOK_EVERY_S, self._times.interval_s)
            if self._status.dirty or self._publisher.drill_due:
                pause = min(pause, max(0.0, self._next_at - time.monotonic()))
            self._stop.wait(pause)
        self._finish()

    def _turn(self) -> None:
        if self._status.failures and time.monotonic() < self._next_at:
            return
        try:
            self._look()
            if self._status.dirty and time.monotonic() >= self._next_at:
                self._publish(self._raise_if_stopping)
            if self._publisher.drill_due:
                self._drill()
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

    def _publish(self, check: Callable[[], None] = lambda: None) -> None:
        began = time.monotonic()
        try:
            new = self._publisher.cycle(check)
        finally:
            self._note(replace(self._status, session=self._publisher.session))
        seconds = time.monotonic() - began
        interval = max(self._times.interval_s, _COST * seconds)
        self._next_at = began + interval
        self._note(
            replace(
                self._status,
                cycle_s=round(seconds, 3),
                interval_s=round(interval, 1),
                failures=0,
                last_error=None,
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
            _say(
                f"published state {new.state.seq} of session {new.state.sid}: "
                f"{_size(new.database_bytes)} database, {_size(new.link_bytes)} on the link, "
                f"{seconds:.2f} s"
            )
        self._note_dirty(self._publisher.dirty())

    def _drill(self) -> None:
        new = self._publisher.published
        if new is None:
            return
        began = time.monotonic()
        try:
            reason = self._publisher.drill(self._raise_if_stopping)
        except (OSError, local.LocalDiskError) as exc:
            reason = f"not rehearsed: {_words(exc)}"
            _say(f"a restore of state {new.state.seq} was {reason}")
        else:
            _say(
                f"a rehearsed restore of state {new.state.seq} gives the same database"
                if reason is None
                else f"state {new.state.seq} cannot be restored: {reason}; publishing again"
            )
        seconds = round(time.monotonic() - began, 3)
        drill = Drill(str(new.state), reason is None, round(time.time(), 3), seconds, reason)
        self._note(replace(self._status, drill=drill))

    def _failed(self, exc: Exception) -> None:
        failures = self._status.failures + 1
        pause = min(_LONGEST_PAUSE_S, 2.0 ** (failures - 1))
        self._next_at = time.monotonic() + pause
        self._note(replace(self._with_error(_words(exc)), failures=failures))
        _say(f"the snapshot was not published: {_words(exc)}; next try in {pause:.0f} s")

    def _with_error(self, words: str) -> Status:
        return replace(self._status, last_error=words, last_error_at=round(time.time(), 3))

    def _finish(self) -> None:
        """Publish what is left within the time allowed, and say what came of it."""
        deadline = time.monotonic() + self._times.final_s
        watchdog = threading.Timer(self._times.final_s, self._out_of_time)
        watchdog.daemon = True  # a write on a mount may hang for ever
        watchdog.start()
        error = self._publish_the_rest(deadline)
        self._all_published = error is None
        self._conclude(error)
        watchdog.cancel()

    def _publish_the_rest(self, deadline: float) -> str | None:
        """None when nothing is left unpublished, else why something is."""
        error = "the time was up"
        while True:
            try:
                if not self._publisher.dirty():
                    return None
                if time.monotonic() >= deadline:
                    return error
                self._publish()
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
            _say(_unpublished(error, published))
        elif published is None:
            self._note(replace(self._status, final="nothing"))
            _say("there was nothing to publish")
        else:
            self._note(replace(self._status, final="published", dirty=False, dirty_since=None))
            _say(f"everything is published; the last state is {published.state}")
            try:
                self._publisher.end()
            except OSError as exc:
                _say(f"the end mark could not be written ({_words(exc)}); no data is missing")
        self._publisher.close()

    def _out_of_time(self) -> None:
        """Leave a hanging mount behind: the Platform would kill us without a word."""
        try:
            if self._all_published:
                _say("the end mark was not written in time; no data is missing")
            else:
                error = f"the time was up after {self._times.final_s:g} s"
                _say(_unpublished(error, self._publisher.published))
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
            _say(f"the status cannot be written: {_words(exc)}")


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


def _say(line: str) -> None:
    with suppress(OSError):  # the parent that read our words may be dead; publishing goes on
        print(line, file=sys.stderr, flush=True)
