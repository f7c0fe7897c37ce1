"""The write-once rule, proved by the kernel: what a publisher and a start really do on a link.

Artifacts are MLflow's own, which renames them into place; here nothing but the snapshots runs.
"""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place

pytestmark = pytest.mark.strace
WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")
# With -y strace names the file behind each descriptor, so locks and cuts by descriptor count too.
FORBIDDEN = "rename,renameat,renameat2,link,linkat,symlink,symlinkat,truncate,ftruncate,flock"
CALLS = f"open,openat,openat2,creat,{FORBIDDEN},fcntl,mmap,fallocate,unlink,unlinkat,rmdir"


class Trace:
    """The system calls of a program and its children that name something on a link."""

    def __init__(self, file: Path, link: Path) -> None:
        said = file.read_text(errors="replace").splitlines()
        self.lines = [line for line in said if str(link) in line]

    def calls(self, *names: str) -> list[str]:
        starts = tuple(f"{name}(" for name in names)
        return [line for line in self.lines if line.split(maxsplit=1)[-1].startswith(starts)]

    @property
    def opened_for_writing(self) -> list[str]:
        """The paths, once for each time; an attempt that the kernel refused is none."""
        found = []
        for line in self.calls("open", "openat", "openat2", "creat"):
            path = re.search(r'"([^"]+)"', line)
            if path and WRITING.search(line) and " = -1 " not in line:
                assert "O_EXCL" in line, line
                assert "O_APPEND" not in line, line
                found.append(path[1])
        return found


def traced(link: Path, log: Path, *command: str) -> Trace:
    words = ["strace", "-f", "-y", "-s", "4096", "-o", str(log), "-e", f"trace={CALLS}", *command]
    subprocess.run(words, capture_output=True, timeout=120, check=True)
    return Trace(log, link)


@pytest.fixture
def publishing(place: Place, tmp_path: Path) -> Trace:
    """Publishes three states while the database changes, and ends cleanly."""
    words = ("--nice", "0", "--interval", "0.2")
    command = ledger.command(place.link, place.home, "publish", *words)
    log = tmp_path / "trace"
    trace = ["strace", "-f", "-y", "-s", "4096", "-o", str(log), "-e", f"trace={CALLS}", *command]
    process = subprocess.Popen(trace, stderr=subprocess.PIPE, text=True)
    for step in (3, 4, 5):
        seen = place.published_runs()
        ledger.commit(place.db, step)
        ledger.until(lambda seen=seen: place.published_runs() > seen, f"step {step}", 60)
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    subprocess.run(["kill", "-TERM", child], check=True)
    process.communicate(timeout=60)
    return Trace(log, place.link)


def test_every_file_on_the_link_is_opened_for_writing_once_and_never_again(
    publishing: Trace,
) -> None:
    opened = Counter(publishing.opened_for_writing)
    kinds = {Path(path).parent.name for path in opened}
    assert {"packs", "manifests"} <= kinds
    assert [path for path, times in opened.items() if times > 1] == []


def test_nothing_on_the_link_is_renamed_linked_locked_cut_or_removed(publishing: Trace) -> None:
    assert publishing.calls(*FORBIDDEN.split(","), "fallocate") == []
    assert [line for line in publishing.calls("fcntl") if "F_SETLK" in line] == []
    assert [line for line in publishing.calls("mmap") if "MAP_SHARED" in line] == []
    assert publishing.calls("unlink", "unlinkat", "rmdir") == []


def test_a_start_writes_nothing_at_all_on_the_link(place: Place, tmp_path: Path) -> None:
    place.publish(3)
    place.lose_home()
    command = ledger.command(place.link, place.home, "start")
    trace = traced(place.link, tmp_path / "trace", *command)
    assert trace.lines, "the trace must have seen the start read"
    assert trace.opened_for_writing == []
    assert trace.calls(*FORBIDDEN.split(","), "unlink", "unlinkat", "rmdir", "fallocate") == []
    assert ledger.steps(place.db) == [1, 2, 3]
