"""What a home remembers of the data links."""

from pathlib import Path

import pytest

from studio import memory
from studio.memory import Memory


def test_what_is_kept_is_recalled(tmp_path: Path) -> None:
    memory.keep(tmp_path, "bucket", frozenset({"scratch", "inbox"}))
    assert memory.recall(tmp_path) == Memory("bucket", frozenset({"scratch", "inbox"}))


@pytest.mark.parametrize(
    ("state", "published"),
    [
        ('{"published": true, "parents": []}', True),
        ('{"published": false, "parents": [{"sid": "x", "seq": 1}]}', True),
        ('{"published": false, "parents": []}', False),
        ("torn", False),
    ],
)
def test_whether_states_were_published_comes_from_what_is_known_of_the_database(
    tmp_path: Path, state: str, published: bool
) -> None:
    (tmp_path / "state.json").write_text(state)
    assert memory.recall(tmp_path).published is published


@pytest.mark.parametrize("content", [None, "", "[]", '{"used": 3, "empty": 4}', '{"empty": [1]}'])
def test_a_home_that_knows_nothing_is_no_error(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "links.json").write_text(content)
    assert memory.recall(tmp_path) == Memory()


def test_nothing_is_written_where_nothing_is_known(tmp_path: Path) -> None:
    memory.keep(tmp_path, None, frozenset())
    assert list(tmp_path.iterdir()) == []
