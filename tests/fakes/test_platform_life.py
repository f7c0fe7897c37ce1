"""A Studio's life on the fake Platform: what a client sees as the seconds pass."""

import pytest

from tests.fakes.asking import IMAGE, Client
from tests.fakes.platform import (
    BuildFailed,
    Errored,
    Started,
    Stopping,
    Stuck,
    ends,
)

HOUR_S = 3600


def seen(client: Client, id_: str, *moments: float) -> list[str]:
    """Tell the status at each of these seconds."""
    statuses = []
    for moment in moments:
        client.clock.sleep(moment - client.clock.passed)
        statuses.append(client.status(id_))
    return statuses


def test_a_start_takes_its_time_and_tells_its_steps(client: Client) -> None:
    id_ = client.created()
    progress = []
    for _ in range(5):
        shown = client.get(f"/studios/{id_}")
        progress.append("".join(step["status"][0] for step in shown["progress"]))
        client.clock.sleep(10)
    assert progress == ["ippp", "sipp", "ssip", "sssi", "ssss"]
    assert client.status(id_) == "running"


def test_an_image_may_be_built_first(client: Client) -> None:
    client.platform.next_start = Started(building_s=60, starting_s=30)
    id_ = client.created()
    assert seen(client, id_, 0, 59, 60, 89, 90) == [
        *("building", "building", "starting", "starting", "running"),
    ]
    assert client.get(f"/studios/{id_}")["progress"][0]["message"] == "Building container image"


def test_a_status_says_since_when_it_is_so(client: Client) -> None:
    id_ = client.created()
    begun = client.get(f"/studios/{id_}")
    client.clock.sleep(100)
    shown = client.get(f"/studios/{id_}")
    assert begun["lastUpdated"] == begun["statusInfo"]["lastUpdate"] == "2026-09-21T14:13:20Z"
    assert shown["lastUpdated"] == shown["statusInfo"]["lastUpdate"] == "2026-09-21T14:14:00Z"
    assert shown["lastStarted"] == "2026-09-21T14:13:20Z"


def test_a_start_may_fail_with_a_message_and_a_reason_in_a_step(client: Client) -> None:
    client.platform.next_start = Errored("no capacity", 20, "SPOT_RECLAMATION", 1, ("low disk",))
    id_ = client.created()
    assert seen(client, id_, 19, 20) == ["starting", "errored"]
    shown = client.get(f"/studios/{id_}")
    assert shown["statusInfo"]["message"] == "no capacity"
    assert shown["statusInfo"]["stopReason"] == "SPOT_RECLAMATION"
    assert [step["status"] for step in shown["progress"]] == [
        *("succeeded", "errored", "pending", "pending"),
    ]
    assert shown["progress"][1]["warnings"] == ["low disk"]
    # The next start is an ordinary one again.
    assert client("PUT", f"/studios/{id_}/start", {}).status_code == 200
    client.clock.sleep(40)
    assert client.status(id_) == "running"


def test_a_build_may_fail_and_its_page_is_told(client: Client) -> None:
    client.platform.outcomes[IMAGE] = BuildFailed("no such base")
    id_ = client.created()
    assert seen(client, id_, 59, 60) == ["building", "buildFailed"]
    shown = client.get(f"/studios/{id_}")
    assert shown["statusInfo"]["message"] == "no such base"
    assert shown["waveBuildUrl"].startswith("https://wave.example.com/view/builds/")


def test_a_start_may_have_no_end_and_can_be_stopped_after_half_an_hour(client: Client) -> None:
    client.platform.next_start = Stuck()
    id_ = client.created()
    client.clock.sleep(29 * 60)
    assert client("PUT", f"/studios/{id_}/stop").status_code == 400
    client.clock.sleep(60)
    assert client.status(id_) == "starting"
    assert client("PUT", f"/studios/{id_}/stop").status_code == 200


@pytest.mark.parametrize("reason", ["LIFESPAN_EXPIRED", "SPOT_RECLAMATION", "CREDITS_RUN_OUT"])
def test_a_session_may_be_taken_away(client: Client, reason: str) -> None:
    client.platform.next_start = ends(reason, runs_s=600)
    id_ = client.created()
    assert seen(client, id_, 639) == ["running"]
    for moment, status in ((640, "stopping"), (652, "stopped")):
        assert seen(client, id_, moment) == [status]
        assert client.get(f"/studios/{id_}")["statusInfo"]["stopReason"] == reason


def test_a_session_ends_with_its_lifespan_which_can_be_extended(client: Client) -> None:
    id_ = client.created(configuration={"lifespanHours": 1})
    client.clock.sleep(40 + HOUR_S - 1)
    assert client("POST", f"/studios/{id_}/lifespan").status_code == 200
    client.clock.sleep(HOUR_S)
    assert client.status(id_) == "running"
    client.clock.sleep(13)
    shown = client.get(f"/studios/{id_}")["statusInfo"]
    assert (shown["status"], shown["stopReason"]) == ("stopped", "LIFESPAN_EXPIRED")
    assert client("POST", f"/studios/{id_}/lifespan").status_code == 400


@pytest.mark.parametrize(("own", "workspace", "ends_h"), [(None, None, 8), (0, None, 0), (0, 2, 2)])
def test_a_session_lives_as_long_as_the_workspace_or_the_studio_says(
    client: Client, own: int | None, workspace: int | None, ends_h: int
) -> None:
    client.platform.workspaces[0].lifespan_h = workspace
    configuration = {"cpu": 1} if own is None else {"lifespanHours": own}
    id_ = client.created(configuration=configuration)
    client.clock.sleep(40 + (ends_h or 100) * HOUR_S - 1)
    assert client.status(id_) == "running"
    client.clock.sleep(100)
    assert client.status(id_) == ("stopped" if ends_h else "running")


def test_a_stop_may_be_slow(client: Client) -> None:
    client.platform.lives.usual_stop = Stopping(900)
    id_ = client.created()
    client.clock.sleep(40)
    client("PUT", f"/studios/{id_}/stop")
    client.clock.sleep(899)
    assert client.status(id_) == "stopping"
    client.clock.sleep(100)
    shown = client.get(f"/studios/{id_}")
    assert shown["statusInfo"]["status"] == "stopped"
    assert shown["statusInfo"]["lastUpdate"] == shown["lastUpdated"] == "2026-09-21T14:29:00Z"


@pytest.mark.parametrize(
    "status",
    ["building", "starting", "running", "stopping", "stopped", "errored", "buildFailed"],
)
def test_a_test_may_begin_with_any_status(client: Client, status: str) -> None:
    client.platform.add_studio("there", status=status)
    assert client.get("/studios")["studios"][0]["statusInfo"]["status"] == status
