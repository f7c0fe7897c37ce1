"""Snapshots on a real object-store mount: slow, cut off, gone.

s3fs stands in for Fusion; the store is moto, behind a line that delays every request.
"""

import itertools
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e import buckets
from tests.e2e.buckets import Buckets
from tests.e2e.mounted import Mounted, mounting
from tests.running import Studio, running, wait_until
from tests.studio.snapshots import ledger
from tests.studio.snapshots.conftest import Place
from tests.studio.snapshots.torture import LOAD, Torture

pytestmark = [pytest.mark.s3fs, pytest.mark.slow]
DELAY_S = 0.01
KILLS = 4
COMMITS_WHILE_CUT = 300
A_REQUEST_HANGS_S = 16  # on s3fs, when the line is cut


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buckets]:
    with buckets.serving(tmp_path_factory.mktemp("store")) as store:
        yield store


Mount = Callable[[str], Mounted]


@pytest.fixture
def mount(store: Buckets, tmp_path: Path) -> Iterator[Mount]:
    """Mounts this test's bucket under a name; a second name is a second machine."""
    bucket = f"runs-{time.monotonic_ns()}"
    store.client.create_bucket(Bucket=bucket)
    with ExitStack() as stack:

        def mounted(machine: str) -> Mounted:
            folder = tmp_path / machine
            folder.mkdir()
            return stack.enter_context(mounting(folder, store, bucket, DELAY_S))

        yield mounted


class Load:
    """A publisher and the server's commits, beside each other."""

    def __init__(self, link: Path, home: Path, *words: str) -> None:
        self.home, self.notes = home, home.with_name("ledger")
        publish = ("publish", "--interval", "0.5", "--nice", "0", *words)
        self.publisher = subprocess.Popen(
            ledger.command(link, home, *publish), stderr=subprocess.PIPE, text=True
        )
        steps = (home / "mlflow.db", self.notes, 1, 50)
        self.commits = subprocess.Popen([sys.executable, str(LOAD), *map(str, steps)])

    def acknowledged(self) -> list[tuple[int, float]]:
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return [(int(line.split()[0]), float(line.split()[1])) for line in lines[:-1]]

    def status(self) -> dict[str, object]:
        try:
            found: dict[str, object] = json.loads((self.home / "run/publisher.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found

    def published_at(self) -> float:
        return float(str(self.status().get("published_at") or 0))

    def end_commits(self) -> None:
        self.commits.kill()
        self.commits.wait()

    def stop(self) -> str:
        """Stop committing, then the publisher; what it said."""
        self.end_commits()
        self.publisher.send_signal(signal.SIGTERM)
        _, said = self.publisher.communicate(timeout=30)
        assert self.publisher.returncode == 0, said
        return said

    def close(self) -> None:
        self.end_commits()
        if self.publisher.poll() is None:
            self.publisher.kill()
            self.publisher.communicate(timeout=60)


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Callable[..., Load]]:
    """Starts a publisher under load on a new home."""
    running: list[Load] = []

    def begin(link: Path, *words: str) -> Load:
        home = tmp_path / "home"
        ledger.create(home / "mlflow.db")
        running.append(Load(link, home, *words))
        return running[-1]

    yield begin
    for each in running:
        each.close()


def restored(link: Path, home: Path) -> list[int]:
    """The steps that a machine with an empty disk starts with."""
    begun = Place(link, home).begin()
    assert begun.choice.kind == "restore", begun.choice.why
    return ledger.steps(home / "mlflow.db")


def test_kills_at_random_moments_lose_nothing_published(mount: Mount, tmp_path: Path) -> None:
    link = mount("here").path
    torture = Torture(tmp_path, link, random.Random(), slack_s=15)
    torture.begin()
    while torture.count["killed"] < KILLS:
        torture.round()


def test_a_line_that_is_cut_holds_no_commit_up_and_loses_nothing(
    mount: Mount, load: Callable[..., Load], tmp_path: Path
) -> None:
    here = mount("here")
    work = load(here.path)
    wait_until(lambda: work.status().get("seq"), 30, work.status)
    here.line.cut()
    cut_at, before = time.time(), len(work.acknowledged())
    wait_until(lambda: len(work.acknowledged()) > before + COMMITS_WHILE_CUT, 200, work.status)
    here.line.mend()
    mended_at = time.time()
    wait_until(lambda: work.published_at() > mended_at, 90, work.status)
    said = work.stop()
    assert "everything is published" in said
    during = [at for _, at in work.acknowledged() if cut_at <= at <= mended_at]
    longest = max(after - before for before, after in itertools.pairwise(during))
    assert longest < A_REQUEST_HANGS_S / 3, "commits waited for the link"
    steps = restored(mount("there").path, tmp_path / "fresh")
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= work.acknowledged()[-1][0]


def test_a_machine_that_is_lost_leaves_what_was_uploaded(
    mount: Mount, load: Callable[..., Load], tmp_path: Path
) -> None:
    here = mount("here")
    work = load(here.path)
    wait_until(lambda: (work.status().get("seq") or 0) >= 3, 60, work.status)  # type: ignore[operator]
    here.process.kill()  # the mount dies with everything it holds
    work.close()
    steps = restored(mount("there").path, tmp_path / "fresh")
    assert steps == list(range(1, len(steps) + 1))
    assert steps


def log_run(studio: Studio, name: str) -> None:
    body = {"experiment_id": "0", "run_name": name}
    assert studio.request("/api/2.0/mlflow/runs/create", body).code == 200


@pytest.mark.mlflow
def test_a_studio_on_a_mounted_bucket_comes_back_on_another_machine(
    mount: Mount, home: Path, tmp_path: Path
) -> None:
    here, there = mount("here"), tmp_path / "second-home"
    environment = {"STUDIO_DATA_DIR": str(here.path.parent), "STUDIO_PUBLISH_INTERVAL": "3600"}
    with running(home, environment) as studio:
        log_run(studio, "kept")
        address = "/api/2.0/mlflow-artifacts/artifacts/note.txt"
        assert studio.request(address, b"an artifact", method="PUT").code == 200
        began = time.monotonic()
        assert studio.stop() == 0
        assert time.monotonic() - began < 18
        assert "everything is published" in studio.log
    elsewhere = mount("there").path.parent
    with running(there, {"STUDIO_DATA_DIR": str(elsewhere)}) as studio:
        found = studio.request("/api/2.0/mlflow/runs/search", {"experiment_ids": ["0"]}).json()
        assert [run["info"]["run_name"] for run in found["runs"]] == ["kept"]
        assert studio.request(address).body == b"an artifact"


@pytest.mark.mlflow
def test_a_line_that_is_cut_at_the_stop_is_said_and_waited_for_within_bounds(
    mount: Mount, home: Path
) -> None:
    here = mount("here")
    environment = {
        "STUDIO_DATA_DIR": str(here.path.parent),
        "STUDIO_PUBLISH_INTERVAL": "3600",
        "MLFLOW_ARTIFACTS_DESTINATION": str(home / "artifacts"),
    }
    with running(home, environment) as studio:
        studio.wait_for_line("published state 1")
        log_run(studio, "not published any more")
        here.line.cut()
        began = time.monotonic()
        assert studio.stop() == 0
        assert time.monotonic() - began < 20
        assert "the newest changes are NOT published" in studio.log
    with running(home, {"STUDIO_DATA_DIR": str(home / "none")}) as studio:  # as from a checkpoint
        found = studio.request("/api/2.0/mlflow/runs/search", {"experiment_ids": ["0"]}).json()
        assert [run["info"]["run_name"] for run in found["runs"]] == ["not published any more"]
