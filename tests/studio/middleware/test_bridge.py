"""The bridge between the event loop and MLflow's Flask application."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from studio.middleware.asgi import Message
from studio.middleware.bridge import WHOLE, WSGI, Bridge, replace


class Exchange:
    """One request to a WSGI application through a bridge; what came out is in `sent`."""

    def __init__(self, app: WSGI, body: Sequence[bytes] = (b"",), **scope: Any) -> None:
        self.sent: list[Message] = []
        self.left = asyncio.Event()
        self._bridge = Bridge(app, threads=2)
        self._body = list(body)
        self._scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/api/2.0/mlflow/runs/search",
            "root_path": "",
            "query_string": b"max=5",
            "server": ("127.0.0.1", 8080),
            "client": ("127.0.0.1", 40000),
            "headers": [(b"host", b"localhost:8080"), (b"x-twice", b"1"), (b"x-twice", b"2")],
            **scope,
        }

    async def receive(self) -> Message:
        if not self._body:
            await self.left.wait()
            return {"type": "http.disconnect"}
        piece = self._body.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(self._body)}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def run(self) -> "Exchange":
        asyncio.run(self._bridge(self._scope, self.receive, self.send))
        return self

    @property
    def content(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


class Pieces:
    """An answer in pieces that notes which thread made each, and whether it was closed."""

    def __init__(self, pieces: Sequence[bytes], sized: bool = True) -> None:
        self.pieces, self.sized = list(pieces), sized
        self.threads: list[int] = []
        self.closed = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> "Pieces":
        length = [("Content-Length", str(sum(map(len, self.pieces))))] if self.sized else []
        start_response("200 OK", [("Content-Type", "text/plain"), *length])
        return self

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.threads.append(threading.get_ident())
            yield piece

    def close(self) -> None:
        self.closed += 1


def test_a_short_answer_is_one_message() -> None:
    app = Pieces([b"one ", b"two"])
    exchange = Exchange(app).run()
    assert [m["type"] for m in exchange.sent] == ["http.response.start", "http.response.body"]
    assert exchange.sent[0]["status"] == 200
    assert (b"content-length", b"7") in exchange.sent[0]["headers"]
    assert exchange.sent[1]["body"] == b"one two"
    assert app.closed == 1
    assert threading.get_ident() not in app.threads


def test_an_answer_without_a_length_is_sent_as_it_is_made() -> None:
    app = Pieces([b"event 1", b"event 2"], sized=False)
    exchange = Exchange(app).run()
    assert [m.get("body") for m in exchange.sent[1:]] == [b"event 1", b"event 2", b""]
    assert [m.get("more_body", False) for m in exchange.sent[1:]] == [True, True, False]
    assert app.closed == 1


def test_an_empty_answer_without_a_length_is_one_message() -> None:
    assert len(Exchange(Pieces([], sized=False)).run().sent) == 2


def test_a_long_answer_comes_in_larger_pieces_than_flask_makes() -> None:
    app = Pieces([bytes([number % 251]) * 8192 for number in range(300)])
    exchange = Exchange(app).run()
    assert exchange.content == b"".join(app.pieces)
    assert len(exchange.sent) < 20
    assert max(len(m.get("body", b"")) for m in exchange.sent) <= WHOLE
    assert app.closed == 1


def test_a_long_answer_is_made_no_faster_than_it_is_taken() -> None:
    app = Pieces([bytes(8192)] * 300)
    exchange = Exchange(app)
    made: list[int] = []

    async def send(message: Message) -> None:
        made.append(len(app.threads))

    exchange.send = send  # type: ignore[method-assign]
    exchange.run()
    assert made[1] == 1
    assert all(later - earlier <= 32 for earlier, later in itertools.pairwise(made))


def test_the_request_arrives_whole() -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        start_response("201 Created", [("Content-Length", "0")])
        return [b""]

    exchange = Exchange(app, [b"first ", b"second"]).run()
    assert exchange.sent[0]["status"] == 201
    assert seen["body"] == b"first second"
    assert seen["REQUEST_METHOD"] == "POST"
    assert seen["PATH_INFO"] == "/api/2.0/mlflow/runs/search"
    assert seen["QUERY_STRING"] == "max=5"
    assert seen["HTTP_X_TWICE"] == "1,2"


def test_a_client_that_leaves_during_its_request_starts_nothing() -> None:
    app = Pieces([b"answer"])
    exchange = Exchange(app, [])
    exchange.left.set()
    assert exchange.run().sent == []
    assert app.threads == []


def test_a_client_that_leaves_during_the_answer_ends_it() -> None:
    app = Pieces([bytes(8192)] * 300)
    exchange = Exchange(app)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            exchange.left.set()

    exchange.send = send  # type: ignore[method-assign]
    exchange.run()
    assert app.closed == 1
    assert len(app.threads) < 100


def test_an_answer_that_cannot_be_sent_ends() -> None:
    app = Pieces([bytes(8192)] * 300)
    exchange = Exchange(app)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise ConnectionResetError

    exchange.send = send  # type: ignore[method-assign]
    with pytest.raises(ConnectionResetError):
        exchange.run()
    assert app.closed == 1
    assert len(app.threads) == 1


def test_a_failure_before_the_answer_is_the_servers_to_report() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        raise ZeroDivisionError

    exchange = Exchange(app)
    with pytest.raises(ZeroDivisionError):
        exchange.run()
    assert exchange.sent == []


def test_a_web_socket_is_refused() -> None:
    exchange = Exchange(Pieces([]), type="websocket").run()
    assert exchange.sent == [{"type": "websocket.close", "code": 1000}]


def test_a_turn_is_held_while_flask_works_and_not_while_the_client_reads() -> None:
    story: list[str] = []

    @asynccontextmanager
    async def turn() -> AsyncIterator[None]:
        story.append("turn")
        yield
        story.append("over")

    exchange = Exchange(Pieces([b"a", b"b"], sized=False))
    exchange._bridge.turn = turn

    async def send(message: Message) -> None:
        story.append(message["type"].removeprefix("http.response."))

    exchange.send = send  # type: ignore[method-assign]
    exchange.run()
    assert story == ["turn", "over", "start", "body", "body", "body"]


def test_flask_keeps_its_context_while_it_streams() -> None:
    flask = pytest.importorskip("flask")
    app = flask.Flask("streaming")

    @app.post("/words")  # type: ignore[untyped-decorator]
    def words() -> Any:
        def made() -> Iterator[str]:
            for word in ("one", "two", "three"):
                yield f"{word} {flask.request.args['max']};"

        return app.response_class(flask.stream_with_context(made()), mimetype="text/plain")

    exchange = Exchange(app.wsgi_app, path="/words").run()
    assert exchange.sent[0]["status"] == 200
    assert exchange.content == b"one 5;two 5;three 5;"


def test_mlflows_bridge_is_where_it_is_replaced() -> None:
    class _EfficientWSGIMiddleware:
        app = "flask"

    class Route:
        app: object = _EfficientWSGIMiddleware()

    class Application:
        routes = (object(), Route())

    application: Any = Application()
    assert replace(application, lambda inner: ("ours", inner))  # type: ignore[arg-type, return-value]
    assert application.routes[1].app == ("ours", "flask")
    assert not replace(application, lambda inner: ("again", inner))  # type: ignore[arg-type, return-value]
