"""The fake Platform's Studios: what is refused, and what may be changed when."""

import threading
import time
from typing import Any

import pytest

from tests.fakes.asking import Client
from tests.fakes.clock import FakeClock

STARTED_S, STOPPED_S = 40, 12


def running(client: Client, name: str = "mlflow", **more: Any) -> str:
    id_ = client.created(name, **more)
    client.clock.sleep(STARTED_S)
    return id_


def test_a_studio_is_started_unless_one_says_otherwise(client: Client) -> None:
    assert client.status(client.created("a")) == "starting"
    assert client.status(client.created("b", start=False)) == "stopped"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"name": ""}, 400),
        ({"name": "x" * 81}, 400),
        ({"dataStudioToolUrl": None}, 400),
        ({"computeEnvId": "elsewhere"}, 404),
        ({"configuration": None}, 400),
        ({"configuration": {"cpu": -1}}, 400),
        ({"configuration": {"environment": {"1A": "x"}}}, 400),
        ({"configuration": {"environment": {"": "x"}}}, 400),
        ({"configuration": {"mountData": ["v1-cloud-0"]}}, 400),
        ({"description": "x" * 2049}, 400),
        ({"labelIds": [1]}, 400),
        ({"allowedUserIds": [7]}, 400),
        ({"allowedUserIds": [7, 8], "isPrivate": True}, 400),
        ({"initialCheckpointId": 1}, 400),
    ],
)
def test_what_is_wrong_is_refused_with_a_message_and_nothing_is_made(
    client: Client, wrong: dict[str, Any], status: int
) -> None:
    answer = client.create(**wrong)
    assert (answer.status_code, list(answer.json())) == (status, ["message"])
    assert client.platform.names() == []
    client.platform.mismatches.clear()


def test_an_environment_that_is_not_available_is_refused(client: Client) -> None:
    next(iter(client.platform.environments.all.values())).status = "INVALID"
    assert client.create().status_code == 400


def test_a_name_is_free_taken_or_invalid(client: Client) -> None:
    client.created()
    codes = [client("GET", "/studios/validate", name=n).status_code for n in ("new", "mlflow", " ")]
    assert codes == [204, 409, 400]


class Interrupted(FakeClock):
    """A clock that lets the other threads go on first."""

    def now(self) -> float:
        time.sleep(0.002)
        return super().now()


def test_of_creates_at_the_same_time_one_wins(client: Client) -> None:
    client.platform.house.clock = Interrupted()
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda: codes.append(client.create().status_code)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200] + [409] * 7
    assert client.platform.names() == ["mlflow"]


def test_a_name_in_another_workspace_is_another(client: Client) -> None:
    client.created()
    client.platform.add_studio("mlflow", workspace=72)
    assert len(client.get("/studios")["studios"]) == 1
    assert client("GET", f"/studios/{client.platform.studio('mlflow', 72).id}").status_code == 404


def test_only_an_idle_studio_is_changed(client: Client) -> None:
    id_ = running(client)
    answer = client("PUT", f"/studios/{id_}", {"description": "new"})
    assert (answer.status_code, "running" in answer.json()["message"]) == (400, True)
    client("PUT", f"/studios/{id_}/stop")
    assert client("PUT", f"/studios/{id_}", {"description": "new"}).status_code == 400
    client.clock.sleep(STOPPED_S)
    changed = client("PUT", f"/studios/{id_}", {"description": "new", "name": "newer"})
    assert (changed.status_code, changed.json()["description"]) == (200, "new")
    assert client.platform.names() == ["newer"]


def test_an_update_takes_the_whole_configuration_and_leaves_what_is_not_sent(
    client: Client,
) -> None:
    label = client.platform.add_label("team", "ml")
    id_ = client.created(start=False, labelIds=[label.id], description="old")
    changed = {"cpu": 4, "environment": {"B": "2"}}
    assert client("PUT", f"/studios/{id_}", {"configuration": changed}).status_code == 200
    shown = client.get(f"/studios/{id_}")
    assert shown["configuration"]["environment"] == {"B": "2"}
    assert "memory" not in shown["configuration"]
    assert (shown["description"], len(shown["labels"])) == ("old", 1)
    client("PUT", f"/studios/{id_}", {"labelIds": []})
    assert client.get(f"/studios/{id_}")["labels"] == []


def test_an_update_may_repeat_the_name(client: Client) -> None:
    id_ = client.created(start=False)
    assert client("PUT", f"/studios/{id_}", {"name": "mlflow"}).status_code == 200


def test_an_update_to_a_taken_name_changes_nothing(client: Client) -> None:
    client.created("first")
    id_ = client.created("second", start=False)
    answer = client("PUT", f"/studios/{id_}", {"name": "first", "description": "new"})
    assert answer.status_code == 409
    assert "description" not in client.get(f"/studios/{id_}")


def test_a_studio_moves_to_an_environment_with_the_same_work_directory_only(
    client: Client,
) -> None:
    same = client.platform.add_compute_env("same")
    other = client.platform.add_compute_env("other", work_dir="s3://elsewhere")
    id_ = client.created(start=False)
    compatible = client.get(f"/studios/{id_}/compatible-ce")["computeEnvs"]
    assert [each["name"] for each in compatible] == ["aws-eu", "same"]
    assert client("PUT", f"/studios/{id_}", {"computeEnvId": other.id}).status_code == 400
    assert client("PUT", f"/studios/{id_}", {"computeEnvId": same.id}).status_code == 200
    assert client.get(f"/studios/{id_}")["computeEnv"]["name"] == "same"


def test_a_start_needs_a_body_and_an_idle_studio(client: Client) -> None:
    id_ = client.created(start=False)
    assert client("PUT", f"/studios/{id_}/start").status_code == 400
    client.platform.mismatches.clear()
    submitted = client("PUT", f"/studios/{id_}/start", {"spot": True, "description": "d"}).json()
    assert (submitted["jobSubmitted"], submitted["sessionId"]) == (True, id_)
    assert submitted["statusInfo"]["status"] == "starting"
    assert client.get(f"/studios/{id_}")["description"] == "d"
    assert client.platform.studio("mlflow").spot is True
    assert client("PUT", f"/studios/{id_}/start", {}).status_code == 400


def test_only_a_running_studio_is_stopped(client: Client) -> None:
    id_ = client.created()
    assert client("PUT", f"/studios/{id_}/stop").status_code == 400
    client.clock.sleep(STARTED_S)
    assert client("PUT", f"/studios/{id_}/stop").json()["statusInfo"]["status"] == "stopping"
    client.clock.sleep(STOPPED_S)
    assert client.status(id_) == "stopped"
    assert client("PUT", f"/studios/{id_}/stop").status_code == 400


def test_only_an_idle_studio_is_deleted_and_then_it_is_gone(client: Client) -> None:
    id_ = running(client)
    assert client("DELETE", f"/studios/{id_}").status_code == 400
    client("PUT", f"/studios/{id_}/stop")
    client.clock.sleep(STOPPED_S)
    assert client("DELETE", f"/studios/{id_}").status_code == 204
    assert client("GET", f"/studios/{id_}").status_code == 404


@pytest.mark.parametrize("status", [403, 400])
def test_more_sessions_than_the_quota_are_refused(client: Client, status: int) -> None:
    client.platform.book.most_sessions = 1
    client.platform.book.quota_status = status
    running(client, "first")
    refused = client.create("second")
    assert (refused.status_code, list(refused.json())) == (status, ["message"])
    second = client.created("second", start=False)
    assert client("PUT", f"/studios/{second}/start", {}).status_code == status
    client("PUT", f"/studios/{client.platform.studio('first').id}/stop")
    assert client("PUT", f"/studios/{second}/start", {}).status_code == 200


def test_each_session_leaves_a_checkpoint_and_the_newest_comes_first(client: Client) -> None:
    id_ = running(client)
    assert client.get(f"/studios/{id_}/checkpoints")["checkpoints"][0]["status"] == "interim"
    client("PUT", f"/studios/{id_}/stop")
    client.clock.sleep(STOPPED_S)
    client("PUT", f"/studios/{id_}/start", {})
    found = client.get(f"/studios/{id_}/checkpoints")
    assert [each["status"] for each in found["checkpoints"]] == ["interim", "finalized"]
    oldest = found["checkpoints"][-1]
    renamed = client("PUT", f"/studios/{id_}/checkpoints/{oldest['id']}", {"name": "kept"})
    assert renamed.json()["name"] == "kept"
    newest = found["checkpoints"][0]["id"]
    again = client("PUT", f"/studios/{id_}/checkpoints/{newest}", {"name": "kept"})
    assert again.status_code == 409


def test_a_studio_may_begin_with_a_checkpoint_of_another(client: Client) -> None:
    client.platform.add_studio("old")
    checkpoint = client.platform.studio("old").checkpoints[0].id
    id_ = client.created("new", initialCheckpointId=checkpoint)
    parent = client.get(f"/studios/{id_}")["parentCheckpoint"]
    assert (parent["studioName"], parent["checkpointId"]) == ("old", checkpoint)
