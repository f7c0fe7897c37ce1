"""Data links: which is used, how often it is published on, and which state a start begins with."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.effects import effect_of
from tests.running import Studio, copy_database, refused, running, wait_until

pytestmark = pytest.mark.mlflow

PUBLISHED = "mlflow-studio/sessions/*/manifests/*.json"


@dataclass(frozen=True, slots=True)
class Past:
    """A folder of links after three servers: one alone, then two at the same time."""

    data: Path
    forks: dict[str, str]  # a name of an experiment, and the state that it is in
    seconds: float

    @property
    def link(self) -> Path:
        return self.data / "beta"

    def env(self, **settings: str) -> dict[str, str]:
        return {"STUDIO_DATA_DIR": str(self.data), "STUDIO_DATA_LINK": "beta", **settings}


def newest(studio: Studio) -> str:
    """The newest state that this server has published, and all is in it."""
    found = studio.request("/studio/status").json()["published"] or {}
    if not found.get("published_at") or found.get("dirty"):
        return ""
    return f"{found['session']}/{found['seq']}"


def add(studio: Studio, name: str) -> str:
    """Create an experiment; the state that has it, once it is published."""
    before = newest(studio)
    created = studio.request("/api/2.0/mlflow/experiments/create", {"name": name})
    assert created.code == 200, created.text
    wait_until(lambda: newest(studio) not in ("", before), 30, lambda: studio.log)
    return newest(studio)


def experiments(studio: Studio) -> set[str]:
    answer = studio.request("/api/2.0/mlflow/experiments/search", {"max_results": 50})
    return {found["name"] for found in answer.json()["experiments"]}


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Past:
    folder = tmp_path_factory.mktemp("past")
    data = folder / "data"
    for name in ("alpha", "beta"):
        (data / name).mkdir(parents=True)
    start = Past(data, {}, 0)
    env = start.env(STUDIO_PUBLISH_INTERVAL="1")
    with running(copy_database(migrated_database, folder / "one"), env) as studio:
        path = "/api/2.0/mlflow-artifacts/artifacts/a.txt"
        assert studio.request(path, b"content", method="PUT").code == 200
        add(studio, "first")
        began = time.monotonic()
        for name in ("second", "third"):
            add(studio, name)
        seconds = time.monotonic() - began
        assert 'published on data link "beta" every 1 s' in studio.log
        assert studio.stop() == 0
    with running(folder / "two", env) as one, running(folder / "three", env) as other:
        forks = {"left": add(one, "left"), "right": add(other, "right")}
        assert (one.stop(), other.stop()) == (0, 0)
    return Past(data, forks, seconds)


@pytest.fixture
def copied(past: Past, tmp_path: Path) -> Iterator[Past]:
    """The same past for one test alone: every start leaves something on a link."""
    data = tmp_path / "copied"
    shutil.copytree(past.data, data)
    yield Past(data, past.forks, past.seconds)
    shutil.rmtree(data)


@effect_of("STUDIO_DATA_DIR", "STUDIO_DATA_LINK")
def test_the_named_link_of_the_folder_is_used_and_no_other(past: Past) -> None:
    assert list((past.data / "alpha").iterdir()) == []
    assert list(past.link.glob(PUBLISHED))
    assert (past.link / "mlflow-studio" / "artifacts" / "a.txt").read_text() == "content"


@effect_of("STUDIO_DATA_LINK")
def test_a_link_that_is_not_mounted_ends_the_start(past: Past, tmp_path: Path) -> None:
    code, output = refused(tmp_path, past.env(STUDIO_DATA_LINK="gamma"))
    assert code == 64
    assert "STUDIO_DATA_LINK=gamma: no such data link is mounted; there: alpha, beta" in output


@effect_of("STUDIO_PUBLISH_INTERVAL")
def test_changes_are_published_at_the_interval(past: Past) -> None:
    assert past.seconds < 25  # at the default of 15 s the second and third took 30 s


@effect_of("STUDIO_PUBLISH_INTERVAL")
def test_with_a_long_interval_a_change_waits_for_the_stop(copied: Past, tmp_path: Path) -> None:
    env = copied.env(STUDIO_PUBLISH_INTERVAL="3600", STUDIO_RESTORE_FROM=copied.forks["left"])
    with running(tmp_path / "home", env) as studio:
        wait_until(lambda: newest(studio), 20)
        before = set(copied.link.glob(PUBLISHED))
        created = studio.request("/api/2.0/mlflow/experiments/create", {"name": "later"})
        assert created.code == 200
        wait_until(lambda: studio.request("/studio/status").json()["published"]["dirty"], 20)
        assert set(copied.link.glob(PUBLISHED)) == before
        assert studio.stop() == 0
    assert len(set(copied.link.glob(PUBLISHED)) - before) == 1


@effect_of("STUDIO_ON_CONFLICT")
def test_two_lineages_on_one_link_can_be_refused(past: Past, tmp_path: Path) -> None:
    code, output = refused(tmp_path, past.env(STUDIO_ON_CONFLICT="refuse"))
    assert code == 75
    for state in past.forks.values():
        assert state in output
    assert "STUDIO_RESTORE_FROM=" in output


@effect_of("STUDIO_ON_CONFLICT")
def test_by_default_one_of_two_lineages_goes_on_and_the_other_is_named(
    copied: Past, tmp_path: Path
) -> None:
    with running(tmp_path / "home", copied.env()) as studio:
        assert len(experiments(studio) & {"left", "right"}) == 1
        warnings = "\n".join(studio.request("/studio/status").json()["warnings"])
        assert all(state in warnings for state in copied.forks.values())


@effect_of("STUDIO_RESTORE_FROM")
@pytest.mark.parametrize("name", ["left", "right"])
def test_a_start_begins_with_the_named_state(copied: Past, tmp_path: Path, name: str) -> None:
    env = copied.env(STUDIO_RESTORE_FROM=copied.forks[name], STUDIO_WORKERS="1")
    with running(tmp_path / "home", env) as studio:
        assert experiments(studio) == {"Default", "first", "second", "third", name}
        assert copied.forks[name] in studio.request("/studio/status").json()["restored"]


@effect_of("STUDIO_RESTORE_FROM")
def test_a_state_that_is_not_there_ends_the_start(past: Past, tmp_path: Path) -> None:
    missing = "20200101T000000Z-00000000/1"
    code, output = refused(tmp_path, past.env(STUDIO_RESTORE_FROM=missing))
    assert code == 78
    assert missing in output
    assert not (tmp_path / "home" / "mlflow.db").exists()


@effect_of("STUDIO_ALLOW_EMPTY")
def test_a_start_is_empty_only_when_that_is_allowed(copied: Past, tmp_path: Path) -> None:
    for pack in copied.link.glob("mlflow-studio/sessions/*/packs/*"):
        pack.write_bytes(bytes(pack.stat().st_size))
    code, output = refused(tmp_path, copied.env())
    assert code == 78
    assert "STUDIO_ALLOW_EMPTY=" in output
    with running(tmp_path / "home", copied.env(STUDIO_ALLOW_EMPTY="true")) as studio:
        assert experiments(studio) == {"Default"}
