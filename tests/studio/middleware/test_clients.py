"""Who counts as a person at this machine, and who may use the assistant."""

import pytest

from studio.middleware import forwarded
from tests.studio.middleware.cases import (
    ASSISTANT,
    BRIDGE,
    EXPLICIT,
    EXT,
    LOCAL,
    SAME_ORIGIN,
    a_request,
    admitted,
    status,
)


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        ([], forwarded.SOMEONE_ELSE),
        (["203.0.113.7"], ("203.0.113.7", 0)),
        (["127.0.0.1"], forwarded.SOMEONE_ELSE),
        (["203.0.113.7, 127.0.0.1"], ("203.0.113.7", 0)),
        (["8.8.8.8, 203.0.113.7, 10.0.0.1"], ("203.0.113.7", 0)),
        (["127.0.0.1", "203.0.113.7"], ("203.0.113.7", 0)),
        (["203.0.113.7", "127.0.0.1"], ("203.0.113.7", 0)),
        (["8.8.8.8", "203.0.113.7"], ("203.0.113.7", 0)),
        (["::1", "[::1]:80", "::ffff:127.0.0.1"], forwarded.SOMEONE_ELSE),
        (["10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.1.1"], forwarded.SOMEONE_ELSE),
        (["fe80::1, fd00::1, 0.0.0.0, ::, 224.0.0.1, 100.64.0.1"], forwarded.SOMEONE_ELSE),
        (["203.0.113.7:4711"], ("203.0.113.7", 0)),
        (["[2001:db8::7]:4711"], ("2001:db8::7", 0)),
        (["2001:db8::7"], ("2001:db8::7", 0)),
        (["unknown, _hidden, <script>, "], forwarded.SOMEONE_ELSE),
        (["127.1", "0x7f000001", "2130706433", "localhost"], forwarded.SOMEONE_ELSE),
    ],
)
def test_behind_the_local_proxy_nobody_is_local(lines: list[str], client: tuple[str, int]) -> None:
    more = [("x-forwarded-for", line) for line in lines]

    for policy, host in ((EXPLICIT, EXT), (SAME_ORIGIN, EXT), (EXPLICIT, "localhost:8080")):
        assert admitted(policy, a_request(host, *more)).client == client


@pytest.mark.parametrize("peer", [BRIDGE, ("203.0.113.9", 1), None])
def test_another_machine_speaks_only_for_itself(peer: tuple[str, int] | None) -> None:
    lines = [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "localhost"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("via", "1.1 somebody"),
    ]
    admission = admitted(EXPLICIT, a_request(EXT, *lines, peer=peer))

    assert admission.client == peer
    assert {name for name, _ in admission.headers} == {b"host", b"via"}


@pytest.mark.parametrize("peer", [("127.0.0.1", 1), ("127.8.8.8", 1), ("::1", 1)])
@pytest.mark.parametrize("host", ["localhost:5000", "127.0.0.1:5000", "[::1]:5000"])
def test_a_person_at_a_laptop_stays_local(host: str, peer: tuple[str, int]) -> None:
    assert admitted(LOCAL, a_request(host, peer=peer)).client == peer


@pytest.mark.parametrize("peer", [("127.0.0.1", 1), ("::1", 1), ("::ffff:127.0.0.1", 1)])
@pytest.mark.parametrize(
    "header",
    [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "localhost"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "80"),
        ("forwarded", "for=127.0.0.1"),
        ("via", "1.1 proxy"),
        ("x-real-ip", "127.0.0.1"),
    ],
)
def test_any_sign_of_a_proxy_ends_locality(header: tuple[str, str], peer: tuple[str, int]) -> None:
    assert admitted(LOCAL, a_request("localhost", header, peer=peer)).client == (
        forwarded.SOMEONE_ELSE
    )


def test_a_probe_of_unknown_host_is_not_local() -> None:
    assert admitted(LOCAL, a_request("evil.test", path="/health")).client == forwarded.SOMEONE_ELSE


TRICKS = [
    f"{ASSISTANT}/message",
    f"{ASSISTANT}/sessions/x/stream",
    f"{ASSISTANT}/skills/install",
    f"{ASSISTANT}/providers/claude/health",
    f"{ASSISTANT}/config/",
    f"{ASSISTANT}",
    f"{ASSISTANT}/",
    f"/{ASSISTANT}/message",
    f"{ASSISTANT}//message",
    "/ajax-api//3.0/mlflow/assistant/message",
    "/AJAX-API/3.0/MLflow/Assistant/message",
    "/ajax-api/3.0/mlflow/%61ssistant/message",
    "/ajax-api/3.0/mlflow/%2561ssistant/message",
    "/ajax-api/3.0/mlflow%2fassistant/message",
    "/ajax-api/3.0/mlflow/x/../assistant/message",
    "/ajax-api/3.0/./mlflow/assistant/message",
    "/ajax-api\\3.0\\mlflow\\assistant\\message",
    "/api/3.0/mlflow/assistant/message",
    "/ajax-api/2.0/mlflow/assistant/message",
    f"/some/prefix{ASSISTANT}/message",
]


@pytest.mark.parametrize("path", TRICKS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_the_assistant_is_closed_however_it_is_spelt(method: str, path: str) -> None:
    requests = [
        (EXPLICIT, a_request(EXT, method=method, path=path)),
        (EXPLICIT, a_request("localhost:8080", method=method, path=path)),
        (SAME_ORIGIN, a_request(EXT, method=method, path=path)),
        (LOCAL, a_request("localhost", ("via", "1.1 proxy"), method=method, path=path)),
        (LOCAL, a_request("localhost", method=method, path=path, peer=BRIDGE)),
    ]

    assert [status(*pair) for pair in requests] == [403] * len(requests)


@pytest.mark.parametrize("name", ["config", "providers"])
def test_what_the_interface_reads_about_the_assistant_stays_readable(name: str) -> None:
    path = f"{ASSISTANT}/{name}"

    assert status(EXPLICIT, a_request(EXT, path=path)) == 200
    assert status(EXPLICIT, a_request(EXT, path=path, method="PUT")) == 403
    assert status(EXPLICIT, a_request(EXT, path=path, method="HEAD")) == 403


@pytest.mark.parametrize("path", TRICKS[:3])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_person_at_the_machine_may_use_the_assistant(method: str, path: str) -> None:
    assert status(LOCAL, a_request("localhost:5000", method=method, path=path)) == 200


def test_an_artifact_named_after_the_assistant_is_only_an_artifact() -> None:
    path = "/api/2.0/mlflow-artifacts/artifacts/1/mlflow/assistant/config.json"

    assert status(EXPLICIT, a_request(EXT, method="PUT", path=path)) == 200


def test_a_path_of_endless_escapes_costs_little() -> None:
    assert status(EXPLICIT, a_request(EXT, path="/%" + "25" * 100_000)) == 200
