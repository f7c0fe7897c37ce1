"""Being asked to stop: a signal that wakes the sleeping loop at once."""

import select
import signal
import socket
from types import FrameType


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

    def wait(self, seconds: float) -> None:
        """Sleep, but not past a request to stop."""
        if not self.requested:
            select.select([self._wake], [], [], max(0.0, seconds))
