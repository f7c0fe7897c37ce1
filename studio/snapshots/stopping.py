"""Being asked to stop: a signal that wakes the sleeping loop, and a limit on what follows."""

import select
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType

_STOPS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """Set by SIGTERM, and by SIGINT unless the parent drives us.

    A self-pipe instead of `threading.Event`, which can deadlock when set from a signal handler.
    """

    def __init__(self, by_keyboard: bool) -> None:
        self.requested = False
        self._wake, wakeup = socket.socketpair()
        self._wakeup = wakeup
        for end in (self._wake, self._wakeup):
            end.setblocking(False)
        signal.signal(signal.SIGTERM, self._handle)
        signal.signal(signal.SIGINT, self._handle if by_keyboard else signal.SIG_IGN)
        signal.set_wakeup_fd(self._wakeup.fileno(), warn_on_full_buffer=False)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True

    def request(self) -> None:
        """Ask for a stop without a signal."""
        self.requested = True
        self._wakeup.send(b"\0")

    def wait(self, seconds: float | None) -> None:
        """Sleep, but not past a request to stop; None: until there is one."""
        if not self.requested:
            select.select([self._wake], [], [], None if seconds is None else max(0.0, seconds))


class Watchdog(threading.Thread):
    """Calls `too_late` so many seconds after a stop was requested, unless it is called off.

    A write on a mount may hang for ever, and a thread that hangs in the kernel takes no signal. As
    Linux hands a signal to one thread only, and rather to the first, that one has to refuse it: so
    whoever starts the watchdog leaves the signals to it.
    """

    def __init__(self, stop: StopRequest, limit_s: float, too_late: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._stop_request, self._limit_s, self._too_late = stop, limit_s, too_late
        self._called_off = threading.Event()

    def start(self) -> None:
        """Begin to watch, and receive the signals from now on."""
        super().start()
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)

    def run(self) -> None:
        """Wait for the request, then for the end of the limit."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        self._stop_request.wait(None)
        if not self._called_off.wait(self._limit_s):
            self._too_late()

    def call_off(self) -> None:
        """There is nothing left to watch."""
        self._called_off.set()
