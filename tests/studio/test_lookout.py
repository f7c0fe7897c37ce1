"""The process that looks around on the links while the server runs, without the waiting."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from studio import lookout, orders
from studio.mounts import Mount
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place


class Studio:
    """A home and a link as a start left them; `look` passes ten minutes at once."""

    def __init__(self, folder: Path) -> None:
        self.home, self.link = folder / "home", folder / "data" / "bucket"
        (self.home / "run").mkdir(parents=True)
        self.link.mkdir(parents=True)
        self.lines: list[str] = []
        self.at: dict[float, Callable[[], object]] = {}
        self.known: list[str] = []
        self.left_alone: str | None = None
        self.lineages = True

    def another(self, name: str) -> Place:
        """Somebody else on the same link."""
        place = Place(self.link, self.home.with_name(name))
        ledger.create(place.db)
        return place

    def look(self) -> dict[str, Any]:
        mount = Mount("bucket", self.link, "writable")
        orders.write(
            self.home / "run",
            [mount],
            {"bucket": self.known},
            lineages=self.lineages,
            left_alone=self.left_alone,
        )
        passed = [0.0]

        def sleep(seconds: float) -> None:
            passed[0] += seconds
            self.at.pop(passed[0], lambda: None)()

        lookout.run(self.home, lambda: True, self.lines.append, sleep)
        assert passed == [600 if self.lineages else 0]
        document: dict[str, Any] = json.loads((self.home / "run" / "lookout.json").read_text())
        return document

    def sessions(self) -> list[str]:
        return sorted(p.name for p in (self.link / "mlflow-studio" / "sessions").iterdir())


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def test_an_empty_link_has_nothing_to_tell(studio: Studio) -> None:
    assert studio.look() == {"found": [], "incomplete": None, "appeared": []}
    assert studio.lines == []


def test_stores_are_reported_once(studio: Studio) -> None:
    (studio.link / "mlruns" / "0").mkdir(parents=True)
    (studio.link / "mlruns" / "0" / "meta.yaml").touch()
    (found,) = studio.look()["found"]
    assert (found["kind"], found["holds"]) == ("mlruns", "1 experiment, 0 runs")
    (line,) = studio.lines
    assert str(studio.link / "mlruns") in line
    assert "/studio/status says how to bring it in" in line


def test_the_file_that_was_named_as_the_database_is_looked_at_wherever_it_is(
    studio: Studio,
) -> None:
    deep = studio.link / "1/2/3/4/5/6"
    deep.mkdir(parents=True)
    with closing(sqlite3.connect(deep / "history.db")) as connection, connection:
        connection.execute("CREATE TABLE something_else (x)")
    studio.left_alone = str(deep / "history.db")
    (found,) = studio.look()["found"]
    assert found["path"] == studio.left_alone
    assert "not a database of MLflow" in found["holds"]


def test_a_lineage_that_appears_later_is_reported_once_and_kept_up_to_date(
    studio: Studio,
) -> None:
    other = studio.another("other")
    states: list[str] = []
    studio.at[120] = lambda: states.append(str(other.publish(1, 2)))
    (appeared,) = studio.look()["appeared"]
    assert appeared["state"] == states[0]
    assert appeared["link"] == "bucket"
    (line,) = studio.lines
    assert line.startswith('warning: another lineage has appeared on data link "bucket"')
    assert states[0] in line


def test_what_the_start_saw_and_what_is_ours_did_not_appear(studio: Studio) -> None:
    ours, seen = studio.another("ours"), studio.another("seen")
    seen.publish(1)
    studio.known = studio.sessions()
    ours.publish(2)
    ours.publish(3)  # a restarted publisher: a session that descends from the last
    (ours.home / "run").mkdir(exist_ok=True)
    studio.home = ours.home
    assert studio.look()["appeared"] == []


def test_where_the_records_are_elsewhere_no_lineage_is_looked_for(studio: Studio) -> None:
    studio.lineages = False
    studio.another("other").publish(1)
    assert studio.look()["appeared"] == []


def test_a_session_without_a_state_is_no_lineage(studio: Studio) -> None:
    (studio.link / "mlflow-studio/sessions/20261101T100000Z-0a1b2c3d/packs").mkdir(parents=True)
    assert studio.look()["appeared"] == []


def test_a_link_that_goes_away_is_not_the_end(studio: Studio) -> None:
    studio.at[60] = lambda: studio.link.rename(studio.link.with_name("gone"))
    assert studio.look()["appeared"] == []
