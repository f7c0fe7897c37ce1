"""SIGTERM, by which a CI service cancels a job, counts as Ctrl-C: nothing is left half done."""

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def like_ctrl_c() -> Iterator[None]:
    """Turn SIGTERM into KeyboardInterrupt for a while; outside of the main thread nothing can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
