"""The Studios of a workspace, call by call, against a Platform that fails in every way."""

from collections.abc import Callable
from typing import Any

import pytest

from deploy.errors import (
    AnswerLost,
    CredentialMissing,
    NameTaken,
    NotAllowed,
    RequestRefused,
    StudioGone,
    TurnedAway,
    Unreachable,
)
from deploy.seqera.studios import Studios
from deploy.web import Patience, Web
from tests.deploy.seqera.platforms import door
from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.server import AFTER, BEFORE, HALF, SLOW, Reply

POST = "POST /api/studios"
NOTHING = Reply.of({"studio": {}})


def a_body(platform: Platform, **more: Any) -> dict[str, Any]:
    environment = platform.add_compute_env("aws-eu")
    return {
        "name": "mlflow",
        "computeEnvId": environment.id,
        "dataStudioToolUrl": "registry.example.com/mlflow:1",
        "configuration": {"cpu": 2, "memory": 8192, "environment": {"A": "1"}},
        **more,
    }


def test_a_studio_is_made_as_it_was_sent(a_platform: Platform, studios: Studios) -> None:
    made = studios.create(a_body(a_platform, description="Runs"), auto_start=False)
    assert (made.name, made.status, made.description) == ("mlflow", "stopped", "Runs")
    assert made.configuration is not None
    assert dict(made.configuration.environment) == {"A": "1"}
    (call,) = a_platform.writes()
    assert call.query == {"workspaceId": "71", "autoStart": "false"}


def test_a_studio_is_started_with_the_first_call_where_that_is_wanted(
    a_platform: Platform, studios: Studios
) -> None:
    made = studios.create(a_body(a_platform), auto_start=True)
    assert made.status == "starting"
    a_platform.clock.sleep(60)
    assert studios.described(made.id).status == "running"


def test_a_name_that_is_taken_is_said(a_platform: Platform, studios: Studios) -> None:
    body = a_body(a_platform)
    studios.create(body, auto_start=False)
    with pytest.raises(NameTaken):
        studios.create(body, auto_start=False)


@pytest.mark.parametrize(
    "what",
    [BEFORE, AFTER, HALF, SLOW, *map(Reply, (500, 502, 503, 504, 520)), Reply.page(200), NOTHING],
    ids=str,
)
def test_a_create_without_an_answer_is_sent_once(a_platform: Platform, what: str | Reply) -> None:
    a_platform.fail(POST, what)
    studios = Studios(door(a_platform, read_s=0.8 if what == SLOW else 10), 71)
    with pytest.raises(AnswerLost):
        studios.create(a_body(a_platform), auto_start=False)
    assert len(a_platform.asked(POST)) == 1


def test_a_create_that_was_turned_away_is_sent_once_and_says_when_to_come_back(
    a_platform: Platform, studios: Studios
) -> None:
    a_platform.fail(POST, Reply.error(429, "slow down", Retry_After="7"))
    with pytest.raises(TurnedAway) as caught:
        studios.create(a_body(a_platform), auto_start=False)
    assert caught.value.again_after_s == 7
    assert caught.value.passing
    assert len(a_platform.asked(POST)) == 1
    assert a_platform.names() == []


def test_whoever_listens_to_nobody_was_not_sent_anything(free_port: int) -> None:
    clock = FakeClock()
    web = Web(f"http://127.0.0.1:{free_port}", {}, clock=clock.clock, patience=Patience(lost_s=30))
    with pytest.raises(TurnedAway) as caught:
        Studios(web).create({"name": "mlflow"}, auto_start=False)
    assert caught.value.passing
    assert clock.slept == []
    with pytest.raises(TurnedAway):
        Studios(web).stop("1a2b3c4d")
    assert sum(clock.slept) > 10


Act = Callable[[Studios, str], object]
ACTS: dict[str, tuple[str, Act, str]] = {
    "update": ("PUT", lambda s, i: s.update(i, {"description": "new"}), "stopped"),
    "start": ("PUT", lambda s, i: s.start(i), "stopped"),
    "stop": ("PUT", lambda s, i: s.stop(i), "running"),
    "delete": ("DELETE", lambda s, i: s.delete(i), "stopped"),
}


@pytest.fixture(params=list(ACTS))
def an_act(request: pytest.FixtureRequest) -> tuple[str, Act, str]:
    return ACTS[request.param]


def test_a_change_is_not_repeated_when_its_answer_is_lost(
    a_platform: Platform, studios: Studios, an_act: tuple[str, Act, str]
) -> None:
    method, act, before = an_act
    there = a_platform.add_studio("mlflow", status=before)
    for what in (AFTER, Reply(503)):
        a_platform.fail(method, what)
        with pytest.raises(AnswerLost):
            act(studios, there.id)
        there = a_platform.add_studio(f"mlflow-{len(a_platform.studios)}", status=before)
    assert len(a_platform.writes()) == 2


def test_a_change_waits_out_a_server_that_wants_to_be_left_alone(
    a_platform: Platform, studios: Studios, an_act: tuple[str, Act, str]
) -> None:
    method, act, before = an_act
    there = a_platform.add_studio("mlflow", status=before)
    a_platform.fail(method, Reply.error(429, "slow down"), times=5)
    act(studios, there.id)
    assert len(a_platform.writes()) == 6


def test_a_change_of_a_studio_that_is_gone_says_so(
    studios: Studios, an_act: tuple[str, Act, str]
) -> None:
    with pytest.raises(StudioGone):
        an_act[1](studios, "0badcafe")


def test_a_change_without_the_role_says_which_role_it_takes(
    a_platform: Platform, studios: Studios, an_act: tuple[str, Act, str]
) -> None:
    there = a_platform.add_studio("mlflow", status=an_act[2])
    a_platform.workspaces[0].roles = ["launch"]
    with pytest.raises(NotAllowed, match="Maintain") as caught:
        an_act[1](studios, there.id)
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_expires_midway_is_a_missing_credential(
    a_platform: Platform, studios: Studios, an_act: tuple[str, Act, str], status: int
) -> None:
    there = a_platform.add_studio("mlflow", status=an_act[2])
    a_platform.fail(an_act[0], Reply(status))
    a_platform.fail("GET /api/user-info", Reply(status))
    with pytest.raises(CredentialMissing) as caught:
        an_act[1](studios, there.id)
    assert caught.value.exit_code == 4
    assert TOKEN not in str(caught.value)


def test_the_name_of_another_one_is_refused_in_a_change(
    a_platform: Platform, studios: Studios
) -> None:
    a_platform.add_studio("taken")
    there = a_platform.add_studio("mlflow", status="stopped")
    with pytest.raises(NameTaken):
        studios.update(there.id, {"name": "taken"})


def test_a_refusal_for_another_reason_keeps_its_words(
    a_platform: Platform, studios: Studios
) -> None:
    there = a_platform.add_studio("mlflow", status="running")
    with pytest.raises(RequestRefused) as caught:
        studios.delete(there.id)
    assert caught.value.status == 400


def test_a_studio_is_found_on_the_last_page(a_platform: Platform, studios: Studios) -> None:
    for number in range(230):
        a_platform.add_studio(f"mlflow-{number}", status="stopped")
    found = studios.named("mlflow-229")
    assert found is not None
    assert found.configuration is not None
    assert len(a_platform.asked("GET /api/studios")) == 4
    assert studios.named("mlflow") is None


@pytest.mark.parametrize("is_made", [False, True], ids=["deleted", "another made as well"])
def test_a_list_that_moves_while_it_is_read_hides_nothing(
    a_platform: Platform, studios: Studios, is_made: bool
) -> None:
    there = [a_platform.add_studio(f"s-{number}", status="stopped") for number in range(101)]

    def move() -> None:
        # With another one in its place the number of all stays the same.
        a_platform.studios.pop(there[0 if is_made else 50].id)
        if is_made:
            a_platform.add_studio("new", status="stopped")

    # The second page is answered late; it happens in the meantime.
    a_platform.fail("GET /api/studios", Reply(503), times=1, after=1)
    a_platform.clock.at(0.5, move)
    assert sorted(studio.name for studio in studios.all()) == sorted(a_platform.names())


def test_labels_come_with_the_list(a_platform: Platform, studios: Studios) -> None:
    a_platform.add_studio("mlflow", labels={"studioctl": "mlflow"})
    (found,) = studios.all()
    assert found.label("studioctl") == "mlflow"
    assert found.configuration is None or not found.configuration.mounts


def test_a_description_waits_some_seconds_for_the_data_links(
    a_platform: Platform, studios: Studios
) -> None:
    link = a_platform.add_link("runs", "s3://acme/runs")
    there = a_platform.add_studio("mlflow", mountDataV2=[{"dataLinkId": link.id}])
    a_platform.book.fetching_s = 3
    assert [each.name for each in studios.described(there.id).mounted] == ["runs"]
    other = a_platform.add_studio("other", mountDataV2=[{"dataLinkId": link.id}])
    a_platform.book.fetching_s = 3600
    assert studios.described(other.id).status == "running"
    assert a_platform.clock.now() < 1_790_000_000 + 20


def test_a_users_own_workspace_has_no_number(a_platform: Platform) -> None:
    a_platform.add_studio("mine", workspace=None)
    a_platform.add_studio("theirs")
    assert [each.name for each in Studios(door(a_platform)).all()] == ["mine"]
    assert all("workspaceId" not in call.query for call in a_platform.calls)


def test_an_odd_id_cannot_leave_its_place_in_the_address(
    a_platform: Platform, studios: Studios
) -> None:
    with pytest.raises(StudioGone):
        studios.described("../user-info?x=1#")
    assert str(a_platform.calls[-1]) == "GET /api/studios/..%2Fuser-info%3Fx%3D1%23"


def test_reads_survive_a_storm_of_refusals(a_platform: Platform, studios: Studios) -> None:
    there = a_platform.add_studio("mlflow")
    a_platform.fail("GET", Reply.error(429, "slow down"), times=6)
    assert studios.described(there.id).name == "mlflow"
    a_platform.fail("GET", BEFORE, times=100)
    with pytest.raises(Unreachable):
        studios.described(there.id)
