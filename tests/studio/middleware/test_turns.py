"""Taking turns."""

import asyncio

import pytest

from studio.middleware.turns import Turns


class Visit:
    """One request that holds its turn until it is told to go."""

    def __init__(self, turns: Turns) -> None:
        self.entered = asyncio.Event()
        self.may_go = asyncio.Event()
        self.task = asyncio.create_task(self._visit(turns))

    async def _visit(self, turns: Turns) -> None:
        async with turns.turn():
            self.entered.set()
            await self.may_go.wait()

    async def go(self) -> None:
        self.may_go.set()
        await self.task


async def waited_for(visit: Visit) -> bool:
    """Whether a request gets in at once."""
    for _ in range(5):
        await asyncio.sleep(0)
    return visit.entered.is_set()


def test_one_waits_until_the_other_is_done() -> None:
    async def scenario() -> None:
        turns = Turns(1, patience_s=60)
        first, second = Visit(turns), Visit(turns)
        assert await waited_for(first)
        assert not await waited_for(second)
        await first.go()
        assert await waited_for(second)
        await second.go()

    asyncio.run(scenario())


def test_a_slow_one_loses_its_turn_but_goes_on() -> None:
    async def scenario() -> None:
        turns = Turns(1, patience_s=0.01)
        slow, quick = Visit(turns), Visit(turns)
        await asyncio.wait_for(quick.entered.wait(), 10)
        assert not slow.task.done()
        await quick.go()
        await slow.go()

    asyncio.run(scenario())


def test_a_lost_turn_is_given_back_once() -> None:
    async def scenario() -> None:
        turns = Turns(1, patience_s=0.01)
        slow, other = Visit(turns), Visit(turns)
        await asyncio.wait_for(other.entered.wait(), 10)
        await slow.go()
        await other.go()
        patient = Turns(1, patience_s=60)
        turns._patience_s = patient._patience_s
        one, two = Visit(turns), Visit(turns)
        assert await waited_for(one)
        assert not await waited_for(two)
        await one.go()
        await two.go()

    asyncio.run(scenario())


def test_a_failure_gives_the_turn_back() -> None:
    async def scenario() -> None:
        turns = Turns(1, patience_s=60)
        with pytest.raises(ZeroDivisionError):
            async with turns.turn():
                raise ZeroDivisionError
        next_one = Visit(turns)
        assert await waited_for(next_one)
        await next_one.go()

    asyncio.run(scenario())


def test_a_request_that_is_cancelled_while_it_waits_takes_no_turn() -> None:
    async def scenario() -> None:
        turns = Turns(1, patience_s=60)
        first, gone, third = Visit(turns), Visit(turns), Visit(turns)
        assert await waited_for(first)
        gone.task.cancel()
        await first.go()
        assert await waited_for(third)
        assert not gone.entered.is_set()
        await third.go()

    asyncio.run(scenario())
