"""Which way is chosen and why; and what tw's failures become."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy.errors import NameTaken, ToolMissing, TwCannot, TwFailed
from deploy.planning.desired import SPEC
from deploy.profile.loading import Variable
from deploy.secret import Secret
from deploy.seqera.models import Label
from deploy.seqera.tw import Missing, Tw
from deploy.seqera.ways import ApiWay, TwWay, choose, decide
from tests.deploy.seqera.both import PLANTED, WORKSPACE, Both, both_ways
from tests.deploy.wishes import local, plain, secret, wish
from tests.fakes.platform import TOKEN
from tests.fakes.server import AFTER, BEFORE, HALF, Reply
from tests.fakes.tw.installed import OLDER

NOT_THERE = Missing("tw is not installed")


def there(*version: int, **env: str) -> Tw:
    endpoint = {"TOWER_API_ENDPOINT": "https://api.example.com"}
    return Tw("tw", version or (0, 38, 0), {**endpoint, **env})


AUTO = [
    (wish(), there(), "tw", "tw 0.38.0 is there and can do all that is needed"),
    (wish(), NOT_THERE, "api", "tw is not installed"),
    (wish(ssh=True), there(0, 36, 2), "api", "session.ssh: tw has --ssh since 0.37"),
    (wish(environment={"A": secret("x")}), there(), "api", "environment.A: it is a secret"),
    (wish(), there(REQUESTS_CA_BUNDLE="/ca.pem"), "api", "does not heed REQUESTS_CA_BUNDLE"),
    (wish(), there(HTTPS_PROXY="http://a:1"), "api", "does not heed HTTPS_PROXY"),
    # A Studio that is only started or stopped.
    (None, there(0, 36, 2), "tw", "tw 0.36.2 is there"),
]


@pytest.mark.parametrize(("desired", "found", "name", "why"), AUTO)
def test_auto_takes_tw_where_it_can_do_all(desired: Any, found: Any, name: str, why: str) -> None:
    choice = decide("auto", desired, found)
    assert choice.name == name
    assert why in choice.why


def test_an_older_tw_starts_what_it_need_not_say_spot_for() -> None:
    for spot, name in ((None, "tw"), (False, "api"), (True, "api")):
        choice = decide("auto", None, there(0, 36, 2), started=wish(spot=spot, ssh=True))
        assert choice.name == name
    assert decide("auto", None, there(), started=wish(spot=True)).name == "tw"


def test_the_api_is_taken_without_a_look_at_tw() -> None:
    def look() -> Tw:
        raise AssertionError("nobody asked for tw")

    chosen = choose("api", wish(), studios=None, look=look)  # type: ignore[arg-type]
    assert isinstance(chosen.way, ApiWay)
    assert chosen.why == "--via api"


def test_tw_by_name_is_an_error_where_it_is_missing() -> None:
    with pytest.raises(ToolMissing, match="tw is not installed, and --via tw needs it"):
        decide("tw", wish(), NOT_THERE)


def test_tw_by_name_is_an_error_that_names_all_it_cannot() -> None:
    desired = wish(name="-c", environment={"A": secret("hunter2")}, spot=True)
    with pytest.raises(TwCannot) as raised:
        decide("tw", desired, there(0, 36, 2))
    assert [limit.partition(":")[0] for limit in raised.value.limits] == [
        *("environment", "session.spot", "name", "environment.A")
    ]
    assert "--via api" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_secrets_in_arguments_need_tw_by_name_and_the_users_word() -> None:
    desired = wish(environment={"A": secret("x")})
    assert decide("tw", desired, there(), secret_arguments=True).name == "tw"
    assert decide("auto", desired, there(), secret_arguments=True).name == "api"


def test_the_way_is_ready_to_go(both: Both) -> None:
    found = both.look(both.installed())
    chosen = choose("auto", both.wish(), both.studios, lambda: found)
    assert isinstance(chosen.way, TwWay)
    assert both.create(chosen.way, both.wish()) in both.platform.studios


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    with both_ways(tmp_path) as found:
        yield found


# What goes wrong with which call of tw, while the Studio is there all the same.
LOST = {
    "the answer to the create": ("POST /api/studios", AFTER),
    "half of the answer": ("POST /api/studios", HALF),
    "the workspace's name, which it asks for last": ("GET /api/user-info", Reply.page(503)),
}


@pytest.mark.parametrize(("call", "what"), LOST.values(), ids=LOST)
def test_a_studio_that_is_there_is_not_made_again(both: Both, call: str, what: Any) -> None:
    both.platform.fail(call, what)
    id_ = both.create(both.tw(), both.wish())
    assert list(both.platform.studios) == [id_]
    assert len(both.platform.asked("POST /api/studios")) == 1
    assert any("going on with it" in line for line in both.said)


PASSING = {
    "the connection breaks before": ("POST /api/studios", BEFORE),
    "too many calls": ("POST /api/studios", Reply.error(429, "Too many requests")),
    "a load balancer's page": ("POST /api/studios", Reply.page(503)),
    "one of its questions": ("GET /api/compute-envs", Reply.page(502)),
}


@pytest.mark.parametrize(("call", "what"), PASSING.values(), ids=PASSING)
def test_what_has_done_nothing_is_tried_again(both: Both, call: str, what: Any) -> None:
    both.platform.fail(call, what)
    id_ = both.create(both.tw(), both.wish())
    assert list(both.platform.studios) == [id_]
    assert both.said[0].startswith("tw studios add ended with 1: ")


def test_what_fails_for_good_is_told_in_its_own_words(both: Both) -> None:
    both.platform.fail("POST /api/studios", Reply.error(403, "No entitlement"), times=9)
    with pytest.raises(TwFailed, match="No entitlement") as raised:
        both.create(both.tw(), both.wish())
    assert (raised.value.code, raised.value.said) == (1, ("No entitlement",))
    assert len(both.platform.asked("POST /api/studios")) == 3
    assert both.platform.studios == {}


def test_wrong_usage_is_not_repeated(both: Both) -> None:
    with pytest.raises(TwFailed, match="Unknown option") as raised:
        both.create(both.tw(OLDER), both.wish(ssh=True))
    assert raised.value.code == 2
    assert len(both.installed(OLDER).commands) == 1


def test_another_studio_of_the_name_is_not_taken_for_ours(both: Both) -> None:
    both.platform.add_studio("mlflow")
    with pytest.raises(NameTaken):
        both.create(both.tw(), both.wish())
    assert both.installed().commands == []


def test_one_that_another_makes_at_the_same_moment_is_not_taken_for_ours(both: Both) -> None:
    def meanwhile(_: str) -> None:
        both.platform.add_studio("mlflow", labels={SPEC: "0" * 12})

    both.platform.fail("POST /api/studios", Reply.error(409, "Studio name exists"))
    with pytest.raises(NameTaken):
        both.create(replace(both.tw(), explain=meanwhile), both.wish())
    assert len(both.platform.studios) == len(both.platform.asked("POST /api/studios")) == 1


@pytest.mark.parametrize("name", ["tw", "api"])
def test_a_studio_is_started_and_stopped(both: Both, name: str) -> None:
    way = both.tw() if name == "tw" else both.api
    id_ = both.create(way, both.wish(auto_start=False, environment={"A": plain("1")}))
    way.start(id_, "mlflow", both.wish(spot=True))
    assert both.platform.status("mlflow") == "starting"
    assert both.platform.studio("mlflow").environment == {"A": "1"}
    assert both.platform.asked(f"PUT /api/studios/{id_}/start")[0].json()["spot"] is True
    both.clock.sleep(60)
    way.stop(id_, "mlflow")
    assert both.platform.status("mlflow") == "stopping"


@pytest.mark.parametrize("what", [AFTER, BEFORE, Reply.page(503)])
@pytest.mark.parametrize("act", ["start", "stop"])
def test_a_start_or_stop_whose_answer_was_lost_is_looked_up(
    both: Both, act: str, what: Any
) -> None:
    way = both.tw()
    id_ = both.create(way, both.wish(auto_start=act == "stop"))
    both.clock.sleep(60)
    both.platform.fail(f"PUT /api/studios/{id_}/{act}", what)
    if act == "start":
        way.start(id_, "mlflow", None)
    else:
        way.stop(id_, "mlflow")
    assert both.platform.status("mlflow") == {"start": "starting", "stop": "stopping"}[act]
    repeated = what is not AFTER
    assert len(both.platform.asked(f"PUT /api/studios/{id_}/{act}")) == 1 + repeated


def test_a_start_that_is_refused_for_good_fails(both: Both) -> None:
    way = both.tw()
    id_ = both.create(way, both.wish(auto_start=False))
    both.platform.fail("PUT /api/studios", Reply.error(400, "no credits"), times=9)
    with pytest.raises(TwFailed, match="tw studios start failed: tw ended with 1"):
        way.start(id_, "mlflow", None)


def test_no_secret_is_in_its_arguments_its_environment_or_what_is_said(both: Both) -> None:
    installed = both.installed()
    desired = both.wish(environment={"A": plain("1")})
    words = f"bad token {TOKEN}"
    both.platform.fail("POST /api/studios", Reply.error(400, words))
    both.create(both.tw(PGPASSWORD=PLANTED), desired)
    started = json.dumps(installed.starts)
    assert TOKEN not in started + "".join(both.said)
    assert PLANTED not in started
    (names,) = {tuple(start["variables"]) for start in installed.starts if start["argv"][1:]}
    assert "TOWER_ACCESS_TOKEN" in names
    assert not {"PLANTED_PASSWORD", "PGPASSWORD"} & set(names)


@pytest.mark.parametrize("value", [secret(PLANTED), local(PLANTED)], ids=["secret", "local"])
def test_a_value_that_the_user_accepts_is_masked_in_what_tw_says(
    both: Both, value: Variable
) -> None:
    desired = both.wish(environment={"A": value})
    both.platform.fail("POST /api/studios", Reply.error(400, f"bad value {PLANTED}"), times=9)
    with pytest.raises(TwFailed) as raised:
        both.create(both.tw(), desired)
    assert raised.value.said == ("bad value ***",)
    assert PLANTED not in "".join(both.said)


@pytest.mark.parametrize("name", ["tw", "api"])
def test_a_label_that_the_platform_fills_in_comes_from_the_compute_environment(
    both: Both, name: str
) -> None:
    # Whoever only runs Studios may not make such a label, and need not.
    dynamic = both.platform.add_label("run", "${workflowId}")
    there = replace(
        both.wish().compute_env, labels=(Label(dynamic.id, dynamic.name, dynamic.value),)
    )
    id_ = both.create(both.tw() if name == "tw" else both.api, both.wish(compute_env=there))
    assert dynamic in both.platform.studios[id_].labels


def test_the_users_own_workspace_stays_that(both: Both) -> None:
    environment = both.platform.add_compute_env("own", workspace=None)
    way = both.tw(TOWER_WORKSPACE_ID=str(WORKSPACE))
    own = replace(way, studios=replace(way.studios, workspace_id=None))
    there = replace(wish().compute_env, id=environment.id)
    desired = wish(workspace_id=None, compute_env=there, mounts=())
    id_ = own.create(desired, desired.all_labels)
    assert both.platform.studios[id_].workspace is None


def test_tw_that_does_not_trust_the_server_fails_in_words(both: Both) -> None:
    way = both.tw()
    elsewhere = {**way.tw.env, "TOWER_API_ENDPOINT": "http://127.0.0.1:9/api"}
    with pytest.raises(TwFailed, match="Connection refused"):
        both.create(replace(way, tw=replace(way.tw, env=elsewhere)), both.wish())


def test_a_program_that_is_gone_fails_in_words(both: Both) -> None:
    way = both.tw()
    gone = replace(way, tw=replace(way.tw, program="/no/such/tw"))
    with pytest.raises(TwFailed, match="/no/such/tw: No such file"):
        both.create(gone, both.wish())
    assert Secret(TOKEN).reveal() not in repr(gone)
