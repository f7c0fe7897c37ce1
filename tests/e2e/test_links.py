"""Data links as they are met: filled late, emptied, full of other things, cut in the middle."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.effects import effect_of
from tests.e2e.test_restore import Place, log_run, read_only, runs
from tests.running import Studio, copy_database, free_port, running, start, wait_until
from tests.studio.test_discover import tree

pytestmark = pytest.mark.mlflow
SOON = {"STUDIO_PUBLISH_INTERVAL": "1"}
RUN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def place(tmp_path: Path, migrated_database: Path) -> Place:
    return Place(tmp_path, migrated_database)


def session() -> dict[str, str]:
    """As the Platform starts a Studio: only then a link is waited for."""
    return {"CONNECT_TOOL_PORT": str(free_port()), **SOON}


def in_background(place: Place, env: Mapping[str, str]) -> Studio:
    """A server that is not ready yet."""
    return start(place.home, {"STUDIO_DATA_DIR": str(place.data), **env})


def put_away(link: Path) -> Path:
    """Leave an empty folder where a link was."""
    kept = link.parent.with_name("not mounted yet")
    link.rename(kept)
    link.mkdir()
    return kept


@effect_of("STUDIO_LINK_WAIT")
def test_a_link_that_is_filled_after_the_start_is_waited_for(place: Place) -> None:
    with place.running(SOON) as studio:
        log_run(studio, "yesterday")
        assert studio.stop() == 0
    place.lose_home()
    kept = put_away(place.link)
    studio = in_background(place, {**session(), "STUDIO_LINK_WAIT": "30"})
    try:
        studio.wait_for_line('data link "bucket" is empty so far; waiting for its files')
        assert "at most 30 s (STUDIO_LINK_WAIT)" in studio.log
        shutil.copytree(kept / "mlflow-studio", place.link / "mlflow-studio")
        studio.wait_ready()
        assert set(runs(studio)) == {"yesterday"}
    finally:
        studio.kill_everything()


@effect_of("STUDIO_LINK_WAIT")
def test_a_link_that_is_never_filled_is_taken_for_an_empty_one(place: Place) -> None:
    env = session()
    with place.running({**env, "STUDIO_LINK_WAIT": "3"}) as studio:
        taken = r'data link "bucket" stayed empty for \d+ s and is taken for an empty one'
        assert re.search(taken, studio.log)
        log_run(studio, "the first")
        place.wait_for(runs=1)
        assert studio.stop() == 0
    began = time.monotonic()
    with place.running({**env, "STUDIO_LINK_WAIT": "60"}) as studio:
        assert "is empty" not in studio.log
        assert time.monotonic() - began < 30
        assert set(runs(studio)) == {"the first"}


def test_a_kept_home_goes_on_where_the_links_states_do_not_appear(place: Place) -> None:
    with place.running(SOON) as studio:
        log_run(studio, "yesterday")
        assert studio.stop() == 0
    put_away(place.link)
    with place.running(SOON) as studio:
        said = 'data link "bucket" held published states of this Studio, and now there are none'
        assert said in studio.log
        assert any(
            said in warning for warning in studio.request("/studio/status").json()["warnings"]
        )
        assert set(runs(studio)) == {"yesterday"}
        place.wait_for(runs=1)


def test_the_server_of_a_link_that_went_away_still_stops_in_time(place: Place) -> None:
    with place.running({"STUDIO_PUBLISH_INTERVAL": "3600"}) as studio:
        place.wait_for(runs=0)
        log_run(studio, "too late for the link")
        put_away(place.link)
        place.link.rmdir()
        place.link.touch()
        began = time.monotonic()
        assert studio.stop() == 0
        assert time.monotonic() - began < 20
        assert "the newest changes are NOT published" in studio.log
        assert "only in the local database" in studio.log
        assert studio.log.rstrip().endswith("stopped")


# Permissions do not bind root, who gets a mount that only the server sees.
OWN_MOUNT = ("unshare", "--mount", "--propagation", "private", "sh", "-c",
             'mount --bind "$0" "$0" && exec "$@"')  # fmt: skip


def allow_writing(studio: Studio, link: Path, *, allowed: bool) -> None:
    """Change what the server may do on a link while it runs."""
    if os.geteuid() != 0:
        for folder in (link, *filter(Path.is_dir, link.rglob("*"))):
            folder.chmod(0o755 if allowed else 0o555)
        return
    enter = ["nsenter", "--target", str(studio.process.pid), "--mount"]
    how = f"remount,{'rw' if allowed else 'ro'},bind"
    subprocess.run([*enter, "mount", "-o", how, str(link)], check=True)


@pytest.mark.read_only
def test_a_link_that_turns_read_only_is_said_and_the_server_goes_on(place: Place) -> None:
    before = () if os.geteuid() != 0 else (*OWN_MOUNT, str(place.link))
    studio = start(place.home, {"STUDIO_DATA_DIR": str(place.data), **SOON}, before=before)
    try:
        studio.wait_ready()
        place.wait_for(runs=0)
        allow_writing(studio, place.link, allowed=False)
        log_run(studio, "on the local disk")
        studio.wait_for_line("the snapshot was not published: [Errno")
        document = studio.request("/studio/status").json()
        assert document["published"]["failures"] >= 1
        assert document["published"]["dirty"]
        assert set(runs(studio)) == {"on the local disk"}
        allow_writing(studio, place.link, allowed=True)
        place.wait_for(runs=1)
        assert studio.stop() == 0
        assert "everything is published" in studio.log
    finally:
        if studio.process.poll() is None:
            studio.kill_everything()


def file_store(folder: Path) -> None:
    """One run as MLflow 2 wrote it into `./mlruns`."""
    files = {
        "0/meta.yaml": f"artifact_location: file://{folder}/0\ncreation_time: 1700000000000\n"
        "experiment_id: '0'\nlast_update_time: 1700000000000\nlifecycle_stage: active\n"
        "name: Default\n",
        f"0/{RUN}/meta.yaml": f"artifact_uri: file://{folder}/0/{RUN}/artifacts\n"
        "end_time: 1700000001000\nentry_point_name: ''\nexperiment_id: '0'\n"
        f"lifecycle_stage: active\nrun_id: {RUN}\nrun_name: from 2024\nrun_uuid: {RUN}\n"
        "source_name: ''\nsource_type: 4\nsource_version: ''\nstart_time: 1700000000000\n"
        "status: 3\ntags: []\nuser_id: me\n",
        f"0/{RUN}/metrics/accuracy": "1700000000500 0.97 0\n",
        f"0/{RUN}/params/rate": "0.1",
        f"0/{RUN}/tags/mlflow.runName": "from 2024",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    (folder / "0" / RUN / "artifacts").mkdir()


def found(studio: Studio) -> dict[str, dict[str, object]]:
    """What is said of other stores on the links, by the last part of their path."""
    wait_until(lambda: studio.request("/studio/status").json()["found"], 30, lambda: studio.log)
    stores = studio.request("/studio/status").json()["found"]
    return {Path(store["path"]).name: store for store in stores}


def by_hand(commands: object, folder: Path) -> None:
    """Do in a shell what the status says."""
    folder.mkdir()
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    script = "\n".join(("set -e", *map(str, commands if isinstance(commands, list) else ())))
    subprocess.run(["sh", "-c", script], cwd=folder, env=env, check=True, timeout=120)


@pytest.mark.read_only
def test_other_stores_on_a_read_only_link_are_found_and_can_be_brought_in_by_hand(
    place: Place, tmp_path: Path, migrated_database: Path
) -> None:
    old = place.link / "projects" / "old"
    with running(copy_database(migrated_database, tmp_path / "laptop")) as studio:
        log_run(studio, "from the laptop")
        studio.kill_everything()  # so that the run is in the write-ahead log alone
    old.mkdir(parents=True)
    for file in (tmp_path / "laptop").glob("mlflow.db*"):
        shutil.copyfile(file, old / file.name)
    assert (old / "mlflow.db-wal").stat().st_size > 0
    file_store(old / "mlruns")
    before = tree(place.link)
    env = {
        "STUDIO_DATA_DIR": str(place.data),
        "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{old}/mlflow.db",
    }
    studio = start(place.home, env, before=read_only(place.link))
    try:
        studio.wait_ready()
        assert f"{old}/mlflow.db is on a data link, where SQLite loses acknowledged" in studio.log
        assert runs(studio) == {}
        stores = found(studio)
        assert stores["mlruns"]["holds"] == "1 experiment, 1 run"
        assert str(stores["mlflow.db"]["holds"]).endswith("1 experiment, 1 run")
        page = studio.request("/studio/status", headers={"Accept": "text/html"}).text
        assert "mlflow migrate-filestore --source" in page
        assert shlex.quote(str(old / "mlruns")) in page
        assert f"found a database that is not this Studio&#x27;s: {old}" not in page
        assert f"found a database that is not this Studio's: {old}/mlflow.db" in studio.log
        assert studio.stop() == 0
    finally:
        if studio.process.poll() is None:
            studio.kill_everything()
        place.link.chmod(0o755)
    assert tree(place.link) == before
    for name, run in (("mlruns", "from 2024"), ("mlflow.db", "from the laptop")):
        folder = tmp_path / f"by hand {name}"
        by_hand(stores[name]["commands"], folder)
        assert set(published_from(folder)) == {run}


def published_from(folder: Path) -> Mapping[str, object]:
    """As the README says: a server on that database publishes it on another, empty link."""
    (folder / "new-link").mkdir()
    env = {"STUDIO_DATA_DIR": str(folder), "STUDIO_DATA_LINK": "new-link", **SOON}
    with running(folder / "imported", env) as studio:
        brought = runs(studio)
        assert studio.stop() == 0
        assert "everything is published" in studio.log
    return brought


def test_artifacts_stay_on_a_link_whose_name_holds_a_percent_sign(tmp_path: Path) -> None:
    link = tmp_path / "data" / "runs%20A"
    link.mkdir(parents=True)
    with running(tmp_path / "home", {"STUDIO_DATA_DIR": str(link.parent)}) as studio:
        path = "/api/2.0/mlflow-artifacts/artifacts/0/model.bin"
        assert studio.request(path, b"weights", method="PUT").code == 200
        assert studio.request("/studio/ready").code == 200
        place = studio.request("/studio/status").json()["artifacts"]["place"]
        assert Path(place, "0/model.bin").read_bytes() == b"weights"
    assert Path(place).is_relative_to(link)
