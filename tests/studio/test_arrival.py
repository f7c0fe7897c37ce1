"""Waiting for data links that are filled late, on a clock that jumps."""

from collections.abc import Callable
from pathlib import Path

import pytest

from studio import arrival
from studio.memory import Memory
from studio.settings import Settings, read

SESSION = "20261101T100000Z-0a1b2c3d"


class Clock:
    """Time that passes only while somebody sleeps; what is due then happens."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: list[tuple[float, Callable[[], object]]] = []

    def at(self, second: float, happens: Callable[[], object]) -> None:
        self.due.append((second, happens))

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for each in [e for e in self.due if e[0] <= self.now]:
            self.due.remove(each)
            each[1]()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "bucket").mkdir(parents=True)
    return folder


def settings(data: Path, **env: str) -> Settings:
    given = {"CONNECT_TOOL_PORT": "8080", "STUDIO_DATA_DIR": str(data), **env}
    return read({name: value for name, value in given.items() if value}, in_image=False)


def waited(
    clock: Clock, given: Settings, memory: Memory | None = None, table: dict[str, str] | None = None
) -> tuple[frozenset[str], list[str]]:
    said: list[str] = []
    empty = arrival.wait(
        given,
        memory or Memory(),
        said.append,
        lambda: clock.now,
        clock.sleep,
        lambda: table or {},
    )
    return empty, said


def fill(link: Path) -> None:
    manifests = link / "mlflow-studio" / "sessions" / SESSION / "manifests"
    manifests.mkdir(parents=True)
    (manifests / "00000001.json").write_text("{}")


def test_a_link_whose_files_are_there_costs_two_seconds(data: Path, clock: Clock) -> None:
    fill(data / "bucket")
    empty, said = waited(clock, settings(data))
    assert (empty, said, clock.now) == (frozenset(), [], 2)


def test_files_that_appear_after_45_seconds_are_waited_for(data: Path, clock: Clock) -> None:
    clock.at(45, lambda: fill(data / "bucket"))
    empty, said = waited(clock, settings(data))
    assert empty == frozenset()
    assert clock.now == 47
    assert 'data link "bucket" is empty so far' in said[0]
    assert "at most 60 s (STUDIO_LINK_WAIT)" in said[0]
    assert said[-1] == 'the files of data link "bucket" have arrived'


def test_folders_of_sessions_without_their_files_are_not_all(data: Path, clock: Clock) -> None:
    packs = data / "bucket" / "mlflow-studio" / "sessions" / SESSION / "packs"
    packs.mkdir(parents=True)
    clock.at(20, (packs / "00000001-0123456789abcdef.pp").touch)
    empty, said = waited(clock, settings(data))
    assert (empty, clock.now) == (frozenset(), 22)
    assert "waiting for its files" in said[0]


def test_a_session_that_published_nothing_is_not_waited_for(data: Path, clock: Clock) -> None:
    fill(data / "bucket")
    for number in range(5):
        sid = f"20261102T10000{number}Z-0a1b2c3d"
        (data / "bucket" / "mlflow-studio" / "sessions" / sid / "packs").mkdir(parents=True)
    waited(clock, settings(data))
    assert clock.now == 2


def test_a_link_is_complete_when_its_listing_rests(data: Path, clock: Clock) -> None:
    link = data / "bucket"
    fill(link)
    manifests = link / "mlflow-studio" / "sessions" / SESSION / "manifests"
    for second in range(1, 9):
        clock.at(second, (manifests / f"{second + 1:08d}.json").touch)
    waited(clock, settings(data))
    assert clock.now == 10


def test_a_link_that_never_rests_is_used_all_the_same(data: Path, clock: Clock) -> None:
    for second in range(200):
        clock.at(second, (data / "bucket" / str(second)).touch)
    empty, said = waited(clock, settings(data))
    assert (empty, clock.now) == (frozenset(), 75)
    assert "still being filled after 75 s" in said[-1]


@pytest.mark.parametrize(
    ("env", "memory", "seconds"),
    [
        ({}, Memory(), 60),
        ({"STUDIO_LINK_WAIT": "7"}, Memory(), 7),
        ({"STUDIO_LINK_WAIT": "0"}, Memory(), 0),
        ({}, Memory(used="bucket", published=True), 120),
        ({}, Memory(used="bucket"), 60),
        ({}, Memory(empty=frozenset({"bucket"})), 5),
        ({"STUDIO_RESTORE_FROM": f"{SESSION}/1"}, Memory(empty=frozenset({"bucket"})), 120),
        ({"CONNECT_TOOL_PORT": ""}, Memory(used="bucket", published=True), 0),
        ({"MLFLOW_BACKEND_STORE_URI": "postgresql://db/x"}, Memory(), 0),
    ],
    ids=[
        "unknown",
        "shorter",
        "never",
        "held states",
        "held none yet",
        "was empty",
        "must hold one",
        "no session",
        "PostgreSQL",
    ],
)
def test_how_long_an_empty_link_is_waited_for(
    data: Path, clock: Clock, env: dict[str, str], memory: Memory, seconds: float
) -> None:
    empty, said = waited(clock, settings(data, **env), memory)
    assert clock.now == seconds
    assert empty == (frozenset({"bucket"}) if seconds else frozenset())
    assert any("is taken for an empty one" in line for line in said) is bool(seconds)


@pytest.mark.parametrize(("kind", "seconds"), [("fuse", 60), ("fuse.s3fs", 60), ("ext4", 0)])
def test_only_a_file_system_that_can_be_filled_later_is_waited_for(
    data: Path, clock: Clock, kind: str, seconds: float
) -> None:
    waited(clock, settings(data), table={str(data / "bucket"): kind})
    assert clock.now == seconds


def test_a_complete_link_is_not_waited_for_because_it_was_used_before(
    data: Path, clock: Clock
) -> None:
    before = Memory(used="bucket", published=True)
    empty, said = waited(clock, settings(data), before, {str(data / "bucket"): "nfs4"})
    assert (empty, said, clock.now) == (frozenset(), [], 0)


def test_several_links_are_waited_for_at_the_same_time(data: Path, clock: Clock) -> None:
    for name in ("early", "late", "never"):
        (data / name).mkdir()
    clock.at(10, lambda: fill(data / "early"))
    clock.at(20, lambda: fill(data / "late"))
    (data / "bucket" / "file").touch()
    empty, _ = waited(clock, settings(data))
    assert (empty, clock.now) == (frozenset({"never"}), 60)


def test_only_the_chosen_link_is_waited_for(data: Path, clock: Clock) -> None:
    (data / "other").mkdir()
    fill(data / "other")
    waited(clock, settings(data, STUDIO_DATA_LINK="other"))
    assert clock.now == 2


def test_a_chosen_link_that_is_not_there_yet_is_waited_for(data: Path, clock: Clock) -> None:
    clock.at(9, (data / "other").mkdir)
    clock.at(12, lambda: fill(data / "other"))
    empty, _ = waited(clock, settings(data, STUDIO_DATA_LINK="other"))
    assert (empty, clock.now) == (frozenset(), 14)


def test_no_link_is_waited_for_only_if_there_was_one_before(tmp_path: Path, clock: Clock) -> None:
    assert waited(clock, settings(tmp_path / "none")) == (frozenset(), [])
    assert clock.now == 0
    empty, _ = waited(clock, settings(tmp_path / "none"), Memory(used="bucket", published=True))
    assert (empty, clock.now) == (frozenset({"bucket"}), 120)


def test_a_mount_that_does_not_answer_ends_the_wait(
    data: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival, "_within", lambda limit_s, path: None)
    empty, said = waited(clock, settings(data))
    assert (empty, said, clock.now) == (frozenset(), [], 0)
