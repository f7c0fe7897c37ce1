"""The rule of a start, as a table."""

from dataclasses import dataclass, field

import pytest

from studio.snapshots import decide
from studio.snapshots.decide import Choice, Local, Wishes
from studio.snapshots.layout import State
from studio.snapshots.scan import Session
from studio.snapshots.state import LocalState
from tests.studio.snapshots.ledger import session, sid, state

NONE = Local()
UNKNOWN = Local(present=True)
DAMAGED = Local(present=True, damage="file is not a database")
REFUSING = Wishes(on_conflict="refuse")
EMPTY_ALLOWED = Wishes(allow_empty=True)


def publishing(number: int, pending: int, *parents: State) -> Local:
    """A local file that session `number` was publishing, with `pending` the last number tried."""
    return Local(True, None, LocalState("mlflow.db", sid(number), pending, True, parents))


def began(*parents: State, restored_from: State | None = None) -> Local:
    """A local file that a start has prepared and nobody has published yet."""
    return Local(True, None, LocalState("mlflow.db", parents=parents, restored_from=restored_from))


@dataclass(frozen=True)
class Case:
    """Facts and what follows from them. `verifies` are the states whose chain is whole."""

    says: str
    local: Local
    sessions: tuple[Session, ...]
    kind: str
    taken: State | None = None
    aside: bool = False
    code: int = 0
    wishes: Wishes = field(default=Wishes())
    damaged: tuple[State, ...] = ()
    words: str = ""


ONE = (session(1, 1, 2, 3),)
FORK = (
    session(1, 1),
    session(2, 1, 2, parents=(state(1, 1),), depth=2, wall_ts=5),
    session(3, 1, parents=(state(1, 1),), depth=2, wall_ts=9),
)
ALL_OF_ONE = (state(1, 1), state(1, 2), state(1, 3))
NAMED = Wishes(restore_from=state(1, 1))
NAMED_LINE = (
    session(1, 1, 2, 3, wall_ts=50),
    session(
        2,
        1,
        2,
        parents=(state(1, 1),),
        passed_over=(state(1, 3),),
        depth=2,
        restored_from=state(1, 1),
    ),
)

CASES = [
    Case("nothing anywhere", NONE, (), "fresh"),
    Case("a local file, an empty link", UNKNOWN, (), "local", words="holds no state"),
    Case("a session that never published", UNKNOWN, (session(1),), "local"),
    Case("a damaged local file, an empty link", DAMAGED, (), "refuse", code=78),
    Case(
        "a damaged local file, empty allowed",
        DAMAGED,
        (),
        "fresh",
        aside=True,
        wishes=EMPTY_ALLOWED,
    ),
    Case("only the link", NONE, ONE, "restore", state(1, 3)),
    Case("the newest is damaged", NONE, ONE, "restore", state(1, 2), damaged=(state(1, 3),)),
    Case("all are damaged", NONE, ONE, "refuse", code=78, damaged=ALL_OF_ONE, words="ALLOW_EMPTY"),
    Case(
        "all are damaged, empty allowed",
        NONE,
        ONE,
        "fresh",
        wishes=EMPTY_ALLOWED,
        damaged=ALL_OF_ONE,
    ),
    Case("all are damaged, but the local file is whole", UNKNOWN, ONE, "local", damaged=ALL_OF_ONE),
    Case(
        "allowing empty changes nothing else",
        NONE,
        ONE,
        "restore",
        state(1, 3),
        wishes=EMPTY_ALLOWED,
    ),
    Case("an unknown local file", UNKNOWN, ONE, "restore", state(1, 3), aside=True, words="aside"),
    Case("a damaged local file", DAMAGED, ONE, "restore", state(1, 3), aside=True, words="damaged"),
    Case("a local file with a tail", publishing(1, 3), ONE, "local"),
    Case("the last upload never arrived", publishing(1, 4), ONE, "local"),
    Case("a stale checkpoint", publishing(1, 2), ONE, "restore", state(1, 3), aside=True),
    Case(
        "a stale checkpoint, and all that is newer is damaged",
        publishing(1, 2),
        ONE,
        "local",
        damaged=(state(1, 3),),
        words="contains",
    ),
    Case(
        "no upload of the last session arrived",
        publishing(2, 5, state(1, 3)),
        ONE,
        "local",
    ),
    Case("prepared, then killed before publishing", began(state(1, 3)), ONE, "local"),
    Case(
        "prepared from an older state", began(state(1, 2)), ONE, "restore", state(1, 3), aside=True
    ),
    Case("published to another link", publishing(7, 3), ONE, "restore", state(1, 3), aside=True),
    Case("published to another link, this one is empty", publishing(7, 3), (), "local"),
    Case(
        "another Studio went on from it", publishing(1, 1), FORK, "restore", state(3, 1), aside=True
    ),
    Case("a fork, one side is ours", publishing(2, 2), FORK, "local"),
    Case("a fork, nothing local", NONE, FORK, "restore", state(3, 1)),
    Case(
        "a fork whose better side is damaged",
        NONE,
        FORK,
        "restore",
        state(2, 2),
        damaged=(state(3, 1),),
    ),
    Case("a fork is refused on demand", NONE, FORK, "refuse", code=75, wishes=REFUSING),
    Case("also when one side is ours", publishing(2, 2), FORK, "refuse", code=75, wishes=REFUSING),
    Case("no fork, nothing to refuse", NONE, ONE, "restore", state(1, 3), wishes=REFUSING),
    Case("a named state", NONE, ONE, "restore", state(1, 1), wishes=NAMED),
    Case(
        "a named state, a local tail",
        publishing(1, 3),
        ONE,
        "restore",
        state(1, 1),
        True,
        wishes=NAMED,
    ),
    Case(
        "a named state that is damaged",
        NONE,
        ONE,
        "refuse",
        code=78,
        wishes=NAMED,
        damaged=(state(1, 1),),
    ),
    Case(
        "a named state that is not there",
        NONE,
        ONE,
        "refuse",
        code=78,
        wishes=Wishes(restore_from=state(8, 8)),
        words="8/8",
    ),
    Case(
        "a named state settles a fork",
        NONE,
        FORK,
        "restore",
        state(1, 1),
        wishes=Wishes(restore_from=state(1, 1), on_conflict="refuse"),
    ),
    Case("a name that was honoured before", NONE, NAMED_LINE, "restore", state(2, 2), wishes=NAMED),
    Case("honoured before, local", publishing(2, 2), NAMED_LINE, "local", wishes=NAMED),
    Case(
        "honoured, but never published",
        began(state(1, 1), restored_from=state(1, 1)),
        ONE,
        "local",
        wishes=NAMED,
    ),
    Case("without the name its line goes on", NONE, NAMED_LINE, "restore", state(2, 2)),
]


def decided(case: Case) -> Choice:
    """Decide as `start` does, with packs that verify unless the case says otherwise."""
    choice = decide.early(case.local, case.sessions, case.wishes)
    if choice is not None:
        return choice
    there = {s for one in case.sessions for s in one.states} - set(case.damaged)
    tried = decide.candidates(case.sessions, case.wishes)
    verified = next((s for s in tried if s in there), None)
    rejected = tried[: tried.index(verified)] if verified else tried
    reasons = [f"{s}: damaged" for s in rejected]
    return decide.late(case.local, case.sessions, case.wishes, verified, reasons)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_a_start_begins_with(case: Case) -> None:
    choice = decided(case)
    assert (choice.kind, choice.state, choice.set_aside, choice.exit_code) == (
        case.kind,
        case.taken,
        case.aside,
        case.code,
    ), choice.why
    assert case.words in choice.why
    assert choice.why


def test_a_refusal_says_that_nothing_was_changed_or_started() -> None:
    for case in CASES:
        if case.kind == "refuse":
            assert "othing was" in decided(case).why, case.says


def test_the_first_reason_of_a_rejection_is_told() -> None:
    choice = decide.late(NONE, ONE, Wishes(), None, ["x/3: the file is missing", "x/2: torn"])
    assert "2 states were rejected; the first because: x/3: the file is missing" in choice.why


@pytest.mark.parametrize(
    ("local", "contained", "superseded"),
    [
        (publishing(1, 2), [state(1, 3)], True),
        (publishing(1, 2), [state(5, 1), state(1, 9)], True),
        (publishing(1, 2), [state(1, 2)], False),  # there may be commits that came after it
        (publishing(1, 2), [state(2, 9)], False),
        (began(state(1, 2)), [state(1, 9)], False),
        (UNKNOWN, [state(1, 9)], False),
        (DAMAGED, [state(1, 9)], False),
        (NONE, [state(1, 9)], False),
    ],
)
def test_a_local_file_is_superseded_only_by_a_later_snapshot_of_itself(
    local: Local, contained: list[State], superseded: bool
) -> None:
    assert decide.superseded(local, contained) is superseded
