"""SIGTERM and SIGHUP count as Ctrl-C: nothing is left half done.

By the first a CI service cancels a job; the second comes when a terminal is closed, or its
connection is lost.
"""

import contextlib
import signal
import threading
from collections.abc import Iterator

_NAMES = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP


@contextlib.contextmanager
def like_ctrl_c() -> Iterator[None]:
    """Turn them into KeyboardInterrupt for a while; outside of the main thread nothing can.

    One that is ignored, as under nohup, stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, signal.default_int_handler) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
