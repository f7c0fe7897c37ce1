"""Take turns: few requests at a time, but none waits long for a slow one.

Python runs one thread at a time and SQLite has one writer, so threads that do the same work side by
side only get in each other's way: 16 clients got 146 answers a second from workers with one thread,
129 with two, and half as many with MLflow's 40. A request that waits for something else, a lock, a
bucket, a large query, must not hold up the others: after `patience_s` its turn is over, while it
goes on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """At most `count` requests have a turn. Used in one event loop only."""

    def __init__(self, count: int, patience_s: float = 0.25) -> None:
        self._free = asyncio.Semaphore(count)
        self._patience_s = patience_s

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, in the order of arrival, and give it back at the end or in between."""
        await self._free.acquire()
        held = True

        def give_back() -> None:
            nonlocal held
            if held:
                held = False
                self._free.release()

        timer = asyncio.get_running_loop().call_later(self._patience_s, give_back)
        try:
            yield
        finally:
            timer.cancel()
            give_back()
