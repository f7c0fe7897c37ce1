"""What a start tells its parent process."""

import json
import sqlite3
import subprocess
from typing import Any

from studio.snapshots import layout, start
from studio.snapshots.layout import State
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place


def answer(place: Place, *words: str) -> tuple[int, dict[str, Any]]:
    """Run the command and read its one document."""
    command = ledger.command(place.link, place.home, "start", *words)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    document = json.loads(done.stdout)
    assert document["exit"] == done.returncode
    return done.returncode, document


def test_the_command_prints_one_document(place: Place) -> None:
    state = place.publish(3)
    place.lose_home()
    code, document = answer(place)
    assert code == 0
    assert set(document) == {
        "v",
        "choice",
        "exit",
        "why",
        "state",
        "parent",
        "alembic_rev",
        "set_aside",
        "rejected",
        "rejected_count",
        "conflict",
        "schemas",
        "sessions",
        "notes",
        "seconds",
    }
    assert document["choice"] == "restore"
    assert document["state"] == str(state)
    assert document["parent"] == {"sid": state.sid, "seq": state.seq}
    assert document["alembic_rev"] == ledger.REVISION
    (schema,) = document["schemas"]
    assert (schema["alembic_rev"], schema["state"]) == (ledger.REVISION, str(state))


def test_the_command_lists_every_rejection_and_exits_78(place: Place) -> None:
    state = place.publish(3)
    place.lose_home()
    place.pack_of(state).write_bytes(b"")
    code, document = answer(place)
    assert code == 78
    (rejected,) = document["rejected"]
    assert rejected["state"] == str(state)
    assert "0 bytes instead of" in rejected["reason"]
    assert answer(place, "--allow-empty")[0] == 0


def test_the_command_refuses_a_fork_with_75_on_demand(place: Place) -> None:
    place.publish(3)
    other = place.elsewhere("other-home")
    other.begin()
    one, two = place.publish(4), other.publish(5)
    code, document = answer(place.elsewhere("third-home"), "--on-conflict", "refuse")
    assert code == 75
    assert {leaf["state"] for leaf in document["conflict"]["leaves"]} == {str(one), str(two)}
    assert not place.elsewhere("third-home").db.exists()
    code, document = answer(place.elsewhere("third-home"), "--on-conflict", "fork")
    assert (code, document["choice"]) == (0, "restore")


def test_the_command_takes_a_named_state(place: Place) -> None:
    first = place.publish(3)
    place.publish(4)
    place.lose_home()
    assert answer(place, "--restore-from", str(first))[1]["state"] == str(first)
    gone = State(first.sid, 99)
    code, document = answer(place.elsewhere("other-home"), "--restore-from", str(gone))
    assert code == 78
    assert "there is no such manifest" in str(document["why"])


def test_the_command_explains_a_name_that_is_none(place: Place) -> None:
    command = ledger.command(place.link, place.home, "start", "--restore-from", "yesterday")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "'yesterday' does not name a state; expected <session>/<number>" in done.stderr


def test_the_schemas_name_the_newest_state_of_each_revision(place: Place) -> None:
    old = place.publish(3)
    with sqlite3.connect(place.db) as connection:
        connection.execute("UPDATE alembic_version SET version_num='newer'")
    connection.close()
    new = place.publish(4)
    schemas = start.report(place.begin())["schemas"]
    assert [(s["alembic_rev"], s["state"]) for s in schemas] == [
        ("newer", str(new)),
        (ledger.REVISION, str(old)),
    ]


def test_a_torn_file_on_the_link_is_noted(place: Place) -> None:
    state = place.publish(3)
    layout.manifest_file(place.link, State(state.sid, 2)).write_bytes(b"")
    report = start.report(place.begin())
    assert report["notes"] == [f"{state.sid}: manifest 2: the file is empty"]
