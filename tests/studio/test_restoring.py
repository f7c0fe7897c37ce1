"""What a start begins with where the link cannot be asked, or has lost what it held."""

import os
import sys
from pathlib import Path

import pytest

from studio import restoring, server, storage
from studio.errors import StartRefused
from studio.memory import Memory
from studio.mounts import Mount
from studio.server import Command
from studio.settings import InvalidSettings, read
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place

USED = Memory(used="bucket", published=True)


class Start:
    """One start on a home and a link."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder / "data" / "bucket", folder / "home")
        self.place.link.mkdir(parents=True)
        ledger.create(self.place.db)
        self.mounts = [Mount("bucket", self.place.link, "writable")]
        self.lines: list[str] = []

    def restore(self, memory: Memory = USED, **env: str) -> dict[str, object]:
        settings = read({"STUDIO_HOME": str(self.place.home), **env}, in_image=False)
        chosen = storage.decide(settings, self.mounts, memory.used)
        return restoring.restore(settings, chosen, memory, os.environ, self.lines.append)

    def lose(self) -> None:
        self.place.lose_home()
        self.place.home.mkdir()

    def empty_the_link(self) -> None:
        self.place.link.rename(self.place.link.with_name("elsewhere"))
        self.place.link.mkdir()


@pytest.fixture
def start(tmp_path: Path) -> Start:
    return Start(tmp_path)


def test_a_first_start_on_an_empty_link_has_nothing_to_decide(start: Start) -> None:
    start.lose()
    assert start.restore(Memory()) == {}
    assert start.lines == []


def test_a_lost_home_is_restored(start: Start) -> None:
    start.place.publish(1, 2)
    start.lose()
    assert start.restore(Memory())["choice"] == "restore"
    assert ledger.steps(start.place.db) == [1, 2]


def test_a_link_that_lost_its_states_goes_on_with_the_local_database(start: Start) -> None:
    start.place.publish(1, 2)
    start.empty_the_link()
    document = start.restore()
    assert document["choice"] == "local"
    assert ledger.steps(start.place.db) == [1, 2]
    (warning,) = document["warnings"]  # type: ignore[misc]
    assert 'data link "bucket" held published states of this Studio' in warning
    assert "The local database goes on, in a new lineage" in warning
    assert f"warning: {warning}" in start.lines


def test_another_empty_link_is_no_loss(start: Start) -> None:
    start.place.publish(1)
    start.empty_the_link()
    assert start.restore(Memory(used="the one before", published=True))["warnings"] == []


def test_without_states_and_without_the_local_database_it_is_refused(start: Start) -> None:
    start.place.publish(1)
    start.empty_the_link()
    start.place.db.unlink()
    with pytest.raises(StartRefused, match="now there are none") as refused:
        start.restore()
    assert refused.value.code == 78
    assert "STUDIO_LINK_WAIT" in str(refused.value)
    assert start.restore(STUDIO_ALLOW_EMPTY="1")["choice"] == "fresh"


def test_a_link_that_cannot_be_read_is_refused_unless_that_is_allowed(start: Start) -> None:
    start.mounts = [
        Mount("bucket", start.place.link, "failing", "EIO: Input/output error", readable=False)
    ]
    with pytest.raises(StartRefused, match="cannot be read \\(EIO") as refused:
        start.restore()
    assert refused.value.code == 78
    assert "Nothing was changed" in str(refused.value)
    (warning,) = start.restore(STUDIO_ALLOW_EMPTY="1")["warnings"]  # type: ignore[misc]
    assert "this start does without it" in warning


def test_a_restore_that_was_killed_is_said(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    start.place.publish(1)
    kills_itself = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    command = Command("restore", (sys.executable, "-c", kills_itself), {})
    monkeypatch.setattr(server, "restore", lambda *_: command)
    with pytest.raises(StartRefused, match=r"ended unexpectedly \(signal SIGKILL\)") as refused:
        start.restore()
    assert refused.value.code == 78


def test_a_state_cannot_be_chosen_without_a_link(start: Start) -> None:
    start.mounts = []
    with pytest.raises(InvalidSettings, match="no data link is mounted"):
        start.restore(STUDIO_RESTORE_FROM="20261101T100000Z-0a1b2c3d/1")
