"""Wave's other calls, and what is asked of it in which words."""

from deploy.builders.wave import WaveBuilder
from tests.deploy.wave.conftest import Studioctl
from tests.fakes.platform import TOKEN
from tests.fakes.server import Reply


def test_the_servers_version_is_read(studioctl: Studioctl) -> None:
    builder = WaveBuilder({}, studioctl.wave.url, studioctl.platform.url)
    assert builder.client.version() == "1.37.0"
    studioctl.wave.fail("GET /service-info", Reply.of({"serviceInfo": []}))
    assert builder.client.version() == "unknown"


def test_every_request_says_its_platform_and_sends_no_null(studioctl: Studioctl) -> None:
    studioctl.build("--platform", "linux/arm64")
    (call,) = studioctl.wave.asked("POST /v1alpha2")
    assert call.json()["containerPlatform"] == "linux/arm64"
    assert b"null" not in call.body
    assert not {"freeze", "dryRun", "towerEndpoint", "towerWorkspaceId"} & set(call.json())


def test_an_inspection_says_who_asks(studioctl: Studioctl) -> None:
    studioctl.freeze("-w", "71")
    (call,) = studioctl.wave.asked("POST /v1alpha1/inspect")
    assert call.query == {"platform": "linux/amd64"}
    assert call.json()["towerAccessToken"] == TOKEN
    assert call.json()["towerWorkspaceId"] == 71


def test_the_same_content_is_sent_to_the_byte(studioctl: Studioctl) -> None:
    studioctl.build("--build-arg", "BASE=a")
    for path in studioctl.context.iterdir():
        path.touch()
    studioctl.build("--build-arg", "BASE=a")
    first, second = studioctl.wave.asked("POST /v1alpha2")
    assert first.body == second.body
