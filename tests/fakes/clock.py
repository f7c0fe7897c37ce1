"""A clock that stands still until somebody sleeps: client and server share it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.wait import Clock

# Some afternoon, in whole seconds.
START = 1_790_000_000.0


@dataclass
class FakeClock:
    """Time for a test. `at` runs something once a moment has come, as Ctrl-C in mid-wait."""

    passed: float = 0.0
    slept: list[float] = field(default_factory=list)
    planned: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> float:
        return START + self.passed

    def steady(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0, "nobody can sleep backwards"
        with self.lock:
            self.passed += seconds
            self.slept.append(seconds)
            due = [plan for plan in self.planned if plan[0] <= self.passed]
            self.planned = [plan for plan in self.planned if plan[0] > self.passed]
        for _, act in due:
            act()

    def at(self, passed: float, act: Callable[[], None]) -> None:
        self.planned.append((passed, act))

    @property
    def clock(self) -> Clock:
        return Clock(self.now, self.steady, self.sleep)
