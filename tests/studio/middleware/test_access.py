"""The layers applied to scopes made by hand: what goes in, what comes out, what stays untouched."""

import asyncio
from typing import Any

import pytest

from studio.middleware.access import AccessMiddleware, guard
from studio.middleware.asgi import Message, Receive, Scope, Send
from studio.middleware.frame import TRACE_RENDERER
from studio.middleware.hosts import parse_hosts
from studio.middleware.policy import Policy
from tests.studio.middleware.asgi_client import Answer, call

EXT = b"a1.connect.example.com"
EXPLICIT = Policy("explicit", 8080, parse_hosts(EXT.decode()))
LOCAL = Policy("local", 5000)


class AnApp:
    """Remembers the scopes it was called with, and answers as MLflow would."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        headers = [(b"x-frame-options", b"SAMEORIGIN"), (b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": scope["path"].encode()})


def ask(
    path: str, *headers: tuple[bytes, bytes], policy: Policy = EXPLICIT, **fields: Any
) -> tuple[Answer, list[Scope]]:
    app = AnApp()
    answer = call(guard(app, policy, fields.pop("prefix", "")), path, headers=[*headers], **fields)
    return answer, app.scopes


def test_an_admitted_request_reaches_mlflow_rewritten() -> None:
    answer, (scope,) = ask(
        "/x",
        (b"host", EXT.upper() + b":443"),
        (b"origin", b"https://" + EXT),
        (b"x-forwarded-for", b"203.0.113.7"),
        (b"x-forwarded-proto", b"https"),
        (b"cookie", b"a=b"),
        method="POST",
    )

    assert answer.text == "/x"
    assert scope["client"] == ("203.0.113.7", 0)
    assert scope["scheme"] == "https"
    headers = dict(scope["headers"])
    assert headers[b"host"] == EXT
    assert headers[b"cookie"] == b"a=b"
    assert b"origin" not in headers


def test_the_scope_of_the_server_is_not_changed() -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"host", EXT.upper())],
        "client": ("127.0.0.1", 1),
    }
    before = {**scope, "headers": list(scope["headers"])}

    call(guard(AnApp(), EXPLICIT), "/", scope=scope)

    assert scope == before


def test_a_refusal_is_plain_text_that_no_browser_interprets() -> None:
    answer, scopes = ask("/", (b"host", b"evil.test"))

    assert scopes == []
    assert answer.status == 403
    assert "STUDIO_ALLOWED_HOSTS=evil.test" in answer.text
    assert answer.headers[b"content-type"] == b"text/plain; charset=utf-8"
    assert answer.headers[b"x-content-type-options"] == b"nosniff"
    assert answer.headers[b"referrer-policy"] == b"same-origin"
    assert int(answer.headers[b"content-length"]) == len(answer.body)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 400),
        ([(b"host", b"a b")], 400),
        ([(b"host", EXT), (b"Host", EXT)], 400),
        ([(b"host", EXT), (b"x", b"y" * 70_000)], 431),
    ],
)
def test_the_connection_ends_where_the_request_cannot_be_trusted(
    headers: list[tuple[bytes, bytes]], status: int
) -> None:
    answer, _ = ask("/", *headers)

    assert answer.status == status
    assert answer.headers[b"connection"] == b"close"


def test_parents_of_the_public_host_may_frame_the_answer() -> None:
    answer, _ = ask("/", (b"host", EXT))

    assert answer.headers == {
        b"content-type": b"text/html",
        b"content-security-policy": b"frame-ancestors 'self' connect.example.com example.com",
    }


def test_the_trace_renderer_keeps_its_headers() -> None:
    answer, _ = ask(f"{TRACE_RENDERER}/index.html", (b"host", EXT))

    assert b"content-security-policy" not in answer.headers


def test_a_websocket_is_closed_before_it_opens() -> None:
    app, sent = AnApp(), list[Message]()

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    scope = {"type": "websocket", "path": "/", "headers": [(b"host", EXT)]}
    asyncio.run(_await(guard(app, EXPLICIT, "/p")(scope, receive, send)))

    assert sent == [{"type": "websocket.close", "code": 1008}]
    assert app.scopes == []


def test_the_lifespan_passes_straight_through() -> None:
    seen: list[tuple[Any, ...]] = []

    async def app(*arguments: Any) -> None:
        seen.append(arguments)

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {"type": "lifespan"}
    asyncio.run(_await(guard(app, EXPLICIT, "/p")(scope, receive, send)))

    ((got_scope, got_receive, got_send),) = seen
    assert got_scope is scope
    assert got_receive is receive
    assert got_send is send


def test_parts_of_an_answer_pass_one_by_one() -> None:
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for part in (b"a", b"b"):
            await send({"type": "http.response.body", "body": part, "more_body": True})
            assert sent[-1]["body"] == part

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", EXT)]}
    asyncio.run(_await(AccessMiddleware(app, EXPLICIT)(scope, receive, send)))

    assert [message.get("body") for message in sent] == [None, b"a", b"b"]


async def _await(awaitable: Any) -> None:
    await awaitable


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/p/health", 200),
        ("/p/studio/ready", 200),
        ("/health", 200),
        ("/p/studio/status", 403),
        ("/p/p/health", 403),
        ("/px/health", 403),
    ],
)
def test_open_paths_are_those_left_when_the_prefix_is_gone(path: str, status: int) -> None:
    answer, _ = ask(path, (b"host", b"evil.test"), prefix="/p")

    assert answer.status == status


def test_the_assistant_stays_closed_below_a_prefix() -> None:
    path = "/p/ajax-api/3.0/mlflow/assistant/message"

    answer, scopes = ask(path, (b"host", EXT), prefix="/p", method="POST")

    assert (answer.status, scopes) == (403, [])


@pytest.mark.parametrize(
    ("target", "host", "status", "path"),
    [
        (b"http://a1.connect.example.com/x%20y", EXT, 200, "/x y"),
        (b"HTTPS://A1.Connect.Example.com:443/x", EXT, 200, "/x"),
        (b"http://a1.connect.example.com", EXT, 200, "/"),
        (b"http://a1.connect.example.com/p/x", EXT, 200, "/x"),
        (b"http://evil.test/", EXT, 400, None),
        (b"http://a1.connect.example.com/", b"evil.test", 400, None),
        (b"http://evil.test/", b"evil.test", 403, None),
        (b"http://a1.connect.example.com:8443/", EXT, 400, None),
        (b"http://user@a1.connect.example.com/", EXT, 400, None),
        (b"http:///x", EXT, 400, None),
        (b"ftp://a1.connect.example.com/", EXT, 400, None),
        (b"a1.connect.example.com:443", EXT, 400, None),
        (b"foo", EXT, 400, None),
        (b"*", EXT, 200, "*"),
    ],
)
def test_a_whole_url_in_the_request_line_must_name_the_same_host(
    target: bytes, host: bytes, status: int, path: str | None
) -> None:
    answer, scopes = ask(
        target.decode(), (b"host", host), raw_path=target, prefix="/p", method="OPTIONS"
    )

    assert answer.status == status
    assert [scope["path"] for scope in scopes] == ([path] if path else [])


def test_a_whole_url_needs_one_host_header() -> None:
    url = "http://a1.connect.example.com/"

    assert ask(url)[0].status == 400
    assert ask(url, (b"host", EXT), (b"host", EXT))[0].status == 400
