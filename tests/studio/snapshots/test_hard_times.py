"""The publisher when it is killed, orphaned, under load, and with a large database."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place, Run


def test_it_ends_with_its_parent_and_publishes_before(place: Place, tmp_path: Path) -> None:
    words = ("--nice", "0", "--interval", "600")
    command = ledger.command(place.link, place.home, "publish", *words)
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import os, subprocess, sys, time\n"
        "words = [*sys.argv[1:], '--parent-pid', str(os.getpid())]\n"
        "print(subprocess.Popen(words, stderr=subprocess.PIPE).pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(parent), *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        ledger.until(lambda: place.status().get("drill"), "the first publish")
        ledger.commit(place.db, 3)
        process.kill()
        process.communicate()
        ledger.until(lambda: place.status()["final"] == "published", "the last publish")
        ledger.until(lambda: not _alive(child), "the end of the publisher")
    finally:
        if _alive(child):
            os.kill(child, signal.SIGKILL)
    assert place.restored() == [1, 2, 3]


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        pass
    else:
        return state != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path("/proc/self").exists()


def newer(place: Place, runs: int) -> bool:
    """Whether a state with more runs is published."""
    return place.published_runs() > runs


class Writer(threading.Thread):
    """Commits one step after the other; `acknowledged` is the last that is committed."""

    def __init__(self, db: Path, first: int) -> None:
        super().__init__(daemon=True)
        self.db, self.acknowledged, self.stopping = db, first - 1, threading.Event()

    def run(self) -> None:
        while not self.stopping.wait(0.002):
            ledger.commit(self.db, self.acknowledged + 1)
            self.acknowledged += 1

    def stop(self) -> None:
        self.stopping.set()
        self.join(20)


def test_killed_at_random_moments_it_leaves_states_without_holes(place: Place, run: Run) -> None:
    chance = random.Random(5)
    writer = Writer(place.db, 3)
    writer.start()
    last = 0
    try:
        for _ in range(5):
            process = run("--interval", "0.02")
            ledger.until(partial(newer, place, last), "a newer state")
            time.sleep(chance.random() * 0.3)
            process.kill()
            process.communicate()
            published = place.published_runs()
            found = place.restored()
            assert found == list(range(1, len(found) + 1)), "a hole"
            assert len(found) >= published
            assert len(found) <= writer.acknowledged + 1
            last = len(found)
    finally:
        writer.stop()
    process = run("--once")
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert place.restored() == list(range(1, writer.acknowledged + 1))


def test_sigterm_under_load_publishes_every_commit_made_before(place: Place, run: Run) -> None:
    process = run("--interval", "0.05")
    writer = Writer(place.db, 3)
    writer.start()
    ledger.until(lambda: place.published_runs() > 20, "some states")
    writer.stop()
    code, _ = ledger.terminate(process)
    assert code == 0
    assert place.restored() == list(range(1, writer.acknowledged + 1))


PEAK = """
import sys
from pathlib import Path
from studio.snapshots import __main__
code = __main__.main(sys.argv[1:])
status = Path("/proc/self/status").read_text().splitlines()
print([line.split()[1] for line in status if line.startswith("VmHWM:")][0], file=sys.stderr)
sys.exit(code)
"""


def peak(command: list[str]) -> list[str]:
    """A command whose last word on stderr is its greatest memory in kB.

    It asks about itself: `ru_maxrss` of a child begins with the memory of whoever forked it.
    """
    return [command[0], "-c", PEAK, *command[3:]]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells in /proc")
def test_memory_does_not_grow_with_the_database(place: Place) -> None:
    ledger.fill(place.db, 150)
    # What is looked at is its memory: it gets all the time it wants.
    patient = ("--interval", "0.2", "--nice", "0", "--final-seconds", "60")
    command = ledger.command(place.link, place.home, "publish", *patient)
    process = subprocess.Popen(peak(command), stderr=subprocess.PIPE, text=True)
    try:
        ledger.until(lambda: place.status().get("drill"), "a base and its drill", 200)
        ledger.commit(place.db, 3)
        code, said = ledger.terminate(process, 90)  # and with it comes a delta
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert code == 0
    assert place.published_runs() == 3
    assert int(said.split()[-1]) < 80_000
    place.lose_home()
    command = ledger.command(place.link, place.home, "start")
    done = subprocess.run(peak(command), capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stderr.split()[-1]) < 80_000
    assert ledger.steps(place.db) == [1, 2, 3]
