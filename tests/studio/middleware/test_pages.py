"""Whose web pages may change anything: tables of requests as browsers send them."""

import pytest

from studio.middleware.hosts import parse_hosts
from studio.middleware.policy import Mode, Policy, judge
from studio.middleware.refusal import Refusal
from tests.studio.middleware.cases import (
    API,
    BRIDGE,
    EXPLICIT,
    EXT,
    HERE,
    LOCAL,
    POLICIES,
    SAME_ORIGIN,
    SIBLING,
    a_request,
    admitted,
    seen,
    status,
)


@pytest.mark.parametrize(
    ("mode", "host", "origin", "expected"),
    [
        ("explicit", EXT, f"https://{EXT}", 200),
        ("explicit", EXT, f"https://{EXT.upper()}", 200),
        ("explicit", f"{EXT}:443", f"https://{EXT}", 200),
        ("explicit", EXT, f"https://{EXT}:443", 200),
        ("explicit", EXT, f"https://{EXT}:8443", 403),
        ("explicit", EXT, f"http://{EXT}", 403),
        ("explicit", EXT, "https://evil.test", 403),
        ("explicit", EXT, SIBLING, 403),
        ("explicit", EXT, "https://connect.example.com", 403),
        ("explicit", EXT, f"https://{EXT}.evil.test", 403),
        ("explicit", EXT, "null", 403),
        ("explicit", EXT, "", 403),
        ("explicit", EXT, f"https://{EXT}/", 403),
        ("explicit", EXT, f"https://evil.test https://{EXT}", 403),
        ("explicit", EXT, "http://localhost:3000", 403),
        ("explicit", EXT, "http://localhost:8080", 403),
        ("explicit", "lan.test:5000", "http://lan.test:5000", 200),
        ("explicit", "lan.test:5000", "https://lan.test:5000", 200),
        ("explicit", "lan.test:5000", "http://lan.test", 403),
        ("explicit", "b.wild.example.com", "https://b.wild.example.com", 200),
        ("explicit", "b.wild.example.com", "https://c.wild.example.com", 403),
        ("explicit", "localhost:8080", "http://localhost:8080", 200),
        ("same-origin", EXT, f"https://{EXT}", 200),
        ("same-origin", EXT, f"http://{EXT}", 403),
        ("same-origin", EXT, "https://evil.test", 403),
        ("same-origin", EXT, SIBLING, 403),
        ("same-origin", EXT, "null", 403),
        ("same-origin", "evil.test", f"https://{EXT}", 403),
        ("same-origin", EXT, "http://localhost:8080", 403),
        ("local", "localhost:5000", "http://localhost:5000", 200),
        ("local", "127.0.0.1:5000", "http://127.0.0.1:5000", 200),
        ("local", "[::1]:5000", "http://[::1]:5000", 200),
        ("local", "localhost", "http://localhost", 200),
        ("local", "localhost:5000", "http://localhost:3000", 403),
        ("local", "localhost:5000", "http://localhost", 403),
        ("local", "127.0.0.1:5000", "http://localhost:5000", 403),
        ("local", "localhost:5000", "https://evil.test", 403),
        ("local", "localhost:5000", "null", 403),
        ("local", "evil.test:5000", "http://evil.test:5000", 403),
    ],
)
@pytest.mark.parametrize("path", [API, "/graphql", "/gateway/x/mlflow/invocations", "/v1/traces"])
def test_only_our_own_pages_may_change_anything(
    mode: str, host: str, origin: str, expected: int, path: str
) -> None:
    request = a_request(host, ("origin", origin), method="POST", path=path)

    assert status(POLICIES[mode], request) == expected


@pytest.mark.parametrize(
    ("host", "proto", "peer", "scheme", "expected"),
    [
        (EXT, "https", HERE, "http", 403),
        (EXT, "http", HERE, "http", 200),
        (EXT, "https, http", HERE, "http", 200),
        (EXT, "http, https", HERE, "http", 403),
        (EXT, "HTTP", HERE, "http", 200),
        (EXT, "gopher", HERE, "http", 403),
        (EXT, None, HERE, "http", 403),
        (EXT, "http", BRIDGE, "http", 403),
        ("lan.test:5000", None, BRIDGE, "http", 200),
        ("lan.test:5000", "https", HERE, "http", 403),
        ("lan.test:5000", None, HERE, "https", 403),
    ],
)
def test_an_http_page_is_ours_only_where_the_site_is_known_to_be_http(
    host: str, proto: str | None, peer: tuple[str, int], scheme: str, expected: int
) -> None:
    lines = [("origin", f"http://{host}")] + ([("x-forwarded-proto", proto)] if proto else [])
    request = a_request(host, *lines, method="POST", path=API, peer=peer, scheme=scheme)

    assert status(EXPLICIT, request) == expected


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "post"])
@pytest.mark.parametrize("policy", [*POLICIES.values()], ids=[*POLICIES])
def test_every_method_but_the_harmless_ones_is_judged(policy: Policy, method: str) -> None:
    request = a_request("localhost", ("origin", "https://evil.test"), method=method)

    assert status(policy, request) == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(
    "origin", ["https://evil.test", "null", "http://localhost:3000", "http://127.0.0.1:9"]
)
def test_reading_is_left_to_the_browser_and_no_page_is_granted_anything(
    method: str, origin: str
) -> None:
    lines = (("origin", origin), ("sec-fetch-site", "cross-site"))

    for policy in POLICIES.values():
        assert seen(admitted(policy, a_request("localhost", *lines, method=method)), "origin") == []


@pytest.mark.parametrize("policy", [*POLICIES.values()], ids=[*POLICIES])
def test_several_origins_are_nobodys(policy: Policy) -> None:
    own = ("origin", "http://localhost:5000")

    assert status(policy, a_request("localhost:5000", own, own, method="POST")) == 403


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        (None, 200),
        ("same-origin", 200),
        ("none", 200),
        ("same-site", 403),
        ("cross-site", 403),
        (" cross-site ", 403),
    ],
)
@pytest.mark.parametrize("origin", [None, f"https://{EXT}"])
def test_what_the_browser_says_about_the_site_counts(
    site: str | None, origin: str | None, expected: int
) -> None:
    lines = [("sec-fetch-site", site)] if site else []
    lines += [("origin", origin)] if origin else []

    for policy in (EXPLICIT, SAME_ORIGIN):
        assert status(policy, a_request(EXT, *lines, method="POST", path=API)) == expected


@pytest.mark.parametrize("mode", ["explicit", "same-origin", "local"])
def test_a_listed_origin_passes_and_mlflow_sees_it(mode: Mode) -> None:
    app = "https://app.example.org"
    hosts = parse_hosts(EXT) if mode == "explicit" else ()
    policy = Policy(mode, 8080, hosts, origins=(app,))
    host = "localhost:8080" if mode == "local" else EXT
    lines = (("origin", app), ("sec-fetch-site", "cross-site"))

    assert seen(admitted(policy, a_request(host, *lines, method="POST")), "origin") == [app]
    assert seen(admitted(policy, a_request(host, *lines)), "origin") == [app]
    assert status(policy, a_request(host, ("origin", f"{app}.evil.test"), method="POST")) == 403


def test_our_own_origin_is_none_of_mlflows_business() -> None:
    request = a_request(EXT, ("origin", f"https://{EXT}"), method="POST", path=API)

    assert seen(admitted(EXPLICIT, request), "origin") == []


def test_a_probe_of_unknown_host_cannot_be_used_to_post() -> None:
    request = a_request("evil.test", ("origin", "http://evil.test"), method="POST", path="/health")

    assert status(LOCAL, request) == 403


def test_a_refused_origin_is_shown_harmlessly() -> None:
    origin = "https://evil.test/\x1b[31m\xe9" + "x" * 1000
    verdict = judge(LOCAL, a_request("localhost", ("origin", origin), method="POST"))

    assert isinstance(verdict, Refusal)
    assert verdict.text.isascii()
    assert verdict.text.isprintable()
    assert len(verdict.text) < 800
