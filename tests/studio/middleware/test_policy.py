"""Which hosts are answered, and what MLflow gets to see: tables of requests."""

import pytest

from studio.middleware.hosts import parse_hosts
from studio.middleware.policy import OPEN_PATHS, Policy, judge, mlflow_allowed_hosts
from studio.middleware.refusal import Refusal
from tests.studio.middleware.cases import (
    BRIDGE,
    EXPLICIT,
    EXT,
    HERE,
    LOCAL,
    POLICIES,
    SAME_ORIGIN,
    a_request,
    admitted,
    seen,
    status,
)


@pytest.mark.parametrize(
    ("mode", "host", "expected"),
    [
        ("explicit", EXT, 200),
        ("explicit", EXT.upper(), 200),
        ("explicit", f"{EXT}.", 200),
        ("explicit", f"{EXT}:443", 200),
        ("explicit", f"{EXT}:80", 200),
        ("explicit", f"{EXT}:8443", 403),
        ("explicit", "evil.test", 403),
        ("explicit", "10.evil.test", 403),
        ("explicit", "10.0.0.1", 403),
        ("explicit", f"{EXT}.evil.test", 403),
        ("explicit", "b.wild.example.com", 200),
        ("explicit", "b.c.wild.example.com", 403),
        ("explicit", "lan.test:5000", 200),
        ("explicit", "lan.test", 403),
        ("explicit", "localhost:8080", 200),
        ("explicit", "127.0.0.1:8080", 200),
        ("explicit", "[::1]:8080", 200),
        ("same-origin", EXT, 200),
        ("same-origin", "10.0.0.1:8080", 200),
        ("same-origin", "[2001:db8::1]:8080", 200),
        ("same-origin", "localhost", 200),
        ("local", "localhost:5000", 200),
        ("local", "LOCALHOST:1", 200),
        ("local", "127.0.0.1", 200),
        ("local", "[::1]:5000", 200),
        ("local", "[0:0:0:0:0:0:0:1]:5000", 200),
        ("local", EXT, 403),
        ("local", "evil.test:5000", 403),
        ("local", "localhost.evil.test", 403),
        ("local", "0.0.0.0:5000", 403),
        ("local", "192.168.1.5:5000", 403),
        ("local", "a.localhost", 403),
    ],
)
def test_each_mode_answers_to_its_own_hosts(mode: str, host: str, expected: int) -> None:
    assert status(POLICIES[mode], a_request(host)) == expected


@pytest.mark.parametrize("policy", [*POLICIES.values()], ids=[*POLICIES])
@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "a b",
        "user@localhost",
        "localhost/",
        "localhost/x",
        "local\x00host",
        "ex\xe4.test",
        "a" * 300,
        "localhost:99999",
        "http://localhost",
        "localhost,evil.test",
    ],
)
def test_a_missing_or_malformed_host_is_a_bad_request(policy: Policy, host: str | None) -> None:
    assert status(policy, a_request(host)) == 400


@pytest.mark.parametrize("policy", [*POLICIES.values()], ids=[*POLICIES])
def test_several_host_lines_are_a_bad_request_even_when_equal(policy: Policy) -> None:
    assert status(policy, a_request("localhost", ("host", "localhost"))) == 400


@pytest.mark.parametrize("policy", [*POLICIES.values()], ids=[*POLICIES])
@pytest.mark.parametrize("path", sorted(OPEN_PATHS))
@pytest.mark.parametrize("host", [None, "", "evil.test", "a b", "localhost"])
def test_probes_are_answered_whatever_the_host(policy: Policy, path: str, host: str | None) -> None:
    admission = admitted(policy, a_request(host, path=path))

    (passed_on,) = seen(admission, "host")
    assert passed_on in ("localhost", f"localhost:{policy.port}") or host == passed_on


@pytest.mark.parametrize(
    "path",
    ["/health/", "//health", "/health/x", "/HEALTH", "/studio/status", "/studio", "/x/health"],
)
def test_only_the_exact_probe_paths_are_open(path: str) -> None:
    assert status(LOCAL, a_request("evil.test", path=path)) == 403


def test_several_hosts_reach_a_probe_as_one() -> None:
    request = a_request("evil.test", ("host", "b.test"), path="/version")

    assert seen(admitted(LOCAL, request), "host") == ["localhost:5000"]


def test_the_refusal_names_the_host_and_the_setting() -> None:
    verdict = judge(LOCAL, a_request("Studio.Example.com:8443"))

    assert isinstance(verdict, Refusal)
    assert "STUDIO_ALLOWED_HOSTS=studio.example.com:8443" in verdict.text


@pytest.mark.parametrize(
    ("host", "stated", "peer", "expected"),
    [
        ("localhost:8080", [EXT], HERE, EXT),
        ("127.0.0.1:8080", [f"{EXT}:443"], HERE, EXT),
        ("localhost:8080", ["evil.test", EXT], HERE, EXT),
        ("localhost:8080", [f"evil.test, {EXT}"], HERE, EXT),
        ("localhost:8080", [f"{EXT}, evil.test"], HERE, 403),
        ("localhost:8080", ["evil.test"], HERE, 403),
        ("localhost:8080", ["a b"], HERE, 400),
        ("localhost:8080", [""], HERE, 400),
        ("localhost:8080", [f"{EXT},"], HERE, 400),
        ("localhost:8080", ["evil.test"], BRIDGE, "localhost:8080"),
        ("localhost:8080", ["evil.test"], None, "localhost:8080"),
        (EXT, ["evil.test"], HERE, EXT),
        ("evil.test", [EXT], HERE, 403),
    ],
)
def test_a_forwarded_host_counts_only_from_the_local_proxy_that_hides_the_host(
    host: str, stated: list[str], peer: tuple[str, int] | None, expected: str | int
) -> None:
    lines = [("x-forwarded-host", value) for value in stated]
    request = a_request(host, *lines, peer=peer)

    if isinstance(expected, int):
        assert status(EXPLICIT, request) == expected
    else:
        assert str(admitted(EXPLICIT, request).host) == expected


@pytest.mark.parametrize(("size", "expected"), [(40_000, 200), (65_000, 200), (70_000, 431)])
def test_large_cookies_pass_and_huge_headers_do_not(size: int, expected: int) -> None:
    assert status(LOCAL, a_request("localhost", ("cookie", "x" * size))) == expected


def test_many_small_headers_count_together() -> None:
    lines = [(f"x-{number}", "y" * 100) for number in range(1000)]

    assert status(LOCAL, a_request("localhost", *lines, path="/health")) == 431


@pytest.mark.parametrize(
    ("policy", "host", "passed_on"),
    [
        (EXPLICIT, f"{EXT.upper()}:443", EXT),
        (EXPLICIT, "lan.test:5000", "lan.test:5000"),
        (EXPLICIT, "[::1]:8080", "[::1]:8080"),
        (SAME_ORIGIN, EXT, "localhost:8080"),
        (SAME_ORIGIN, "evil.test", "localhost:8080"),
        (LOCAL, "LocalHost:5000", "localhost:5000"),
        (LOCAL, "127.0.0.1:6000", "127.0.0.1:6000"),
    ],
)
def test_mlflow_gets_one_host_in_one_spelling(policy: Policy, host: str, passed_on: str) -> None:
    assert seen(admitted(policy, a_request(host)), "host") == [passed_on]


def test_mlflow_is_told_the_same_hosts() -> None:
    assert mlflow_allowed_hosts(EXPLICIT).split(",") == [
        EXT,
        "*.wild.example.com",
        "lan.test:5000",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "localhost:*",
        "127.0.0.1:*",
        "[[]::1]:*",
    ]


def test_mlflow_is_told_hosts_without_default_ports() -> None:
    policy = Policy("explicit", 8080, parse_hosts(f"{EXT.upper()}:443,{EXT}:80,localhost"))

    assert mlflow_allowed_hosts(policy).split(",")[:3] == [EXT, "localhost", "127.0.0.1"]


@pytest.mark.parametrize(
    ("proto", "peer", "scheme", "expected"),
    [
        ("https", HERE, "http", "https"),
        ("http", HERE, "https", "http"),
        ("http,https", HERE, "http", "https"),
        ("ftp", HERE, "http", "http"),
        ("https", BRIDGE, "http", "http"),
        (None, BRIDGE, "https", "https"),
    ],
)
def test_the_scheme_comes_from_the_local_proxy(
    proto: str | None, peer: tuple[str, int], scheme: str, expected: str
) -> None:
    lines = [("x-forwarded-proto", proto)] if proto else []

    assert admitted(EXPLICIT, a_request(EXT, *lines, peer=peer, scheme=scheme)).scheme == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"mode": "explicit"},
        {"mode": "local", "hosts": parse_hosts(EXT)},
        {"mode": "same-origin", "hosts": parse_hosts(EXT)},
        {"mode": "open"},
        {"mode": "local", "frame_ancestors": ("a.test",), "frame_options": "DENY"},
    ],
)
def test_a_contradictory_policy_cannot_be_made(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Policy(port=8080, **fields)  # type: ignore[arg-type]
