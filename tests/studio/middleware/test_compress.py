"""JSON answers, compressed."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from studio.middleware.asgi import Message, Receive, Scope, Send
from studio.middleware.compress import CompressMiddleware

SEARCH = "/api/2.0/mlflow/runs/search"
JSON = ("content-type", "application/json")
DOCUMENT = json.dumps([{"run": n, "metric": "loss"} for n in range(500)]).encode()


class Exchange:
    """One request to an application that sends `pieces`; what came out is in `sent`."""

    def __init__(
        self,
        pieces: Sequence[bytes] = (DOCUMENT,),
        *,
        path: str = SEARCH,
        method: str = "GET",
        status: int = 200,
        request: Sequence[tuple[str, str]] = (("accept-encoding", "gzip, br"),),
        response: Sequence[tuple[str, str]] = (JSON,),
        has_length: bool = True,
        bridge: bool = False,
    ) -> None:
        self.sent: list[Message] = []
        self.sent_after: list[int] = []
        headers = [(n.encode(), v.encode()) for n, v in response]
        if has_length:
            headers.append((b"content-length", str(sum(map(len, pieces))).encode()))

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            for index, piece in enumerate(pieces):
                last = index == len(pieces) - 1 and not bridge
                await send({"type": "http.response.body", "body": piece, "more_body": not last})
                self.sent_after.append(len(self.sent))
            if bridge:  # how Starlette's WSGI bridge ends an answer
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        async def send(message: Message) -> None:
            self.sent.append(message)

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(n.encode(), v.encode()) for n, v in request],
        }
        asyncio.run(CompressMiddleware(app)(scope, receive, send))

    @property
    def headers(self) -> dict[str, str]:
        lines = [(n.decode(), v.decode()) for n, v in self.sent[0]["headers"]]
        assert len(lines) == len(dict(lines)), "a header is sent twice"
        return dict(lines)

    @property
    def pieces(self) -> list[bytes]:
        return [message["body"] for message in self.sent[1:]]

    @property
    def body(self) -> bytes:
        assert self.sent[-1].get("more_body", False) is False
        return b"".join(self.pieces)

    @property
    def is_compressed(self) -> bool:
        return self.headers.get("content-encoding") == "gzip"


@pytest.mark.parametrize("bridge", [False, True])
def test_a_json_answer_is_compressed(bridge: bool) -> None:
    answer = Exchange(bridge=bridge)
    assert answer.is_compressed
    assert gzip.decompress(answer.body) == DOCUMENT
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["vary"] == "Accept-Encoding"
    assert len(answer.body) < len(DOCUMENT) / 5


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_the_media_type_may_have_parameters(media_type: str) -> None:
    assert Exchange(response=[("content-type", media_type)]).is_compressed


def test_an_answer_in_pieces_is_not_held_back() -> None:
    pieces = [b'{"a": 1}\n', b'{"b": 2}\n', b'{"c": 3}\n']
    answer = Exchange(pieces, has_length=False, bridge=True)
    assert answer.is_compressed
    assert "content-length" not in answer.headers
    assert answer.sent_after == [2, 3, 4]
    unpacker = zlib.decompressobj(31)
    assert [unpacker.decompress(piece) for piece in answer.pieces] == [*pieces, b""]
    assert unpacker.eof


def test_an_answer_of_known_length_in_pieces_is_compressed() -> None:
    answer = Exchange([DOCUMENT, DOCUMENT, DOCUMENT])
    assert gzip.decompress(answer.body) == DOCUMENT * 3
    assert "content-length" not in answer.headers


def test_an_empty_first_piece_decides_nothing() -> None:
    assert gzip.decompress(Exchange([b"", DOCUMENT], bridge=True).body) == DOCUMENT


@pytest.mark.parametrize("bridge", [False, True])
@pytest.mark.parametrize("size", [0, 1, 1023])
def test_small_answers_stay_as_they_are(size: int, bridge: bool) -> None:
    answer = Exchange([b"1" * size], bridge=bridge)
    assert not answer.is_compressed
    assert answer.body == b"1" * size
    assert answer.headers["content-length"] == str(size)


def test_small_answers_in_pieces_of_known_length_stay_as_they_are() -> None:
    answer = Exchange([b"1" * 500, b"2" * 500])
    assert not answer.is_compressed
    assert answer.pieces == [b"1" * 500, b"2" * 500]


def test_1024_bytes_are_compressed() -> None:
    assert Exchange([b"1" * 1024]).is_compressed


@pytest.mark.parametrize("accept", ["", "br", "gzip;q=0", "gzip;q=0, *", "identity, gzip;q=0.5"])
def test_clients_without_gzip_get_the_answer_as_it_is(accept: str) -> None:
    answer = Exchange(request=[("accept-encoding", accept)])
    assert not answer.is_compressed
    assert answer.body == DOCUMENT
    assert answer.headers["content-length"] == str(len(DOCUMENT))
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "media_type",
    ["text/event-stream", "text/plain", "application/octet-stream", "application/json-seq", ""],
)
def test_other_media_types_pass_untouched(media_type: str) -> None:
    answer = Exchange(
        [DOCUMENT, DOCUMENT], response=[("content-type", media_type)], has_length=False
    )
    assert answer.pieces == [DOCUMENT, DOCUMENT]
    assert answer.headers == {"content-type": media_type}


@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/mlflow-artifacts/artifacts",
        "/api/2.0/mlflow-artifacts/artifacts/1/model/MLmodel.json",
        "/ajax-api/2.0/mlflow-artifacts/artifacts/1/a.json",
        "/get-artifact",
        "/model-versions/get-artifact",
        "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files",
    ],
)
def test_artifacts_pass_untouched(path: str) -> None:
    answer = Exchange(path=path)
    assert answer.pieces == [DOCUMENT]
    assert answer.headers == {"content-type": JSON[1], "content-length": str(len(DOCUMENT))}


@pytest.mark.parametrize("status", [204, 206, 304])
def test_answers_without_a_whole_body_pass_untouched(status: int) -> None:
    assert Exchange(status=status).pieces == [DOCUMENT]


@pytest.mark.parametrize("status", [400, 404, 500])
def test_errors_are_compressed_like_other_answers(status: int) -> None:
    answer = Exchange(status=status)
    assert answer.sent[0]["status"] == status
    assert answer.is_compressed


@pytest.mark.parametrize(
    "extra",
    [
        ("content-encoding", "br"),
        ("content-range", "bytes 0-9/10"),
        ("cache-control", "private, no-transform"),
    ],
)
def test_what_must_not_be_transformed_is_not(extra: tuple[str, str]) -> None:
    answer = Exchange(response=[JSON, extra])
    assert answer.pieces == [DOCUMENT]
    assert answer.headers[extra[0]] == extra[1]


def test_a_range_request_passes_untouched() -> None:
    request = [("accept-encoding", "gzip"), ("range", "bytes=0-")]
    assert Exchange(request=request).pieces == [DOCUMENT]


def test_head_passes_untouched() -> None:
    answer = Exchange([b""], method="HEAD", response=[JSON, ("etag", '"a"')])
    assert answer.headers["etag"] == '"a"'
    assert not answer.is_compressed


@pytest.mark.parametrize(("tag", "expected"), [('"a"', 'W/"a"'), ('W/"a"', 'W/"a"')])
def test_a_compressed_answer_has_a_weak_etag(tag: str, expected: str) -> None:
    assert Exchange(response=[JSON, ("etag", tag)]).headers["etag"] == expected


@pytest.mark.parametrize("bridge", [False, True])
@pytest.mark.parametrize(("size", "calls"), [(100_000, 0), (300_000, 1)])
def test_large_answers_are_compressed_off_the_event_loop(
    size: int, calls: int, bridge: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    to_thread = asyncio.to_thread

    async def counting(work: Callable[..., bytes], *args: Any) -> bytes:
        seen.append(1)
        return await to_thread(work, *args)

    monkeypatch.setattr(asyncio, "to_thread", counting)
    answer = Exchange([b"7" * size], bridge=bridge)
    assert gzip.decompress(answer.body) == b"7" * size
    assert len(seen) == calls
