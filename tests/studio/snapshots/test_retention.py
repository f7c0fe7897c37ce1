"""Which states stay, as tables."""

import random
from dataclasses import replace

import pytest

from studio.snapshots import retention
from studio.snapshots.layout import State
from studio.snapshots.retention import DAY_S, Past, Point, keep
from tests.studio.snapshots.ledger import sid, state

HOUR = 3600.0
NOON = 20000 * DAY_S + 12 * HOUR


def points(*ages_h: float) -> list[Point]:
    """States of one session, numbered from 1, that are so many hours old at `NOON`."""
    return [Point(state(1, n), NOON - age * HOUR) for n, age in enumerate(ages_h, 1)]


def numbers(kept: frozenset[State]) -> list[int]:
    return sorted(s.seq for s in kept)


@pytest.mark.parametrize(
    ("says", "ages_h", "kept"),
    [
        ("nothing", [], []),
        ("all of the last day", [23.9, 23, 5, 1, 0], [1, 2, 3, 4, 5]),
        ("the last of each day before", [61, 50, 40, 37, 36, 0], [1, 4, 5, 6]),
        ("the newest, however old", [9999], [1]),
        ("days are counted that have a state", [5000, 4000, 3000, 2000], [1, 2, 3, 4]),
        ("a clock that was set back", [1, 0, 200, 199], [1, 2, 4]),
        ("a clock that runs ahead", [-500, -499, -400], [1, 2, 3]),
    ],
)
def test_of_an_own_session_stays(says: str, ages_h: list[float], kept: list[int]) -> None:
    assert numbers(keep(points(*ages_h), NOON)) == kept, says


def test_a_fortnight_of_days_stays() -> None:
    hourly = points(*range(24 * 40, 0, -1))
    kept = keep(hourly, NOON)
    assert len(kept) == 23 + 12  # the hours of a day, which are in two days, and the days before
    days = {int(p.at // DAY_S) for p in hourly if p.state in kept}
    assert days == set(range(20000 - 13, 20001))


@pytest.mark.parametrize("seed", range(20))
def test_what_stays_today_was_not_dropped_yesterday(seed: int) -> None:
    """Sweeping every hour or once a month ends with the same states."""
    chance = random.Random(seed)
    ages = sorted((chance.expovariate(1 / 300) for _ in range(300)), reverse=True)
    everything = points(*ages)
    often: list[Point] = []
    for point in everything:
        often.append(point)
        kept = keep(often, point.at)
        often = [p for p in often if p.state in kept]
    kept = keep(often, NOON)
    assert kept == keep(everything, NOON)


PAST = Past(
    sid=sid(1),
    contained=9,
    seqs=(3, 5, 9),
    newest_at=NOON - 48 * HOUR,
    pinned=frozenset(),
    final_seq=9,
)
CUT_OFF = replace(PAST, final_seq=None)


@pytest.mark.parametrize(
    ("says", "past", "silent", "may"),
    [
        ("ended", PAST, False, True),
        ("ended, but not all of it is visible", replace(PAST, final_seq=10), True, False),
        ("ended, and something is still there", replace(PAST, seqs=()), False, True),
        ("cut off, and silent at our start", CUT_OFF, True, True),
        ("cut off, and perhaps alive", CUT_OFF, False, False),
        ("ended yesterday", replace(PAST, newest_at=NOON - 25 * HOUR), False, False),
        ("from the future", replace(PAST, newest_at=NOON + 9 * HOUR), True, False),
        ("with a pin that we cannot read", replace(PAST, odd=True), True, False),
        ("its name is no date", replace(CUT_OFF, seqs=(), newest_at=float("inf")), True, False),
    ],
)
def test_an_earlier_session_shrinks_only_when_it_is_certainly_over(
    says: str, past: Past, silent: bool, may: bool
) -> None:
    assert retention.may_shrink(past, silent, NOON) is may, says


def test_a_session_is_silent_after_a_day_and_two_wrong_clocks() -> None:
    assert not retention.is_stale(CUT_OFF, CUT_OFF.newest_at + 25.9 * HOUR)
    assert retention.is_stale(CUT_OFF, CUT_OFF.newest_at + 26.1 * HOUR)


OLD = {"newest_at": NOON - 16 * DAY_S}


@pytest.mark.parametrize(
    ("says", "past", "kept", "staying"),
    [
        ("what is kept", PAST, [5], {5}),
        ("nothing of what ended", PAST, [], set()),
        ("what is pinned", replace(PAST, pinned=frozenset([3, 4])), [], {3}),
        ("the newest of what was cut off", CUT_OFF, [], {9}),
        ("not even that after a fortnight", replace(CUT_OFF, **OLD), [], set()),
        ("what we do not contain, and what it builds on", replace(PAST, contained=6), [], {5, 9}),
        ("the same after a fortnight", replace(CUT_OFF, contained=6, **OLD), [], {5, 9}),
        ("all, if we contain none", replace(PAST, contained=0), [], {3, 5, 9}),
    ],
)
def test_of_an_earlier_session_stays(
    says: str, past: Past, kept: list[int], staying: set[int]
) -> None:
    found = retention.staying(past, frozenset(State(past.sid, s) for s in kept), NOON)
    assert found == staying, says


def pack(number: int) -> str:
    return f"packs/{number:08d}-0123456789abcdef.pp"


PACKS = [pack(n) for n in range(1, 10)]


@pytest.mark.parametrize(
    ("says", "past", "chains", "unneeded"),
    [
        ("none of a chain", PAST, {5: [1, 4, 5], 9: [9]}, [2, 3, 6, 7, 8]),
        ("all without a state", PAST, {}, list(range(1, 10))),
        (
            "below what an unreadable state can need",
            replace(PAST, contained=6),
            {5: [4, 5]},
            [1, 2, 3],
        ),
        ("none, if nobody knows", replace(PAST, contained=6), {}, []),
    ],
)
def test_packs_that_no_state_needs(
    says: str, past: Past, chains: dict[int, list[int]], unneeded: list[int]
) -> None:
    named = {seq: [pack(n) for n in chain] for seq, chain in chains.items()}
    assert retention.unneeded(PACKS, named, past) == {pack(n) for n in unneeded}, says
