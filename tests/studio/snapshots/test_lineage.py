"""Who continues whom."""

import pytest

from studio.snapshots import lineage
from studio.snapshots.scan import Session
from tests.studio.snapshots.ledger import session, state

CASES: list[tuple[str, list[Session], list[int]]] = [
    ("nothing", [], []),
    ("one", [session(1, 1, 2)], [1]),
    ("a session without a state is no leaf", [session(1)], []),
    ("continued", [session(1, 1, 2), session(2, 1, parents=(state(1, 2),), depth=2)], [2]),
    (
        "continued, and then it went on",
        [session(1, 1, 2, 3), session(2, 1, parents=(state(1, 2),), depth=2)],
        [2, 1],
    ),
    (
        "a child that published nothing takes nothing away",
        [session(1, 1), session(2, parents=(state(1, 1),), depth=2)],
        [1],
    ),
    (
        "a parent may name a number that never arrived",
        [session(1, 1, 2), session(2, 1, parents=(state(1, 5),), depth=2)],
        [2],
    ),
    (
        "two children of one state",
        [
            session(1, 1),
            session(2, 1, parents=(state(1, 1),), depth=2, wall_ts=5),
            session(3, 1, parents=(state(1, 1),), depth=2, wall_ts=9),
        ],
        [3, 2],
    ),
    (
        "the longer line goes first, whatever the clocks say",
        [
            session(1, 1, wall_ts=1),
            session(2, 1, parents=(state(1, 1),), depth=2, wall_ts=2),
            session(3, 1, wall_ts=99),
        ],
        [2, 3],
    ),
    (
        "passed over on purpose",
        [
            session(1, 1, 2, 3),
            session(2, 1, parents=(state(1, 1),), passed_over=(state(1, 3),), depth=2),
        ],
        [2],
    ),
    (
        "passed over, and then it went on",
        [
            session(1, 1, 2, 3, 4),
            session(2, 1, parents=(state(1, 1),), passed_over=(state(1, 3),), depth=2),
        ],
        [2, 1],
    ),
    ("a session cannot continue itself", [session(1, 1, parents=(state(1, 9),))], [1]),
    (
        "two that were merged",
        [session(1, 1), session(2, 1), session(3, 1, parents=(state(1, 1), state(2, 1)), depth=2)],
        [3],
    ),
]


@pytest.mark.parametrize(
    ("sessions", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_leaves(sessions: list[Session], expected: list[int]) -> None:
    assert [s.sid for s in lineage.leaves(sessions)] == [session(n).sid for n in expected]
    assert [s.sid for s in lineage.leaves(sessions[::-1])] == [session(n).sid for n in expected]
    found = lineage.conflict(sessions)
    assert (found is not None) == (len(expected) > 1)
    if found:
        assert all(str(s.head) in found.why for s in found.leaves)


def test_all_sessions_are_searched_and_the_best_leaf_first() -> None:
    left = session(9, 1, depth=9)
    named = session(10, 1, parents=(state(1, 1),), passed_over=(state(9, 1),), depth=2)
    ordered = lineage.order([session(1, 1), left, named, session(4)])
    assert [s.sid for s in ordered] == [named.sid, left.sid, session(4).sid, session(1).sid]


def test_heirs_of_a_named_restore_are_all_its_descendants() -> None:
    first = session(1, 1, 2)
    other = session(2, 1, parents=(state(1, 2),), depth=2)
    again = session(3, 1, parents=(state(1, 1),), depth=2, restored_from=state(1, 1))
    child = session(4, 1, parents=(state(3, 1),), depth=3)
    grandchild = session(5, 1, parents=(state(4, 1),), depth=4)
    everything = [first, other, again, child, grandchild]
    assert lineage.heirs(everything, state(1, 1)) == (again, child, grandchild)
    assert lineage.heirs(everything, state(1, 2)) == ()


def test_what_a_database_contains_is_followed_through_the_sessions_that_are_there() -> None:
    everything = [
        session(1, 1),
        session(3, 1, 2, parents=(state(2, 7), state(1, 1)), ancestors=(state(0, 4),)),
        session(4, 1, parents=(state(3, 1),)),
        session(8, 1),
    ]
    assert lineage.contained(everything, [state(4, 1)]) == (state(4, 1), state(3, 1), state(1, 1))
    assert lineage.contained(everything, [state(9, 3)]) == (state(9, 3),)
    assert lineage.contained([session(1, 1, parents=(state(1, 5),))], [state(1, 1)]) == (
        state(1, 5),
    )


def test_a_line_holds_together_when_sessions_in_its_middle_are_gone() -> None:
    first, last = session(1, 1), session(5, 1, parents=(state(4, 1),), depth=5)
    assert len(lineage.leaves([first, last])) == 2
    last = session(5, 1, parents=(state(4, 1),), ancestors=(state(1, 1),), depth=5)
    assert lineage.leaves([first, last]) == (last,)


def test_a_conflict_says_how_to_look_at_each_end_and_how_to_choose_one() -> None:
    found = lineage.conflict([session(1, 1), session(2, 1)])
    assert found is not None
    assert f"{state(1, 1)} (1 runs)" in found.why
    assert "studioctl snapshots export FOLDER SESSION/NUMBER -o FILE" in found.remedy
    assert "STUDIO_RESTORE_FROM=SESSION/NUMBER" in found.remedy
