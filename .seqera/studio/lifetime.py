"""Tie the life of a process to its parent's.

A killed supervisor must not leave a server behind that still answers on the port: two generations
would then write one database. Linux tells us by signal (`prctl(2)`, PR_SET_PDEATHSIG); elsewhere a
thread asks every second who our parent is.
"""

import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def die_with_parent(expected_parent: int | None = None) -> None:
    """Send ourselves SIGTERM as soon as our parent has gone.

    `expected_parent` closes the gap between fork and this call: a parent that died in between is
    noticed here. The setting is lost on fork, so each process calls this for itself.
    """
    parent = os.getppid() if expected_parent is None else expected_parent
    if not _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM):
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def adopt_orphans() -> bool:
    """Become the parent of grandchildren whose parent died, so that they can be reaped (Linux)."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    return bool(ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) == 0)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
