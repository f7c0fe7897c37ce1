"""Who may ask the fake Platform for what, how often, and what its answers have in common."""

from typing import Any

import pytest
import requests

from tests.fakes.asking import Client
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.server import AFTER


def test_the_user_and_the_workspaces_are_told_with_their_roles(client: Client) -> None:
    assert client.get("/user-info")["user"]["id"] == 7
    client.platform.workspaces[1].roles = ["launch"]
    rows = client("GET", "/user/7/workspaces").json()["orgsAndWorkspaces"]
    assert "workspaceId" not in rows[0]
    assert [(row["workspaceName"], row["roles"]) for row in rows[1:]] == [
        ("ml", ["maintain"]),
        ("bio", ["launch"]),
    ]


def test_the_server_tells_about_itself_without_a_token(a_platform: Platform) -> None:
    answer = requests.get(a_platform.endpoint + "/service-info", timeout=10)
    assert answer.json()["serviceInfo"]["apiVersion"]


def test_a_token_can_expire_at_any_moment(client: Client) -> None:
    client.get("/studios")
    client.platform.tokens.clear()
    answer = client("GET", "/studios")
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("words", ["User not entitled", ""])
def test_who_may_only_launch_changes_nothing(client: Client, words: str) -> None:
    id_ = client.created()
    client.platform.workspaces[0].roles = ["launch"]
    client.platform.house.forbidden = words
    calls = [
        client.create("another"),
        client("PUT", f"/studios/{id_}", {"name": "x"}),
        client("PUT", f"/studios/{id_}/start", {}),
        client("PUT", f"/studios/{id_}/stop"),
        client("DELETE", f"/studios/{id_}"),
        client("POST", "/labels", {"name": "team", "value": "ml", "resource": True}),
    ]
    assert [answer.status_code for answer in calls] == [403] * 6
    assert all(answer.text == "" or answer.json() == {"message": words} for answer in calls)
    assert client.platform.names() == ["mlflow"]
    assert client.status(id_) == "starting"


def test_an_unknown_workspace_is_refused(client: Client) -> None:
    assert client("GET", "/studios", workspaceId=4711).status_code == 403


def test_the_workspace_may_have_settings_for_all_its_studios(client: Client) -> None:
    path = "/orgs/1/workspaces/71/settings/studios"

    def ask(method: str, **body: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = client.platform.endpoint + path
        return requests.request(method, url, json=body or None, headers=headers, timeout=10)

    assert "lifespanHours" not in ask("GET").json()
    assert ask("PUT", lifespanHours=12).status_code == 403
    client.platform.workspaces[0].roles = ["admin"]
    assert ask("PUT", lifespanHours=12).status_code == 204
    assert ask("GET").json()["lifespanHours"] == 12
    shown = client.get(f"/studios/{client.created()}")
    assert (shown["configuration"]["lifespanHours"], shown["effectiveLifespanHours"]) == (0, 12)


def test_too_many_calls_in_one_second_are_turned_away_until_the_next(client: Client) -> None:
    client.platform.rate_limit = 3
    codes = [client("GET", "/studios").status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    client.clock.sleep(1)
    assert client("GET", "/studios").status_code == 200


def test_an_answer_can_be_lost_after_the_act(client: Client) -> None:
    client.platform.fail("POST /api/studios", AFTER)
    with pytest.raises(requests.ConnectionError):
        client.create()
    assert client.platform.names() == ["mlflow"]
    assert client.create().status_code == 409


def test_something_can_be_done_before_a_call_is_answered(client: Client) -> None:
    done: list[list[str]] = []
    client.platform.fail("POST /api/studios", lambda: done.append(client.platform.names()))
    assert client.create().status_code == 200
    assert done == [[]]


def test_answers_have_members_that_nobody_knows(client: Client) -> None:
    id_ = client.created()
    assert "addedByALaterRelease" in client.get("/user-info")
    assert "addedByALaterRelease" in client.get(f"/studios/{id_}")


def test_the_writes_are_told_apart(client: Client) -> None:
    id_ = client.created()
    client.status(id_)
    assert [str(call) for call in client.platform.writes()] == ["POST /api/studios"]
