"""The publisher's life, in a process of its own where signals matter."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.snapshots.loop import interval_s
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place

Publishing = Callable[..., "subprocess.Popen[str]"]


@pytest.mark.parametrize(
    ("wish_s", "work_s", "expected_s"),
    [
        (15.0, 0.2, 15.0),
        (15.0, 1.0, 20.0),
        (15.0, 7.0, 120.0),
        (600.0, 7.0, 600.0),
        (0.5, 0.01, 0.5),
    ],
)
def test_the_interval_grows_with_the_work_up_to_two_minutes(
    wish_s: float, work_s: float, expected_s: float
) -> None:
    assert interval_s(wish_s, work_s) == pytest.approx(expected_s)


SLOW_LINK = """
import sys, time
from studio.snapshots import __main__, layout
real = layout.put
def put(path, source):
    time.sleep(0.3)
    real(path, source)
layout.put = put
sys.exit(__main__.main(sys.argv[1:]))
"""
HANGING_LINK = """
import ctypes, sys
from studio.snapshots import __main__, layout
real = layout.put
def put(path, source):
    if "--pin" in sys.argv and "pinned" not in path.parts:
        return real(path, source)
    open(sys.argv.pop(), "w").close()
    while True:  # a system call that no signal interrupts for Python, as on a mount that hangs
        ctypes.CDLL(None).usleep(900_000)
layout.put = put
sys.exit(__main__.main(sys.argv[1:-1]))
"""
CHORES = """
import sys
from pathlib import Path
from studio.snapshots import __main__, drill
busy = Path(sys.argv.pop())
class Counting:
    def __init__(self, publisher, say):
        self.turns = 0
    def turn(self, now, check):
        self.turns += 1
        if self.turns == 1:
            raise OSError(5, "Input/output error")
        while busy.exists():
            if not busy.stat().st_size:  # to write it again would empty it for a moment
                busy.write_text("in the middle of it")
            check()
        return now
drill.Drill = Counting
sys.exit(__main__.main(sys.argv[1:]))
"""


@pytest.fixture
def publishing(place: Place) -> Iterator[Publishing]:
    """Starts programs that publish the place's database; none of them outlives the test."""
    running: list[subprocess.Popen[str]] = []

    def begin(program: str, *words: str, last: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
        command = ledger.command(place.link, place.home, "publish", "--nice", "0", *words)
        process = subprocess.Popen(
            [sys.executable, "-c", program, *command[3:], *last],
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_a_slow_link_does_not_lengthen_the_interval(place: Place, publishing: Publishing) -> None:
    process = publishing(SLOW_LINK, "--interval", "0.1")
    ledger.until(lambda: place.status().get("seq"), "the first publish")
    status = place.status()
    assert status["cycle_s"] > 1.2
    assert status["interval_s"] < 20, "20 times its own work, not 20 times 1.2 s"
    assert ledger.terminate(process)[0] == 0


def test_a_link_that_hangs_is_left_behind_in_time_though_it_hung_before_the_stop(
    place: Place, publishing: Publishing, tmp_path: Path
) -> None:
    hanging = tmp_path / "hanging"
    process = publishing(HANGING_LINK, "--final-seconds", "1", last=(str(hanging),))
    ledger.until(hanging.exists, "the write that hangs")
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert 0.9 < time.monotonic() - began < 4
    assert process.returncode == 0
    assert "NOT published: the time was up after 1 s; this session has no state" in said
    assert place.status()["final"] == "unpublished"


def test_a_link_that_hangs_when_a_state_is_pinned_is_left_behind_in_time(
    place: Place, publishing: Publishing, tmp_path: Path
) -> None:
    words = ("--once", "--pin", "before-upgrade", "--final-seconds", "4")
    process = publishing(HANGING_LINK, *words, last=(str(tmp_path / "hanging"),))
    _, said = process.communicate(timeout=30)
    assert (tmp_path / "hanging").exists()
    assert process.returncode == 0
    assert "everything is published" in said
    assert "a mark could not be written in time; no data is missing" in said


def test_changes_that_a_killed_publisher_left_are_unpublished_since_then(
    place: Place, publishing: Publishing, tmp_path: Path
) -> None:
    since = []
    for hanging in (tmp_path / "first", tmp_path / "second"):
        process = publishing(HANGING_LINK, last=(str(hanging),))
        ledger.until(hanging.exists, "the write that hangs")
        since.append(place.status()["dirty_since"])
        assert place.status()["pid"] == process.pid
        process.kill()
        process.communicate()
    assert since[0] == since[1]


def test_chores_are_done_between_publishes_and_let_a_stop_through(
    place: Place, publishing: Publishing, tmp_path: Path
) -> None:
    busy = tmp_path / "busy"
    process = publishing(CHORES, "--interval", "0.05", last=(str(busy),))
    ledger.until(lambda: place.status().get("seq"), "the first publish")
    ledger.commit(place.db, 3)
    ledger.until(lambda: place.published_runs() == 3, "a publish though a chore failed")
    busy.touch()
    ledger.until(busy.read_text, "a long chore")
    ledger.commit(place.db, 4)
    code, said = ledger.terminate(process)
    assert code == 0
    assert said.count("counting: [Errno 5] Input/output error") == 1
    assert place.status()["failures"] == 0
    assert place.restored() == [1, 2, 3, 4]
