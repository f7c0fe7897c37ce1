"""The small parent: it starts, restarts, drains and reaps the server's processes.

Standard library only, and it never imports MLflow. Each child leads a process group of its own, so
that Ctrl-C reaches this process alone and a stop has an order: the server drains first, then the
publisher publishes what it wrote.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from studio import lifetime
from studio.errors import ended
from studio.server import DRAIN_S, FINAL_PUBLISH_S, Command

_BACKOFF_S = (0.5, 1, 2, 4, 8, 15, 30)
_SETTLED_S = 60  # a child that ran this long starts again without delay
_GIVE_UP_AFTER = 5
_GRACE_S = 1.0
_ONE_STOP_S = 1.0
_LAST_BREATH_S = 0.5
_WHOLE_STOP_S = 19.0  # the Platform kills after 30 s, and the mounts want some of them to upload
_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
CRASHED = 1

Log = Callable[[str], None]


@dataclass(slots=True)
class Child:
    """One process that should be running. `vital` ones end everything if they keep failing.

    `final` is run once at the stop in place of a process that is not running then, or that did not
    end well. A `brief` one ends by itself and is not started again. `due` is the monotonic time of
    its (next) start.
    """

    command: Command
    vital: bool = False
    brief: bool = False
    inherit: Sequence[int] = ()
    final: Command | None = None
    on_start: Callable[[], None] | None = None
    pid: int = 0
    started: float = 0.0
    failures: int = 0
    due: float = field(default=0.0)
    ended_well: bool = False

    @property
    def running(self) -> bool:
        return self.pid > 0


class Supervisor:
    """Keeps the children alive until a signal says stop; `run` returns the exit code."""

    def __init__(self, children: Sequence[Child], log: Log) -> None:
        self.children = list(children)
        self.log = log
        self.signals: list[int] = []
        self.failed = False

    def run(self) -> int:
        lifetime.adopt_orphans()
        reader, writer = os.pipe()
        for end in (reader, writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in _STOPS:
            # Under nohup a closed terminal is nothing to this server.
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda received, _frame: self.signals.append(received))
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        while not self.signals and not self.failed:
            self._start_due()
            self._reap()
            self._sleep(reader)
        return self._stop(reader)

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in list(self.children):
            if not child.running and now >= child.due:
                self._start(child)

    def _start(self, child: Child) -> None:
        try:
            _spawn(child)
        except OSError as exc:  # no memory, or no more processes: that may pass
            self._fell(child, f"could not be started ({exc.strerror})")

    def _reap(self) -> None:
        for pid, status in _ended():
            child = next((c for c in self.children if c.pid == pid), None)
            if child is None:
                continue  # an orphan that was handed to us
            _kill_group(pid)
            child.pid, child.ended_well = 0, status == 0
            if status or not child.brief:
                how = ended(os.waitstatus_to_exitcode(status))
                self._fell(child, f"ended unexpectedly ({how})")
            else:
                self.children.remove(child)

    def _fell(self, child: Child, how: str) -> None:
        """A child is not running although it should be, unless we are stopping."""
        name = child.command.name
        if child.brief:
            self.children.remove(child)
        if not self.signals and child.brief:
            self.log(f"the {name} {how}")
        elif not self.signals:
            self._plan_restart(child, how)
        elif child.command is child.final and not child.ended_well:
            self.log(f"the {name} {how}; the newest changes are NOT published")

    def _plan_restart(self, child: Child, how: str) -> None:
        lived_s = time.monotonic() - child.started
        child.failures = 1 if lived_s > _SETTLED_S else child.failures + 1
        if child.vital and child.failures >= _GIVE_UP_AFTER:
            self.log(f"the {child.command.name} failed {child.failures} times in a row; giving up")
            self.failed = True
            return
        pause_s = _BACKOFF_S[min(child.failures, len(_BACKOFF_S)) - 1]
        child.due = time.monotonic() + pause_s
        self.log(f"the {child.command.name} {how}; it starts again in {pause_s:g} s")

    def _sleep(self, reader: int) -> None:
        due = [c.due - time.monotonic() for c in self.children if not c.running]
        self._wait(reader, max(0.0, min(due)) if due else None)

    def _wait(self, reader: int, limit_s: float | None) -> None:
        select.select([reader], [], [], limit_s)
        with contextlib.suppress(BlockingIOError):
            os.read(reader, 512)

    def _stop(self, reader: int) -> int:
        """Drain the server, then let the publisher publish; nothing that we started outlives us."""
        if not self.signals:
            self.signals.append(signal.SIGTERM)
        else:
            self.log("stopping: finishing what is in flight")
        began = time.monotonic()
        publishers = [c for c in self.children if c.final]
        others = [c for c in self.children if not c.final and not c.brief]
        for child in self.children:
            if child.brief and child.running:
                _kill_group(child.pid)  # it changes nothing, so it can go at once
        for child in others:
            if child.running:
                _send(child.pid, signal.SIGTERM)
        self._end(others, DRAIN_S + _GRACE_S, reader, hurry=True)
        left_s = _WHOLE_STOP_S - (time.monotonic() - began)
        self._publish_the_rest(publishers, min(FINAL_PUBLISH_S + _GRACE_S, left_s), reader)
        for number in _STOPS:
            signal.signal(number, signal.SIG_IGN)  # one that comes late must not become the verdict
        if self.failed:
            return CRASHED
        self.log("stopped")
        return 0

    def _publish_the_rest(self, publishers: list[Child], limit_s: float, reader: int) -> None:
        """Ask the publishers; for one that is not there, or too young to listen, run `final`."""
        deadline = time.monotonic() + limit_s
        for child in publishers:
            child.ended_well = False
            if child.running:
                _send(child.pid, signal.SIGTERM)
        self._end(publishers, limit_s, reader, hurry=False)
        left_s = deadline - time.monotonic()
        for child in publishers:
            if child.final and not child.ended_well and left_s > 0:
                child.command = child.final
                self._start(child)
        self._end(publishers, left_s, reader, hurry=False)

    def _end(self, children: list[Child], limit_s: float, reader: int, *, hurry: bool) -> None:
        """Wait, then kill. A second Ctrl-C cuts the wait for the server short.

        One stop may arrive as several signals at once: `timeout` and some runtimes tell the process
        and then its group. Those of the first second are taken for one.
        """
        began = time.monotonic()
        deadline = began + limit_s
        patience = len(self.signals) + 1
        while any(c.running for c in children):
            self._reap()
            if time.monotonic() - began < _ONE_STOP_S:
                patience = len(self.signals) + 1
            left_s = deadline - time.monotonic()
            if left_s <= 0 or (hurry and len(self.signals) >= patience):
                for child in children:
                    if child.running:
                        self._kill(child)
                return
            if any(c.running for c in children):
                self._wait(reader, min(left_s, 0.5))

    def _kill(self, child: Child) -> None:
        name = child.command.name
        lost = "; the newest changes are NOT published" if child.final else ""
        self.log(f"the {name} did not end in time; it is killed{lost}")
        _kill_group(child.pid)
        if not _ends(child.pid):
            self.log(f"the {name} waits for a mount that does not answer; it is left behind")
        child.pid = 0


def _spawn(child: Child) -> None:
    child.started = time.monotonic()
    process = subprocess.Popen(
        child.command.argv,
        env=dict(child.command.env),
        pass_fds=tuple(child.inherit),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    child.pid = process.pid
    process.returncode = 0  # reaped by `_ended`, not by the object's own destructor
    if child.on_start:
        child.on_start()


def _ended() -> list[tuple[int, int]]:
    """All children that have ended, adopted ones included, with their wait status."""
    found = []
    with contextlib.suppress(ChildProcessError):
        while (result := os.waitpid(-1, os.WNOHANG))[0]:
            found.append(result)
    return found


def _ends(pid: int) -> bool:
    """Whether a killed process goes: one that waits for a dead mount cannot even be killed."""
    deadline = time.monotonic() + _LAST_BREATH_S
    while time.monotonic() < deadline:
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return True
        except ChildProcessError:
            return True
        time.sleep(0.01)
    return False


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
