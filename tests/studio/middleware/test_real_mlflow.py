"""The access policy in front of the real MLflow, whose own checks stay on behind it.

Every test runs in each of the three modes, over real HTTP.
"""

import json

import pytest

from studio.middleware.frame import TRACE_RENDERER
from tests.studio.middleware.a_studio import EXT, LISTED, AStudio
from tests.studio.middleware.raw_http import exchange

pytestmark = pytest.mark.mlflow

SIBLING = "https://zzzz.connect.example.com"

API = "/ajax-api/2.0/mlflow"
ASSISTANT = "/ajax-api/3.0/mlflow/assistant"
FORWARDED_FOR = {
    "none": [],
    "public": ["203.0.113.7"],
    "loopback": ["127.0.0.1"],
    "two": ["203.0.113.7", "127.0.0.1"],
}


def create(studio: AStudio, name: str, *headers: tuple[str, str]) -> int:
    path = f"{API}/experiments/create"
    return studio.send(path, studio.host, *headers, body={"name": name}).status


# Hosts


@pytest.mark.parametrize(
    ("host", "explicit", "same_origin", "local"),
    [
        (EXT, 200, 200, 403),
        (f"{EXT}:443", 200, 200, 403),
        (EXT.upper(), 200, 200, 403),
        ("b.wild.example.com", 200, 200, 403),
        ("evil.test", 403, 200, 403),
        ("10.evil.test", 403, 200, 403),
        ("localhost", 200, 200, 200),
        ("127.0.0.1:9", 200, 200, 200),
        ("[::1]:9", 200, 200, 200),
    ],
)
def test_the_interface_is_shown_under_the_right_hosts_only(
    a_studio: AStudio, host: str, explicit: int, same_origin: int, local: int
) -> None:
    expected = {"explicit": explicit, "same-origin": same_origin, "local": local}

    assert a_studio.get("/", ("Host", host)).status == expected[a_studio.mode]
    assert a_studio.get("/p/a1/", ("Host", host)).status == expected[a_studio.mode]


@pytest.mark.parametrize("path", ["/health", "/version", "/p/a1/health", "/p/a1/version"])
@pytest.mark.parametrize("host", [None, "evil.test", "a b", EXT])
def test_probes_are_answered_under_any_host(a_studio: AStudio, path: str, host: str | None) -> None:
    headers = [("Host", host)] if host is not None else []

    assert a_studio.get(path, *headers).status == 200


# Pages


def test_pages_of_the_studio_may_read_and_change_everything(a_studio: AStudio) -> None:
    host, origin = a_studio.host, a_studio.origin
    created = a_studio.send(f"{API}/experiments/create", host, origin, body={"name": "t3"})
    experiment = json.loads(created.body)["experiment_id"]
    run = a_studio.send(f"{API}/runs/create", host, origin, body={"experiment_id": experiment})
    run_id = json.loads(run.body)["run"]["info"]["run_id"]
    search = a_studio.send(
        f"/p/a1{API}/runs/search", host, origin, body={"experiment_ids": [experiment]}
    )
    deleted = a_studio.send(f"{API}/runs/delete", host, origin, body={"run_id": run_id})

    assert [run_id] == [found["info"]["run_id"] for found in json.loads(search.body)["runs"]]
    assert deleted.status == 200
    graphql = a_studio.send("/graphql", host, origin, body={"query": "{ __typename }"})
    assert graphql.status == 200


def test_programs_send_no_origin_and_pass(a_studio: AStudio) -> None:
    assert create(a_studio, "by-program") == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "null", SIBLING, f"http://{EXT}", "http://localhost:3000"]
)
@pytest.mark.parametrize(
    "path",
    [
        f"{API}/experiments/create",
        f"{API}/runs/search",
        "/graphql",
        "/gateway/x/mlflow/invocations",
        "/v1/traces",
        "/p/a1/graphql",
    ],
)
def test_pages_of_others_may_change_nothing(a_studio: AStudio, origin: str, path: str) -> None:
    assert a_studio.send(path, a_studio.host, ("Origin", origin)).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_hides_the_origin_still_names_the_site(a_studio: AStudio, site: str) -> None:
    assert create(a_studio, site, ("Sec-Fetch-Site", site)) == 403


def test_a_rebound_page_is_refused_in_every_mode(a_studio: AStudio) -> None:
    host, origin = ("Host", "evil.test:5000"), ("Origin", "http://evil.test:5000")

    assert a_studio.send(f"{API}/experiments/create", host, origin).status == 403


def test_a_listed_origin_may_change_things_and_read_the_answer(a_studio: AStudio) -> None:
    origin = ("Origin", LISTED)
    body = {"name": "listed"}
    reply = a_studio.send(f"{API}/experiments/create", a_studio.host, origin, body=body)

    assert reply.status == 200
    assert set(reply.header("access-control-allow-origin")) == {LISTED}


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "http://127.0.0.1:9", "https://evil.test"]
)
@pytest.mark.parametrize("path", ["/", f"{API}/experiments/get?experiment_id=0", "/version"])
def test_no_other_page_is_granted_the_answer(a_studio: AStudio, origin: str, path: str) -> None:
    reply = a_studio.get(path, a_studio.host, ("Origin", origin))

    assert reply.status == 200
    assert origin not in reply.header("access-control-allow-origin")
    assert "*" not in reply.header("access-control-allow-origin")


@pytest.mark.parametrize(
    ("origin", "granted"),
    [("http://localhost:3000", False), ("https://evil.test", False), (LISTED, True)],
)
@pytest.mark.parametrize("path", [f"{API}/experiments/create", "/graphql", "/v1/traces"])
def test_only_a_listed_origin_is_granted_a_preflight(
    a_studio: AStudio, origin: str, granted: bool, path: str
) -> None:
    asked = (("Origin", origin), ("Access-Control-Request-Method", "POST"))
    reply = exchange(a_studio.port, f"OPTIONS {path} HTTP/1.1", a_studio.host, *asked)

    assert (origin in reply.header("access-control-allow-origin")) is granted
    assert "*" not in reply.header("access-control-allow-origin")


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("other.example.com", "https://other.example.com", 200),
        ("other.example.com:8443", "https://other.example.com:8443", 200),
        ("OTHER.example.com.", "https://other.example.com", 200),
        ("other.example.com", "https://third.example.com", 403),
        ("other.example.com", "https://example.com", 403),
    ],
)
def test_an_unknown_host_is_fine_where_its_own_pages_ask(
    a_studio: AStudio, host: str, origin: str, status: int
) -> None:
    reply = a_studio.send(f"{API}/runs/search", ("Host", host), ("Origin", origin))

    assert reply.status == (status if a_studio.mode == "same-origin" else 403)


# The assistant


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{ASSISTANT}/message"),
        ("PUT", f"{ASSISTANT}/config"),
        ("POST", f"{ASSISTANT}/skills/install"),
        ("POST", f"/p/a1{ASSISTANT}/message"),
        ("PUT", "/ajax-api/3.0/mlflow/%61ssistant/config"),
        ("PUT", f"/{ASSISTANT}/config"),
        ("PUT", "/ajax-api/3.0//mlflow/assistant/config"),
    ],
)
@pytest.mark.parametrize("lines", FORWARDED_FOR.values(), ids=FORWARDED_FOR)
def test_the_assistant_serves_nobody_from_outside(
    a_studio: AStudio, method: str, path: str, lines: list[str]
) -> None:
    via = [("X-Forwarded-For", line) for line in lines] or [("Via", "1.1 proxy")]
    body = {"message": "hello"}

    assert a_studio.send(path, a_studio.host, *via, body=body, method=method).status == 403


def test_only_at_a_laptop_is_a_request_without_forwarding_headers_local(a_studio: AStudio) -> None:
    expected = 200 if a_studio.mode == "local" else 403

    for host in (a_studio.host, ("Host", f"localhost:{a_studio.port}")):
        assert a_studio.send(f"{ASSISTANT}/config", host, method="PUT").status == expected


@pytest.mark.parametrize("name", ["config", "providers"])
def test_the_interface_can_read_that_the_assistant_is_off(a_studio: AStudio, name: str) -> None:
    reply = a_studio.get(f"{ASSISTANT}/{name}", a_studio.host, ("Via", "1.1 proxy"))

    assert reply.status == 200


# Frames


def test_the_interface_says_who_may_frame_it(a_studio: AStudio) -> None:
    reply = a_studio.get("/", a_studio.host)
    parents = "" if a_studio.mode == "local" else " connect.example.com example.com"

    assert reply.header("content-security-policy") == [f"frame-ancestors 'self'{parents}"]
    assert reply.header("x-frame-options") == []


def test_the_trace_renderer_is_where_mlflow_has_it(a_studio: AStudio) -> None:
    from mlflow.tracing.constant import TRACE_RENDERER_ASSET_PATH

    assert TRACE_RENDERER == TRACE_RENDERER_ASSET_PATH
    reply = a_studio.get(f"{TRACE_RENDERER}/index.html", a_studio.host)
    assert reply.status == 200
    assert reply.header("x-frame-options") == reply.header("content-security-policy") == []


def test_a_page_reached_through_the_renderers_path_is_still_limited(a_studio: AStudio) -> None:
    reply = a_studio.get(f"{TRACE_RENDERER}/..%2f..%2findex.html", a_studio.host)

    assert reply.header("content-security-policy") != []


# The request line


@pytest.mark.parametrize("target", ["*", "//evil.test/x", "/%2e%2e/%2e%2e/etc/passwd"])
def test_odd_targets_end_in_a_plain_error(a_studio: AStudio, target: str) -> None:
    reply = exchange(a_studio.port, f"OPTIONS {target} HTTP/1.1", a_studio.host)

    assert reply.status in range(200, 500)
