"""Only one of several servers changes a schema; the databases' own locks are tried in tests/e2e."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from studio import migrate
from studio.errors import StartRefused


class Connection:
    """Gives the lock at the third time of asking, if `ever`."""

    def __init__(self, ever: bool) -> None:
        self.asked, self.ever = [""], ever

    def execute(self, query: object, _values: object) -> Any:
        self.asked.append(str(query))
        given = self.ever and len(self.asked) > 3
        return SimpleNamespace(scalar=lambda: int(given))

    def commit(self) -> None:
        """Nothing is kept open while we wait."""


def engine(connection: Connection, dialect: str) -> Any:
    return SimpleNamespace(
        dialect=SimpleNamespace(name=dialect), connect=lambda: nullcontext(connection)
    )


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(migrate, "time", SimpleNamespace(sleep=pauses.append))
    return pauses


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_another_server_is_waited_for(
    dialect: str, slept: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    connection = Connection(ever=True)
    with migrate._only_one(engine(connection, dialect)):
        assert slept == [1, 1]
        held = len(connection.asked)
    assert len(connection.asked) == held + 1, "the lock is given back"
    assert capsys.readouterr().err.count("another server is changing the database's schema") == 1


def test_another_server_that_never_ends_is_not_waited_for_without_a_limit() -> None:
    with (
        pytest.raises(StartRefused, match="for 600 s") as refused,
        migrate._only_one(engine(Connection(ever=False), "mysql")),
    ):
        pytest.fail("two servers change one schema")
    assert refused.value.code == 69
