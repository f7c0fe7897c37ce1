"""What sessions have published on a data link, read through the Platform."""

from pathlib import Path

import pytest

from deploy.seqera.calls import Calls
from deploy.seqera.explorer import MOST_SESSIONS, Explorer, Published, newest_states
from studio.snapshots import layout, manifest
from studio.snapshots.layout import State
from studio.snapshots.manifest import Manifest, Pack, Rows
from tests.deploy.seqera.platforms import door
from tests.fakes.platform import Platform
from tests.fakes.server import Reply

OLD, NEW = "20261121T100000Z-0a1b2c3d", "20261122T100000Z-1a1b2c3d"


@pytest.fixture
def a_link(tmp_path: Path) -> Path:
    """The folder behind the data link."""
    folder = tmp_path / "bucket"
    folder.mkdir()
    return folder


@pytest.fixture
def explorer(a_platform: Platform, a_link: Path) -> Explorer:
    link = a_platform.add_link("runs", "s3://acme/runs", folder=a_link)
    return Explorer(Calls(door(a_platform), 71), link.id)


def publish(link: Path, state: State, at: float, runs: int = 1, schema: str = "abc") -> Path:
    """Put a state's manifest there; nobody here looks at its packs."""
    layout.make_session_dirs(link, state.sid)
    sha = "0" * 64
    found = Manifest(
        seq=state.seq,
        kind="base",
        pages=1,
        page_size=4096,
        root=sha,
        chain=(Pack(layout.pack_name(state.seq, sha), 10, sha),),
        alembic_rev=schema,
        wall_ts=at,
        rows=Rows(runs, 0),
    )
    file = layout.manifest_file(link, state)
    layout.put(file, manifest.encode(found))
    return file


def test_the_newest_state_of_each_session_is_given_the_newest_first(
    a_link: Path, explorer: Explorer
) -> None:
    publish(a_link, State(OLD, 1), at=10, runs=1)
    publish(a_link, State(OLD, 12), at=40, runs=5, schema="old")
    publish(a_link, State(NEW, 3), at=30, runs=4)
    assert newest_states(explorer) == (
        Published(f"{OLD}/12", "old", 40.0, 5),
        Published(f"{NEW}/3", "abc", 30.0, 4),
    )


def test_half_a_manifest_is_passed_over(a_link: Path, explorer: Explorer) -> None:
    publish(a_link, State(OLD, 1), at=10)
    half = publish(a_link, State(OLD, 2), at=20)
    half.write_bytes(half.read_bytes()[:100])
    found = newest_states(explorer)
    assert found is not None
    assert [each.state for each in found] == [f"{OLD}/1"]


def test_a_link_without_a_store_has_no_states(a_link: Path, explorer: Explorer) -> None:
    (a_link / "other.txt").write_text("x")
    assert newest_states(explorer) == ()


def test_a_platform_that_knows_no_such_folder_means_the_same(
    a_platform: Platform, explorer: Explorer
) -> None:
    a_platform.fail(f"GET /api/data-links/{explorer.link_id}/browse/", Reply(404), times=9)
    assert newest_states(explorer) == ()


def test_a_session_without_a_folder_of_states_is_passed_over(
    a_platform: Platform, a_link: Path, explorer: Explorer
) -> None:
    publish(a_link, State(OLD, 1), at=10)
    layout.session_dir(a_link, NEW).mkdir(parents=True)
    begin = f"GET /api/data-links/{explorer.link_id}/browse/mlflow-studio%2Fsessions%2F{NEW}"
    a_platform.fail(begin, Reply(404), times=9)
    found = newest_states(explorer)
    assert found is not None
    assert [each.state for each in found] == [f"{OLD}/1"]


@pytest.mark.parametrize("reply", [Reply(403), Reply(404), Reply(400), Reply.page()], ids=str)
def test_of_a_link_that_cannot_be_read_nothing_is_known(
    a_platform: Platform, a_link: Path, explorer: Explorer, reply: Reply
) -> None:
    publish(a_link, State(OLD, 1), at=10)
    a_platform.fail("GET /api/data-links", reply, times=99)
    assert newest_states(explorer) is None


def test_strange_names_are_passed_over(a_link: Path, explorer: Explorer) -> None:
    publish(a_link, State(OLD, 1), at=10)
    for name in ("notes", "..", "20261121", f"{OLD}x"):
        (layout.sessions_dir(a_link) / name).mkdir(exist_ok=True)
    (layout.manifests_dir(a_link, OLD) / "copy of 00000009.json").write_text("{}")
    found = newest_states(explorer)
    assert found is not None
    assert [each.state for each in found] == [f"{OLD}/1"]


def test_a_link_with_many_sessions_takes_a_bounded_number_of_calls(
    a_platform: Platform, a_link: Path, explorer: Explorer
) -> None:
    sessions = [f"202611{day:02}T100000Z-{day:08x}" for day in range(1, 29)]
    for number, session in enumerate(sessions):
        publish(a_link, State(session, 1), at=number)
    found = newest_states(explorer)
    assert found is not None
    assert [each.state for each in found] == [
        f"{session}/1" for session in reversed(sessions[-MOST_SESSIONS:])
    ]
    assert len(a_platform.calls) == 1 + 2 * MOST_SESSIONS


def test_a_folder_of_several_pages_is_read_whole(a_link: Path, explorer: Explorer) -> None:
    for number in range(1, 251):
        publish(a_link, State(OLD, number), at=number)
    found = newest_states(explorer)
    assert found is not None
    assert [each.state for each in found] == [f"{OLD}/250"]
