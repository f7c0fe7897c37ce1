"""The path prefix is taken off once, whether or not the proxy has done it."""

import pytest

from studio.middleware.asgi import Message, Receive, Scope, Send
from studio.middleware.prefix import PrefixMiddleware, parse_prefix
from tests.studio.middleware.asgi_client import Answer, call


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("", ""),
        ("/", ""),
        ("/studio", "/studio"),
        ("/studio/", "/studio"),
        ("/connect/a1b2.c3_d4-e5", "/connect/a1b2.c3_d4-e5"),
        ("/a:b", "/a:b"),
    ],
)
def test_a_prefix_is_read(text: str, prefix: str) -> None:
    assert parse_prefix(text) == prefix


@pytest.mark.parametrize(
    "text",
    [
        "studio",
        "studio/x",
        "//",
        "//evil.test",
        "/a//b",
        "/a//",
        "/..",
        "/a/../b",
        "/.",
        "/a?b",
        "/a#b",
        "/a b",
        "/a%20b",
        "/a\n",
        "/\xe9",
        "/a\\b",
        "/a;b",
        "https://a.test/x",
        " /a",
    ],
)
def test_an_unusable_prefix_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_prefix(text)


def test_a_missing_slash_is_named() -> None:
    with pytest.raises(ValueError, match='"/studio"'):
        parse_prefix("studio")


async def an_echo(scope: Scope, receive: Receive, send: Send) -> None:
    text = f"{scope['path']} {scope['raw_path'].decode()} {scope.get('root_path', '')}".strip()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": text.encode()})


def ask(path: str, *, raw: str | None = None, method: str = "GET", query: bytes = b"") -> Answer:
    app = PrefixMiddleware(an_echo, "/p/a1")
    return call(app, path, raw_path=(raw or path).encode(), method=method, query_string=query)


@pytest.mark.parametrize(
    ("path", "raw", "seen"),
    [
        ("/p/a1/", "/p/a1/", "/ /"),
        ("/p/a1/x/y", "/p/a1/x/y", "/x/y /x/y"),
        ("/p/a1/ä", "/p/a1/%C3%A4", "/ä /%C3%A4"),
        ("/p/a1/ä", "/p/%611/%C3%A4", "/ä /%C3%A4"),
        ("/p/a1/x", "/p/a1%2Fx", "/x /x"),
        ("/p/a1/p/a1/x", "/p/a1/p/a1/x", "/p/a1/x /p/a1/x"),
        ("/x", "/x", "/x /x"),
        ("/p/a12/x", "/p/a12/x", "/p/a12/x /p/a12/x"),
        ("/P/a1/x", "/P/a1/x", "/P/a1/x /P/a1/x"),
        ("/", "/", "/ /"),
    ],
)
def test_the_prefix_is_taken_off_where_it_is(path: str, raw: str, seen: str) -> None:
    assert ask(path, raw=raw).text == seen


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_bare_prefix_is_redirected_relatively_with_its_query(method: str) -> None:
    answer = ask("/p/a1", method=method, query=b"token=x%20y")

    assert answer.status == 307
    assert answer.headers[b"location"] == b"./a1/?token=x%20y"


def test_a_post_to_the_bare_prefix_is_not_redirected() -> None:
    assert ask("/p/a1", method="POST").text == "/ /"


def test_without_a_prefix_everything_passes() -> None:
    assert call(PrefixMiddleware(an_echo, ""), "/p/a1", raw_path=b"/p/a1").text == "/p/a1 /p/a1"


def test_the_scope_of_the_server_is_not_changed() -> None:
    seen: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await an_echo(scope, receive, send)

    scope = {"type": "http", "method": "GET", "path": "/p/a1/x", "raw_path": b"/p/a1/x"}
    call(PrefixMiddleware(app, "/p/a1"), "", scope=scope)

    assert scope["path"] == "/p/a1/x"
    assert seen[0]["path"] == "/x"
