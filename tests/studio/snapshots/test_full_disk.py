"""A data link, or the local disk, with no room left: said, waited out, nothing lost."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place, Run

pytestmark = pytest.mark.mounts
SMALL, LARGE = "size=1m", "size=64m"


def remount(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{size}", folder], check=True)


@pytest.fixture
def place(empty_place: Place) -> Iterator[Place]:
    """A link with room for the first state and no more."""
    ledger.create(empty_place.db)
    ledger.commit(empty_place.db, 1)
    subprocess.run(["mount", "-t", "tmpfs", "-o", SMALL, "none", empty_place.link], check=True)
    try:
        yield empty_place
    finally:
        subprocess.run(["umount", empty_place.link], check=True)


def test_a_full_link_is_said_and_what_it_missed_is_published_later(place: Place, run: Run) -> None:
    process = run("--interval", "0.2")
    ledger.until(lambda: place.status().get("seq"), "the first state")
    ledger.fill(place.db, 4)
    ledger.commit(place.db, 2, 3)
    ledger.until(lambda: place.status().get("failures"), "an error")
    assert "No space left on device" in str(place.status()["last_error"])
    assert place.restored() == [1], "what was published before is still whole"
    remount(place.link, LARGE)
    ledger.until(lambda: place.published_runs() == 3, "everything")
    code, said = ledger.terminate(process)
    assert code == 0
    assert "No space left on device" in said
    assert "everything is published" in said
    assert place.restored() == [1, 2, 3]


def test_a_full_link_at_the_stop_is_said(place: Place, run: Run) -> None:
    process = run("--interval", "60", "--final-seconds", "3")
    ledger.until(lambda: place.status().get("seq"), "the first state")
    ledger.fill(place.db, 4)
    code, said = ledger.terminate(process)
    assert code == 0
    assert "the newest changes are NOT published" in said
    assert place.restored() == [1]


def test_a_full_local_disk_is_said_and_the_server_goes_on_committing(tmp_path: Path) -> None:
    home, link = tmp_path / "home", tmp_path / "link"
    home.mkdir()
    link.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", home], check=True)
    try:
        place = Place(link, home)
        ledger.create(place.db)
        ledger.commit(place.db, 1)
        publisher = place.publisher()
        with pytest.raises(OSError, match="a snapshot needs"):
            publisher.cycle()
        ledger.commit(place.db, 2)
        assert ledger.steps(place.db) == [1, 2]
        assert place.files() == []
        remount(home, "size=256m")
        assert publisher.cycle() is not None
        publisher.close()
        assert replace(place, home=tmp_path / "elsewhere").restored() == [1, 2]
    finally:
        subprocess.run(["umount", "--lazy", home], check=True)
