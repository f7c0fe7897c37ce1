"""Kill the server and its publisher at random moments, harm what is left, start again, and judge.

The judge is a ledger of acknowledged commits. After every start the database must hold the steps
1 to n without a gap, and n must be as large as what was left allows: everything acknowledged where
the home is still there, everything published and intact where it is not.

`python -m tests.studio.snapshots.torture --kills 200` runs it for longer than the tests do.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from studio.snapshots import layout
from studio.snapshots.layout import State
from tests.studio.snapshots import ledger

INTERVAL_S = 0.3
RATE = 100.0
# A cycle, a slow moment of the machine, and the time that a killed process took to start.
SLACK_S = 4.0
LOAD = Path(__file__).with_name("load.py")


@dataclass
class Torture:
    """A link and a home in `folder`, and what is known to have been acknowledged."""

    folder: Path
    link: Path
    random: random.Random
    slack_s: float = SLACK_S
    acknowledged: int = 0
    count: Counter[str] = field(default_factory=Counter)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def db(self) -> Path:
        return self.home / "mlflow.db"

    @property
    def _said(self) -> Path:
        return self.folder / "publisher.log"

    def begin(self) -> None:
        """Make the first database: a server would."""
        ledger.create(self.db)

    def round(self) -> None:
        """Run, kill, harm, start, judge."""
        notes = self.folder / "ledger"
        notes.unlink(missing_ok=True)
        checkpoint = self.folder / "checkpoint"
        began = time.time()
        publisher, load = self._publisher(), self._load(notes)
        wait_s = self.random.uniform(0.05, 1.5)
        if self.random.random() < 0.3:
            time.sleep(wait_s / 2)
            self._copy_home(checkpoint)
            time.sleep(wait_s / 2)
        else:
            time.sleep(wait_s)
        killed = self._end(publisher, load)
        acknowledged = _read(notes)
        everything = max((step for step, _ in acknowledged), default=self.acknowledged)
        published = self._published()
        fate = self._fate(checkpoint)
        if fate in ("kept", "kept and torn"):
            at_least = everything
        elif fate == "lost":
            at_least = max((metrics for _, metrics in published), default=0)
            if killed:
                self._judge_age(acknowledged, at_least, began)
            else:
                at_least = everything
        else:
            at_least = max((metrics for _, metrics in self._published()), default=0)
        self._start(fate, at_least)

    def _judge_age(self, acknowledged: list[tuple[int, float]], held: int, began: float) -> None:
        """What is not published must be young."""
        end = max((at for _, at in acknowledged), default=began)
        late = [step for step, at in acknowledged if at < end - INTERVAL_S - self.slack_s]
        assert not late or held >= late[-1], f"step {late[-1]} is old and not published"

    def _publisher(self) -> "subprocess.Popen[str]":
        words = ("publish", "--interval", str(INTERVAL_S), "--nice", "0")
        command = ledger.command(self.link, self.home, *words)
        with self._said.open("w") as said:
            return subprocess.Popen(command, stderr=said, text=True)

    def _load(self, notes: Path) -> "subprocess.Popen[str]":
        words = (self.db, notes, self.acknowledged + 1, RATE)
        return subprocess.Popen([sys.executable, LOAD, *map(str, words)], text=True)

    def _end(self, publisher: "subprocess.Popen[str]", load: "subprocess.Popen[str]") -> bool:
        """Kill both, or stop as the Platform does; whether it was a kill."""
        if self.random.random() < 0.15:
            load.kill()
            load.wait()
            publisher.send_signal(signal.SIGTERM)
            code = publisher.wait(60)
            if code != -signal.SIGTERM:  # which came before it could listen
                assert code == 0, self._said.read_text()
                self.count["stopped"] += 1
                return False
        both = [publisher, load]
        self.random.shuffle(both)
        for process in both:
            process.kill()
        for process in both:
            process.wait()
        self.count["killed"] += 1
        return True

    def _fate(self, checkpoint: Path) -> str:
        """What became of the disk, and of the uploads that were under way."""
        if checkpoint.exists():
            shutil.rmtree(self.home)
            checkpoint.rename(self.home)
            fate = "checkpoint"
        else:
            fate = self.random.choice(("kept", "lost", "kept", "lost", "kept and torn", "torn"))
            if fate in ("lost", "torn"):
                shutil.rmtree(self.home)
        if fate in ("torn", "kept and torn"):
            self._tear()
        self.count[fate] += 1
        return fate

    def _tear(self) -> None:
        """Undo the upload of the newest file, or half of it."""
        files = [*self.link.glob("mlflow-studio/sessions/*/packs/*.pp")]
        files += self.link.glob("mlflow-studio/sessions/*/manifests/*.json")
        if not files:
            return
        newest = max(files, key=lambda path: path.stat().st_mtime_ns)
        data = newest.read_bytes()
        newest.unlink()
        if self.random.random() < 0.7:
            newest.write_bytes(data[: self.random.randrange(len(data))])

    def _published(self) -> list[tuple[State, int]]:
        """The states whose manifest and packs are all there and of the right length."""
        found = []
        for path in self.link.glob("mlflow-studio/sessions/*/manifests/*.json"):
            try:
                manifest = json.loads(path.read_bytes())
            except ValueError:
                continue
            sid = path.parent.parent.name
            packs = [
                (layout.pack_file(self.link, sid, p["name"]), p["len"]) for p in manifest["chain"]
            ]
            if all(pack.exists() and pack.stat().st_size == length for pack, length in packs):
                found.append((State(sid, manifest["seq"]), manifest["rows"]["metrics"]))
        return found

    def _copy_home(self, checkpoint: Path) -> None:
        """What a checkpoint of the Platform holds: the disk at some moment, as after a crash."""
        shutil.rmtree(checkpoint, ignore_errors=True)
        checkpoint.mkdir()
        for name in ("state.json", "mlflow.db", "mlflow.db-wal"):
            source = self.home / name
            if source.exists():
                shutil.copyfile(source, checkpoint / name)

    def _start(self, fate: str, at_least: int) -> None:
        command = ledger.command(self.link, self.home, "start")
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode == 78 and not at_least and not self._published():
            # The only state was torn: refusing is right, and somebody says to go on empty.
            self.count["refused"] += 1
            command.append("--allow-empty")
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, f"{fate}: {answer.stdout}{answer.stderr}"
        choice = json.loads(answer.stdout)
        if choice["choice"] == "fresh":
            assert at_least == 0, f"{fate}: started empty: {choice['why']}"
            ledger.create(self.db)
        held = ledger.steps(self.db)
        assert held == list(range(1, len(held) + 1)), f"{fate}: there is a gap: {choice['why']}"
        assert len(held) >= at_least, f"{fate}: {len(held)} of {at_least}: {choice['why']}"
        self.acknowledged = len(held)


def _read(notes: Path) -> list[tuple[int, float]]:
    """The ledger; a kill may have cut its last line."""
    if not notes.exists():
        return []
    lines = notes.read_text().splitlines(keepends=True)
    whole = (line.split() for line in lines if line.endswith("\n"))
    return [(int(step), float(at)) for step, at in whole]


def main() -> None:
    """Run many rounds and say what was done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    args = parser.parse_args()
    print(f"seed {args.seed}")
    with tempfile.TemporaryDirectory(prefix="torture-") as name:
        folder = Path(name)
        (folder / "link").mkdir()
        torture = Torture(folder, folder / "link", random.Random(args.seed))
        torture.begin()
        while torture.count["killed"] < args.kills:
            torture.round()
            if torture.count["killed"] % 20 == 0:
                print(f"{dict(torture.count)}, {torture.acknowledged} steps", flush=True)
    print(f"nothing published was lost in {torture.count['killed']} kills: {dict(torture.count)}")


if __name__ == "__main__":
    main()
