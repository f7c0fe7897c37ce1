"""What people see of a build and a push: one moving line on a terminal, plain lines elsewhere."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from deploy.wait import spelt


@dataclass(slots=True)
class Screen:
    """Lines that stay, and on a terminal one below them that is written over.

    `mask` is applied to whatever is shown.
    """

    out: TextIO
    mask: Callable[[str], str] = str
    steady: Callable[[], float] = time.monotonic
    _started: float = field(init=False)
    _moving: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._started = self.steady()

    @property
    def elapsed_s(self) -> float:
        return self.steady() - self._started

    def stay(self, line: str) -> None:
        """Write a line that stays; where nothing moves it tells the time, too."""
        self.clear()
        when = "" if self.out.isatty() else f"{spelt(self.elapsed_s):>10}  "
        print(when + self.mask(line), file=self.out, flush=True)

    def move(self, line: str) -> None:
        """Show what is going on now, where that can be written over."""
        if not self.out.isatty():
            return
        said = f"{self.mask(line)}  {spelt(self.elapsed_s)}"
        width = max(20, shutil.get_terminal_size().columns - 1)
        printable = "".join(char if char.isprintable() else " " for char in said)
        print(f"\r\x1b[K{printable[:width]}", end="", file=self.out, flush=True)
        self._moving = True

    def clear(self) -> None:
        """Take the moving line away."""
        if self._moving:
            print("\r\x1b[K", end="", file=self.out, flush=True)
            self._moving = False
