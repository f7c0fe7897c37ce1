"""Time as a value: what waits takes its clock as a parameter, so that tests need not wait."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of day for people, a steady one for measuring, and a way to let it pass."""

    now: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def pauses(first_s: float, most_s: float, factor: float) -> Iterator[float]:
    """Give pauses that grow up to a limit.

    >>> from itertools import islice
    >>> list(islice(pauses(2, 10, 1.5), 6))
    [2, 3.0, 4.5, 6.75, 10, 10]
    """
    pause = first_s
    while True:
        yield pause
        pause = min(most_s, pause * factor)


def spelt(seconds: float) -> str:
    """Write a span of time for people.

    >>> spelt(7.2), spelt(75), spelt(900), spelt(129600)
    ('7 s', '1 min 15 s', '15 min', '36 h')
    """
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    parts = [(hours, "h"), (minutes, "min"), (0 if hours else rest, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"
