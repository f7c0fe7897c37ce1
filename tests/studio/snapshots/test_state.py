"""What is remembered of the local database."""

from pathlib import Path

import pytest

from studio.snapshots import state as local_state
from studio.snapshots.state import LocalState
from tests.studio.snapshots.ledger import sid, state

FULL = LocalState(
    "mlflow.db",
    sid(3),
    7,
    True,
    parents=(state(2, 5),),
    passed_over=(state(1, 9),),
    depth=3,
    restored_from=state(2, 5),
    ancestors=(state(0, 4),),
)


@pytest.mark.parametrize("known", [FULL, LocalState("mlflow.db"), LocalState("mlflow.db", depth=9)])
def test_it_reads_back_as_it_was(tmp_path: Path, known: LocalState) -> None:
    local_state.write(tmp_path, known)
    assert local_state.read(tmp_path, tmp_path / "mlflow.db") == known
    assert local_state.path(tmp_path).stat().st_mode & 0o777 == 0o600


def test_it_moves_with_its_home(tmp_path: Path) -> None:
    local_state.write(tmp_path / "a", FULL)
    (tmp_path / "a").rename(tmp_path / "b")
    assert local_state.read(tmp_path / "b", tmp_path / "b" / "mlflow.db") == FULL


def test_a_database_may_be_reached_through_the_short_path(tmp_path: Path) -> None:
    """In the image /tmp/mlflow leads to the home, and users are told to name it so."""
    (tmp_path / "home").mkdir()
    (tmp_path / "short").symlink_to(tmp_path / "home")
    local_state.write(tmp_path / "home", FULL)
    assert local_state.read(tmp_path / "home", tmp_path / "short" / "mlflow.db") == FULL


def test_it_says_nothing_about_another_database(tmp_path: Path) -> None:
    local_state.write(tmp_path, FULL)
    assert local_state.read(tmp_path, tmp_path / "other.db") is None
    assert local_state.read(tmp_path, Path("/elsewhere/mlflow.db")) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"v": 2, "db": "mlflow.db"}'])
def test_a_damaged_file_is_no_knowledge(tmp_path: Path, content: bytes) -> None:
    local_state.path(tmp_path).write_bytes(content)
    assert local_state.read(tmp_path, tmp_path / "mlflow.db") is None


def test_the_next_session_descends_from_the_last() -> None:
    following = FULL.continued(own_is_visible=True)
    assert following == LocalState(
        "mlflow.db",
        parents=(state(3, 7),),
        passed_over=(state(1, 9),),
        depth=4,
        restored_from=state(2, 5),
        ancestors=(state(2, 5), state(0, 4)),
    )
    assert following.contained == (state(3, 7), state(2, 5), state(0, 4))


def test_a_session_that_nobody_can_see_leaves_its_parents_in_place() -> None:
    following = FULL.continued(own_is_visible=False)
    assert following.parents == (state(3, 7), state(2, 5))
    assert (following.session, following.depth) == (None, 3)
    assert (following.passed_over, following.restored_from) == ((state(1, 9),), state(2, 5))
    assert following.continued(own_is_visible=False) == following


def test_a_publisher_that_fails_for_ever_does_not_grow_it_without_bound() -> None:
    known = LocalState("mlflow.db")
    for number in range(200):
        known = LocalState("mlflow.db", sid(number), 1, parents=known.parents).continued(False)
    assert len(known.parents) == 50
    for number in range(2100):
        known = LocalState(
            "mlflow.db",
            sid(number),
            1,
            True,
            parents=(state(9, number),),
            ancestors=known.ancestors,
        ).continued(own_is_visible=True)
    assert len(known.ancestors) == 2000
    assert known.ancestors[0] == state(9, 2099)
