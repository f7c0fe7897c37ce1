"""Ctrl-C and SIGTERM while things are made that somebody has to take away again."""

import contextlib
import signal
import threading
from collections.abc import Iterator

_BOTH = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def ended_by_sigterm_too() -> Iterator[None]:
    """Tidy up after SIGTERM as after Ctrl-C: `timeout` and CI services send it."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def put_off() -> Iterator[None]:
    """Let a short step end before either of them counts.

    An engine goes on making a container whose caller has left, and then nobody knows its name.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda n, _: came.append(n)) for number in _BOTH}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
