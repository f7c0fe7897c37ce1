"""Reading from a data link: bounded in size, patient with errors that pass.

A mount answers EIO, EBUSY or a time-out when the cloud has a bad moment. Taking such an answer for
damage would restore an older state than necessary, so reads are repeated before they count.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
_PAUSES_S = (0.2, 1.0, 2.0)
_SMALL = 1 << 20


def patiently(read: Callable[[], T], pause: Callable[[float], None] = time.sleep) -> T:
    """Call `read` until it answers, at most four times; a missing file is an answer."""
    for seconds in _PAUSES_S:
        try:
            return read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
            raise
        except OSError:
            pause(seconds)
    return read()


def small(path: Path) -> bytes:
    """The content of a small file of ours; ValueError when it cannot be one."""

    def read() -> bytes:
        with path.open("rb") as file:
            return file.read(_SMALL + 1)

    data = patiently(read)
    if len(data) > _SMALL:
        raise ValueError(f"larger than {_SMALL} bytes")
    return data


def json_object(data: bytes) -> dict[str, Any]:
    """Parse a JSON object; ValueError says what is there instead."""
    if not data:
        raise ValueError("the file is empty")
    if not data.strip(b"\0"):
        raise ValueError("the file holds only zeros")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise ValueError("not valid JSON (torn or damaged)") from exc
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    return document
