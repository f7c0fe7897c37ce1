"""What survives: servers that are killed, stopped or lose their disk, and what the next one has."""

import contextlib
import itertools
import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.another_process import run_client
from tests.running import Studio, copy_database, refused, running, start, wait_until

pytestmark = pytest.mark.mlflow
SOON = {"STUDIO_PUBLISH_INTERVAL": "1"}
LATE = {"STUDIO_PUBLISH_INTERVAL": "3600"}


class Place:
    """A machine's home and the data link beside it, which outlives the home."""

    def __init__(self, folder: Path, database: Path) -> None:
        self.folder = folder
        self.home = copy_database(database, folder / "home")
        self.data = folder / "data"
        self.link = self.data / "bucket"
        self.link.mkdir(parents=True)

    def running(self, env: dict[str, str]) -> Any:
        return running(self.home, {"STUDIO_DATA_DIR": str(self.data), **env})

    def lose_home(self) -> None:
        shutil.rmtree(self.home)

    def packs(self) -> list[Path]:
        """The published packs, oldest first."""
        return sorted(self.link.glob("mlflow-studio/sessions/*/packs/*.pp"))

    def states(self) -> dict[tuple[str, int], dict[str, int]]:
        """How many rows each published state holds, by session and number."""
        found = {}
        for path in self.link.glob("mlflow-studio/sessions/*/manifests/*.json"):
            with contextlib.suppress(ValueError):  # still being written
                rows = json.loads(path.read_text())["rows"]
                found[path.parent.parent.name, int(path.stem)] = rows
        return found

    def wait_for(self, **rows: int) -> str:
        """Wait until a state with so many runs or metrics is published; which one that is.

        What the server says about itself is up to a second old, so the states are looked at.
        """

        def matching() -> list[tuple[str, int]]:
            return [state for state, has in self.states().items() if rows.items() <= has.items()]

        wait_until(matching, 30, lambda: f"no state with {rows} in {self.states()}")
        session, number = max(matching())
        return f"{session}/{number}"

    def content(self) -> dict[str, tuple[int, int]]:
        """Everything on the link: sizes and times."""
        return {
            str(path): (path.stat().st_size, path.stat().st_mtime_ns)
            for path in sorted(self.link.rglob("*"))
        }


@pytest.fixture
def place(tmp_path: Path, migrated_database: Path) -> Place:
    return Place(tmp_path, migrated_database)


def log_run(studio: Studio, name: str) -> None:
    """Create a run, which is one change of the database."""
    body = {"experiment_id": "0", "run_name": name, "tags": [{"key": "team", "value": "genomics"}]}
    assert studio.request("/api/2.0/mlflow/runs/create", body).code == 200


def runs(studio: Studio) -> dict[str, dict[str, float]]:
    """The metrics of all runs, by the runs' names."""
    experiments = studio.request("/api/2.0/mlflow/experiments/search", {"max_results": 50}).json()
    ids = [experiment["experiment_id"] for experiment in experiments["experiments"]]
    answer = studio.request("/api/2.0/mlflow/runs/search", {"experiment_ids": ids}).json()
    return {
        run["info"]["run_name"]: {
            metric["key"]: metric["value"] for metric in run["data"].get("metrics", [])
        }
        for run in answer.get("runs", [])
    }


def artifact(studio: Studio, run: str, path: str) -> str:
    return studio.request(f"/get-artifact?run_uuid={run}&path={path}").text


def test_runs_survive_the_loss_of_the_machine(place: Place, tmp_path: Path) -> None:
    with place.running(SOON) as studio:
        assert 'published on data link "bucket" every 1 s' in studio.log
        logged = run_client("one_run.py", tmp_path / "client", studio.url, "variant-calling")
        place.wait_for(metrics=3)
        studio.kill_everything()
    place.lose_home()
    with place.running(SOON) as studio:
        assert runs(studio) == {logged["name"]: {"f1_snp": 0.9957}}
        assert artifact(studio, logged["id"], "qc/summary.txt") == "4 212 variants\n"
        history = studio.request(
            f"/api/2.0/mlflow/metrics/get-history?run_id={logged['id']}&metric_key=f1_snp"
        ).json()
        assert [metric["value"] for metric in history["metrics"]] == [0.981, 0.9931, 0.9957]
        log_run(studio, "the next day")
        place.wait_for(runs=2)
        studio.kill_everything()
    place.lose_home()
    with place.running(SOON) as studio:
        assert set(runs(studio)) == {logged["name"], "the next day"}


def test_a_stop_publishes_what_is_newest(place: Place) -> None:
    with place.running(LATE) as studio:
        place.wait_for(runs=0)
        log_run(studio, "at the last moment")
        assert studio.stop() == 0
        last = place.wait_for(runs=1)
        assert f"everything is published; the last state is {last}" in studio.log
        assert studio.log.rstrip().endswith("stopped")
    place.lose_home()
    with place.running(LATE) as studio:
        assert set(runs(studio)) == {"at the last moment"}


def test_a_kept_home_still_has_what_was_not_published(place: Place) -> None:
    with place.running(LATE) as studio:
        place.wait_for(runs=0)
        log_run(studio, "not published")
        studio.kill_everything()
    assert [rows["runs"] for rows in place.states().values()] == [0]
    with place.running(SOON) as studio:
        assert set(runs(studio)) == {"not published"}
        place.wait_for(runs=1)
        studio.kill_everything()
    place.lose_home()
    with place.running(SOON) as studio:
        assert set(runs(studio)) == {"not published"}


def test_a_killed_publisher_is_replaced_and_publishes_on(place: Place) -> None:
    with place.running(SOON) as studio:
        log_run(studio, "before")
        place.wait_for(runs=1)
        os.kill(studio.request("/studio/status").json()["published"]["pid"], signal.SIGKILL)
        studio.wait_for_line("the publisher ended unexpectedly (signal SIGKILL)")
        log_run(studio, "after")
        place.wait_for(runs=2)
        studio.kill_everything()
    place.lose_home()
    with place.running(SOON) as studio:
        assert set(runs(studio)) == {"before", "after"}


def test_a_damaged_newest_state_costs_no_more_than_itself(place: Place) -> None:
    with place.running(SOON) as studio:
        log_run(studio, "first")
        sound = place.wait_for(runs=1)
        log_run(studio, "second")
        damaged = place.wait_for(runs=2)
        studio.kill_everything()
    place.lose_home()
    newest = place.packs()[-1]
    newest.write_bytes(newest.read_bytes()[:-100])
    with place.running(SOON) as studio:
        assert f"published state {damaged} cannot be used" in studio.log
        assert sound in studio.log
        assert set(runs(studio)) == {"first"}


def test_nothing_starts_empty_where_all_states_are_damaged(place: Place, tmp_path: Path) -> None:
    with place.running(SOON) as studio:
        log_run(studio, "somewhere in the bytes")
        assert studio.stop() == 0
    place.lose_home()
    assert place.packs()
    for pack in place.packs():
        pack.write_bytes(b"")
    before = place.content()
    env = {"STUDIO_DATA_DIR": str(place.data), "STUDIO_HOME": str(place.home)}
    code, log = refused(tmp_path, env)
    assert code == 78
    assert "STUDIO_ALLOW_EMPTY" in log
    assert set(place.content()) == set(before)
    assert files(place.content()) == files(before)
    assert not (place.home / "mlflow.db").exists()
    with place.running({**SOON, "STUDIO_ALLOW_EMPTY": "1"}) as studio:
        assert runs(studio) == {}
        log_run(studio, "anew")
        assert studio.stop() == 0
    assert files(before).items() <= files(place.content()).items()
    place.lose_home()
    with place.running(SOON) as studio:
        assert set(runs(studio)) == {"anew"}


def files(content: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """The entries without the folders, whose times change with every probe."""
    return {name: entry for name, entry in content.items() if not Path(name).is_dir()}


def read_only(link: Path) -> tuple[str, ...]:
    """Make a link read-only, for the process that is started by this command at least.

    Permissions do not bind root, so root gets a read-only mount that ends with the process.
    """
    if os.geteuid() != 0:
        link.chmod(0o555)
        return ()
    script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    return ("unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(link))


@pytest.mark.read_only
def test_a_read_only_link_is_recognised_and_still_read(place: Place) -> None:
    with place.running(SOON) as studio:
        log_run(studio, "yesterday")
        assert studio.stop() == 0
    place.lose_home()
    before = place.content()
    env = {"STUDIO_DATA_DIR": str(place.data), **SOON}
    studio = start(place.home, env, before=read_only(place.link))
    try:
        studio.wait_ready()
        assert 'data link "bucket" is read-only' in studio.log
        assert "Allowed S3 buckets" in studio.log
        assert set(runs(studio)) == {"yesterday"}
        log_run(studio, "today")
        status = studio.request("/studio/status").json()
        assert status["published"] is None
        assert any("Allowed S3 buckets" in warning for warning in status["warnings"])
        assert "cannot be written to" in status["kept"]
        assert studio.stop() == 0
    finally:
        if studio.process.poll() is None:
            studio.kill_everything()
        place.link.chmod(0o755)
    assert place.content() == before


def test_a_hundred_looks_at_readiness_publish_nothing_and_write_little(place: Place) -> None:
    with place.running(SOON) as studio:
        log_run(studio, "one")
        session, _, number = place.wait_for(runs=1).partition("/")
        before = set(place.content())
        seen = [place.content()]
        for _ in range(100):
            assert studio.request("/studio/ready").code == 200
            seen.append(place.content())
        assert set(seen[-1]) == before
        changes = sum(one != other for one, other in itertools.pairwise(seen))
        assert changes <= 4
        log_run(studio, "two")
        assert place.wait_for(runs=2) == f"{session}/{int(number) + 1}"


def test_the_status_names_the_places_that_are_used(place: Place) -> None:
    with place.running(SOON) as studio:
        status = studio.request("/studio/status").json()
        assert status["data_link"] == "bucket"
        assert status["artifacts"]["place"] == str(place.link / "mlflow-studio" / "artifacts")
        assert status["database"]["place"] == str(place.home / "mlflow.db")
