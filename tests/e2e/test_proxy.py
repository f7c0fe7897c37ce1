"""The Studio of a session, behind a real proxy with TLS, in each shape of its address."""

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.another_process import run_client
from tests.e2e.caddy import Door, Site, proxying
from tests.e2e.gateway import A_PROVIDER_ON_LOOPBACK, add_endpoint
from tests.e2e.model_provider import WORDS, providing
from tests.e2e.session import SHAPES, proxied
from tests.running import Studio, free_port, running

pytestmark = [pytest.mark.mlflow, pytest.mark.caddy]

SEARCH = "/ajax-api/2.0/mlflow/experiments/search"
ASSISTANT = "/ajax-api/3.0/mlflow/assistant"
A_SEARCH = json.dumps({"max_results": 5}).encode()


CASES = [
    *((name, "same-origin") for name in SHAPES),
    ("own host", "explicit"),
    ("prefix stripped", "explicit"),
]


@pytest.fixture(scope="module", params=CASES, ids=", ".join)
def door(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    migrated_database: Path,
) -> Iterator[Door]:
    """The way into one Studio, through the proxy."""
    name, mode = request.param
    env = A_PROVIDER_ON_LOOPBACK
    if mode == "explicit":
        env = {**env, "STUDIO_ALLOWED_HOSTS": "PUBLIC"}
    with proxied(tmp_path_factory.mktemp("session"), migrated_database, SHAPES[name], env) as found:
        status = found.request("/studio/status").json()
        assert status["access"]["mode"] == mode
        yield found


def test_the_interface_and_all_that_its_page_names_load(door: Door) -> None:
    page = door.request("/")
    assert page.code == 200
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert any(name.endswith(".js") for name in named)
    assert any(name.endswith(".css") for name in named)
    for name in named:
        assert not name.startswith(("/", "http")), "it would leave the Studio's own address"
        assert door.request("/" + name.removeprefix("./")).code == 200, name


def test_a_client_logs_and_reads_back(door: Door, tmp_path: Path) -> None:
    found = run_client("round_trip.py", tmp_path, door.url, root=door.root)
    assert found["name"] == "NA12878"
    assert found["caller"] == "deepvariant"
    assert found["history"] == pytest.approx([0.90, 0.91, 0.92])
    assert found["artifacts"] == ["qc/report.txt"]
    assert found["report"] == "4 212 variants\n"
    assert found["artifact_uri"].startswith("mlflow-artifacts:/")


def test_pages_of_the_studio_itself_may_post(door: Door) -> None:
    answer = door.request(SEARCH, A_SEARCH, headers={"Origin": door.site.origin})
    assert answer.code == 200
    assert [found["name"] for found in answer.json()["experiments"]] == ["Default"]


def test_pages_of_other_origins_may_not(door: Door) -> None:
    public = door.site
    for origin in (
        f"https://evil.connect.localhost:{public.port}",
        f"https://localhost:{public.port}",
        f"http://{public.address}",
        f"https://{public.host}",
        f"https://{public.host}:{public.port + 1}",
        "http://localhost:3000",
        "null",
    ):
        for path in (SEARCH, "/graphql", "/v1/traces"):
            answer = door.request(path, A_SEARCH, headers={"Origin": origin})
            assert answer.code == 403, f"{origin} {path}"


def test_nobody_behind_the_proxy_is_taken_for_the_person_at_the_machine(door: Door) -> None:
    for claim in (
        {},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": "203.0.113.7, ::1", "Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1", "X-Forwarded-Host": "localhost"},
        {"Origin": door.site.origin},
    ):
        for method, path in (("POST", "message"), ("PUT", "config"), ("POST", "skills/install")):
            answer = door.request(f"{ASSISTANT}/{path}", b"{}", method=method, headers=claim)
            assert answer.code == 403, f"{method} {path} {claim}"
    assert door.request(f"{ASSISTANT}/config").code == 200  # the interface asks on every page


def test_the_pages_of_the_studio_answer(door: Door) -> None:
    assert door.request("/studio/health").json() == {"status": "ok"}
    assert door.request("/studio/ready").json()["ready"] is True
    page = door.request("/studio/status", headers={"Accept": "text/html"})
    assert page.text.startswith("<!doctype html>")


def test_events_of_a_stream_arrive_one_by_one(door: Door) -> None:
    with providing() as provider:
        assert door.studio
        add_endpoint(door.studio, "counter", provider.url)
        question = {"messages": [{"role": "user", "content": "how many?"}], "stream": True}
        path = f"{door.prefix}/gateway/counter/mlflow/invocations"
        with contextlib.closing(door.connect()) as connection:
            connection.request(
                "POST", path, json.dumps(question), {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            assert (answer.status, answer.headers.get_content_type()) == (200, "text/event-stream")
            for word in WORDS:
                while word not in (line := answer.readline().decode()):
                    assert line, f"the stream ended before {word!r}"
                provider.go_on()  # the next word is not even sent before this one has arrived
            answer.read()


def test_a_prefix_without_its_slash_leads_to_the_interface(
    tmp_path: Path, migrated_database: Path
) -> None:
    with proxied(tmp_path, migrated_database, SHAPES["prefix kept"]) as door:
        answer = door.request("")
        assert (answer.code, answer.headers["Location"]) == (307, "./a1b2c3d4/")


def test_a_proxy_in_front_of_a_laptop_opens_no_assistant(tmp_path: Path, home: Path) -> None:
    with running(home) as studio:
        own = Site("localhost", free_port(), f"reverse_proxy 127.0.0.1:{studio.port}", "http")
        with proxying(tmp_path / "proxy", [own]) as proxy:
            through = Door(own, proxy.root)
            assert studio.request(f"{ASSISTANT}/providers").code == 200
            assert _asks_assistant(studio) != 403
            assert through.request(f"{ASSISTANT}/config", b"{}", method="PUT").code == 403


def _asks_assistant(studio: Studio) -> int:
    return studio.request(f"{ASSISTANT}/config", b"{}", method="PUT").code
