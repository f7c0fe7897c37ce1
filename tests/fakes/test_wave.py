"""The fake Wave answers as the documented one: its own checks, words and absent members."""

import base64
import gzip
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN
from tests.fakes.wave import Wave

ENDPOINT = "https://api.example.com"


@pytest.fixture
def a_wave() -> Iterator[Wave]:
    with Wave(FakeClock()) as wave:
        wave.paired = {ENDPOINT}
        wave.tokens = {ENDPOINT: {TOKEN}}
        yield wave


def encoded(text: str = "FROM scratch\n") -> str:
    return base64.b64encode(text.encode()).decode()


def submit(wave: Wave, **sent: Any) -> requests.Response:
    context = {
        "location": "data:" + base64.b64encode(gzip.compress(b"")).decode(),
        "tarDigest": "sha256:0",
    }
    body = {"containerFile": encoded(), "buildContext": context, **sent}
    return requests.post(f"{wave.url}/v1alpha2/container", json=body, timeout=10)


FROZEN = {"freeze": True, "buildRepository": "r.example.com/x"}
WHO = {"towerAccessToken": TOKEN, "towerEndpoint": ENDPOINT}


@pytest.mark.parametrize(
    ("sent", "status", "message"),
    [
        ({"containerFile": encoded("#" * 7501)}, 400, "exceeds the maximum allowed size of 10000"),
        ({"containerFile": encoded() + "\n"}, 400, "make sure it encoded as a base64 string"),
        ({"containerFile": encoded().rstrip("=")}, 400, "make sure it encoded as a base64"),
        ({"containerFile": None}, 400, "Specify either 'containerImage' or 'containerFile'"),
        ({"containerFile": encoded("COPY x /root/.docker/config.json")}, 400, "error code: 100"),
        ({"containerFile": encoded("COPY x /kaniko")}, 400, "error code: 101"),
        ({"freeze": True}, 400, "must be specified when using freeze mode [1]"),
        ({"buildRepository": "https://r.example.com/x"}, 400, "Invalid container repository name"),
        ({"buildRepository": "r.example.com/x:1"}, 400, "not valid"),
        ({"buildRepository": "r.example.com"}, 400, "not valid"),
        ({**WHO, "towerEndpoint": ENDPOINT + "/"}, 400, "Missing pairing record for Tower"),
        ({**WHO, "towerAccessToken": "x"}, 401, "Unauthorized access to Tower resource"),
    ],
)
def test_mistakes_are_answered_in_the_servers_words(
    a_wave: Wave, sent: dict[str, Any], status: int, message: str
) -> None:
    answer = submit(a_wave, **sent)
    assert answer.status_code == status
    assert message in answer.json()["message"]


def test_a_dockerfile_of_7500_bytes_is_let_through(a_wave: Wave) -> None:
    assert submit(a_wave, containerFile=encoded("#" * 7500)).status_code == 200


def test_malformed_json_is_a_500_with_an_error_id(a_wave: Wave) -> None:
    answer = requests.post(f"{a_wave.url}/v1alpha2/container", data=b"{", timeout=10)
    assert (answer.status_code, "Error ID" in answer.text) == (500, True)


def test_a_request_that_is_too_large_is_a_500(a_wave: Wave) -> None:
    answer = submit(a_wave, fingerprint="x" * 10_485_760)
    assert answer.status_code == 500
    assert "exceeds the maximum allowed content" in answer.text


def test_what_is_empty_is_absent_and_what_is_false_is_not(a_wave: Wave) -> None:
    temporary, frozen = submit(a_wave).json(), submit(a_wave, **FROZEN, **WHO).json()
    assert "succeeded" not in temporary
    assert temporary["cached"] is False
    assert temporary["mirror"] is False
    assert temporary["containerToken"] == temporary["requestId"]
    assert not {"containerToken", "expiration"} & set(frozen)


def test_where_some_credentials_are_known_others_are_missed(a_wave: Wave) -> None:
    assert submit(a_wave, **FROZEN, **WHO).status_code == 200
    a_wave.credentials = {None: {"docker.io"}}
    answer = submit(a_wave, **FROZEN, **WHO)
    assert answer.json() == {
        "message": "Missing credentials for container repository: r.example.com/x"
    }


def test_two_at_the_same_time_share_a_build(a_wave: Wave) -> None:
    found: list[dict[str, Any]] = []
    ask = [threading.Thread(target=lambda: found.append(submit(a_wave).json())) for _ in range(8)]
    for thread in ask:
        thread.start()
    for thread in ask:
        thread.join(20)
    assert len(found) == 8
    assert len({answer["buildId"] for answer in found}) == 1
    assert len({answer["requestId"] for answer in found}) == 8


def test_a_failure_is_remembered_for_fifty_seconds(a_wave: Wave) -> None:
    a_wave.engine.fails_with = 1
    first = submit(a_wave).json()["buildId"]
    a_wave.clock.sleep(a_wave.engine.takes_s + 50)
    again = submit(a_wave).json()
    assert (again["buildId"], again["cached"], again["succeeded"]) == (first, True, False)
    a_wave.clock.sleep(1)
    later = submit(a_wave).json()
    assert (later["buildId"][-1], later["cached"]) == ("2", False)


def test_a_log_is_not_there_before_the_end_and_a_moment_longer(a_wave: Wave) -> None:
    build = submit(a_wave).json()["buildId"]
    address = f"{a_wave.url}/v1alpha1/builds/{build}/logs"
    codes = []
    for pause in (0, a_wave.engine.takes_s, a_wave.log_lag_s):
        a_wave.clock.sleep(pause)
        codes.append(requests.get(address, timeout=10).status_code)
    assert codes == [404, 404, 200]


def test_only_the_record_of_a_build_tells_its_exit_code(a_wave: Wave) -> None:
    a_wave.engine.fails_with = 137
    answer = submit(a_wave).json()
    request = f"{a_wave.url}/v1alpha2/container/{answer['requestId']}/status"
    build = f"{a_wave.url}/v1alpha1/builds/{answer['buildId']}"
    found = [requests.get(url, timeout=10).json() for url in (request, f"{build}/status", build)]
    assert [each.get("succeeded") for each in found] == [None, None, None]
    a_wave.clock.sleep(a_wave.engine.takes_s)
    ended, state, record = (
        requests.get(url, timeout=10).json() for url in (request, f"{build}/status", build)
    )
    assert state.keys() == {"id", "status", "succeeded", "startTime", "duration"}
    assert (ended["succeeded"], state["succeeded"]) == (False, False)
    assert (record["exitStatus"], "exitStatus" in ended) == (137, False)


def test_a_dry_run_builds_nothing(a_wave: Wave) -> None:
    answer = submit(a_wave, dryRun=True).json()
    assert answer["buildId"].endswith("_0")
    assert not answer["buildId"].startswith("bd-")
    assert a_wave.builds == {}


def test_a_token_ends_after_36_hours(a_wave: Wave) -> None:
    answer = submit(a_wave).json()
    path = f"/v2/wt/{answer['requestId']}/wave/build/manifests/x"
    assert requests.get(a_wave.url + path, timeout=10).status_code == 200
    a_wave.clock.sleep(36 * 3600 + 1)
    assert requests.get(a_wave.url + path, timeout=10).status_code == 404
