"""The UI's files, answered without MLflow."""

import asyncio
import gzip
from dataclasses import dataclass
from pathlib import Path

import brotli
import pytest

from studio import assets
from studio.middleware import static
from studio.middleware.asgi import Message, Receive, Scope, Send
from studio.middleware.static import StaticMiddleware

SCRIPT = "static/js/main.0123abcd.js"
LARGE = "static/js/2.89abcdef.chunk.js"
FILES = {
    "index.html": b"<!doctype html>" + b"<p>MLflow</p>" * 100,
    "manifest.json": b"{}",
    "lib/notebook-trace-renderer/index.html": b"<html></html>",
    SCRIPT: b"".join(b"function f%d(){return %d}\n" % (n, n) for n in range(5000)),
    LARGE: b"".join(b"%d;" % (n * n) for n in range(200_000)),
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    pieces: int


async def mlflow(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for MLflow: answers everything with 418."""
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"from MLflow"})


def ask(app: StaticMiddleware, path: str, method: str = "GET", **headers: str | None) -> Answer:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    lines = [
        (name.replace("_", "-").encode(), value.encode())
        for name, value in headers.items()
        if value is not None
    ]
    scope = {"type": "http", "method": method, "path": path, "headers": lines}
    asyncio.run(app(scope, receive, send))
    start, *bodies = sent
    names = [name.decode() for name, _ in start["headers"]]
    assert len(names) == len(set(names)), "a header is sent twice"
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    body = b"".join(message["body"] for message in bodies)
    return Answer(start["status"], found, body, len([m for m in bodies if m["body"]]))


@pytest.fixture(scope="module")
def a_bundle(tmp_path_factory: pytest.TempPathFactory) -> assets.Bundle:
    root = tmp_path_factory.mktemp("bundle")
    for name, content in FILES.items():
        (root / "mlflow" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "mlflow" / name).write_bytes(content)
    assets.build(root / "out", source=root / "mlflow", mlflow_version="9.9", quality=3)
    bundle = assets.load(root / "out", "9.9", root / "mlflow")
    assert bundle is not None
    return bundle


@pytest.fixture
def app(a_bundle: assets.Bundle) -> StaticMiddleware:
    return StaticMiddleware(mlflow, a_bundle)


@pytest.mark.parametrize("name", [SCRIPT, LARGE])
def test_the_smallest_accepted_encoding_is_sent(app: StaticMiddleware, name: str) -> None:
    path = f"/static-files/{name}"
    plain = ask(app, path)
    packed = ask(app, path, accept_encoding="gzip, deflate")
    smallest = ask(app, path, accept_encoding="gzip, deflate, br, zstd")
    assert plain.body == FILES[name]
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed.body) == FILES[name]
    assert packed.headers["content-encoding"] == "gzip"
    assert brotli.decompress(smallest.body) == FILES[name]
    assert smallest.headers["content-encoding"] == "br"
    for answer in (plain, packed, smallest):
        assert answer.status == 200
        assert answer.headers["content-length"] == str(len(answer.body))
        assert "Accept-Encoding" in answer.headers["vary"]
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_refused_encoding_is_not_sent(app: StaticMiddleware) -> None:
    answer = ask(app, f"/static-files/{SCRIPT}", accept_encoding="br;q=0, gzip;q=0, *")
    assert answer.body == FILES[SCRIPT]


def test_each_encoding_has_its_own_strong_etag(app: StaticMiddleware) -> None:
    accepts = (None, "gzip", "br")
    tags = [
        ask(app, f"/static-files/{SCRIPT}", accept_encoding=accept).headers["etag"]
        for accept in accepts
    ]
    assert len(set(tags)) == 3
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


def test_etags_depend_on_content_alone(app: StaticMiddleware, tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / "again" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "again" / name).write_bytes(content)
    assets.build(tmp_path / "out", source=tmp_path / "again", mlflow_version="10", quality=1)
    other = assets.load(tmp_path / "out", "10", tmp_path / "again")
    assert other is not None
    rebuilt = StaticMiddleware(mlflow, other)
    for accept in (None, "gzip", "br"):
        first, second = (
            ask(each, f"/static-files/{SCRIPT}", accept_encoding=accept) for each in (app, rebuilt)
        )
        assert first.headers["etag"] == second.headers["etag"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/static-files/{SCRIPT}", "public, max-age=31536000, immutable"),
        ("/static-files/manifest.json", "public, max-age=2419200"),
        ("/static-files/lib/notebook-trace-renderer/index.html", "public, max-age=2419200"),
        ("/", "no-cache"),
    ],
)
def test_only_hashed_names_are_immutable(app: StaticMiddleware, path: str, expected: str) -> None:
    assert ask(app, path).headers["cache-control"] == expected


def test_the_root_is_the_index_page(app: StaticMiddleware) -> None:
    answer = ask(app, "/", accept_encoding="br")
    assert brotli.decompress(answer.body) == FILES["index.html"]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("shape", ["{}", "W/{}", '"other", {}', '"a" ,W/{} , "b"', "*"])
def test_what_the_client_has_is_not_sent_again(app: StaticMiddleware, shape: str) -> None:
    path = f"/static-files/{SCRIPT}"
    first = ask(app, path, accept_encoding="br")
    again = ask(app, path, accept_encoding="br", if_none_match=shape.format(first.headers["etag"]))
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == first.headers["cache-control"]
    assert again.headers["vary"] == first.headers["vary"]
    assert "content-length" not in again.headers


@pytest.mark.parametrize("tag", ["", '"other"', "main", '"*"', ","])
def test_another_tag_gets_the_file(app: StaticMiddleware, tag: str) -> None:
    assert ask(app, f"/static-files/{SCRIPT}", if_none_match=tag).body == FILES[SCRIPT]


def test_the_tag_of_another_encoding_gets_the_file(app: StaticMiddleware) -> None:
    path = f"/static-files/{SCRIPT}"
    tag = ask(app, path, accept_encoding="br").headers["etag"]
    assert ask(app, path, accept_encoding="gzip", if_none_match=tag).status == 200


@pytest.mark.parametrize("accept", [None, "gzip", "br"])
def test_head_has_the_headers_of_get(app: StaticMiddleware, accept: str | None) -> None:
    path = f"/static-files/{SCRIPT}"
    head = ask(app, path, "HEAD", accept_encoding=accept)
    get = ask(app, path, accept_encoding=accept)
    assert head.body == b""
    assert (head.status, head.headers) == (get.status, get.headers)


def test_a_range_is_answered_whole(app: StaticMiddleware) -> None:
    answer = ask(app, f"/static-files/{SCRIPT}", range="bytes=0-9")
    assert (answer.status, answer.body) == (200, FILES[SCRIPT])


@pytest.mark.parametrize(
    "path",
    [
        "/static-files/../index.html",
        "/static-files/static/../index.html",
        "/static-files/static/js/../../index.html",
        "/static-files//etc/passwd",
        "/static-files//index.html",
        "/static-files/./index.html",
        "/static-files/..\\index.html",
        "/static-files/%2e%2e/index.html",
        "/static-files/..%2findex.html",
        "/static-files/index.html\0",
        "/static-files/index.html/",
        f"/static-files/{SCRIPT}.br",
        "/static-files/",
        "/static-files",
        "/index.html",
        "//",
        "",
        "/static-filesindex.html",
        "/static-files/nothing.js",
        "/api/2.0/mlflow/experiments/search",
    ],
)
def test_what_is_not_in_the_bundle_is_left_to_mlflow(app: StaticMiddleware, path: str) -> None:
    assert ask(app, path).status == 418


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
def test_other_methods_are_left_to_mlflow(app: StaticMiddleware, method: str) -> None:
    assert ask(app, "/", method).status == 418


def test_requests_with_an_origin_are_left_to_mlflow(app: StaticMiddleware) -> None:
    assert ask(app, "/", origin="https://a.example.com").status == 418


def test_other_protocols_are_left_to_mlflow(a_bundle: assets.Bundle) -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing() -> Message:
        return {}

    async def ignore(message: Message) -> None:
        pass

    asyncio.run(StaticMiddleware(app, a_bundle)({"type": "lifespan"}, nothing, ignore))
    asyncio.run(
        StaticMiddleware(app, a_bundle)({"type": "websocket", "path": "/"}, nothing, ignore)
    )
    assert seen == ["lifespan", "websocket"]


def test_large_files_are_sent_in_pieces_and_not_kept(app: StaticMiddleware) -> None:
    assert len(FILES[LARGE]) > static.CACHE_FILE
    answer = ask(app, f"/static-files/{LARGE}")
    assert answer.pieces == -(-len(FILES[LARGE]) // static.CHUNK)
    assert app.cache.total == 0


def test_the_memory_for_files_is_bounded(
    app: StaticMiddleware, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = len(FILES[SCRIPT]) + 10
    monkeypatch.setattr(static, "CACHE_TOTAL", total)
    for name in (SCRIPT, "index.html", SCRIPT, "manifest.json"):
        assert ask(app, f"/static-files/{name}").body == FILES[name]
        assert app.cache.total == sum(map(len, app.cache.entries.values())) <= total


@pytest.mark.parametrize("damage", ["gone", "shorter"])
@pytest.mark.parametrize("name", [SCRIPT, LARGE])
def test_a_file_that_changed_after_the_start_is_left_to_mlflow(
    name: str, damage: str, tmp_path: Path
) -> None:
    path = tmp_path / "source" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(FILES[name])
    assets.build(tmp_path, source=tmp_path / "source", mlflow_version="9.9", quality=1)
    bundle = assets.load(tmp_path, "9.9", tmp_path / "source")
    assert bundle is not None
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"short")
    assert ask(StaticMiddleware(mlflow, bundle), f"/static-files/{name}").status == 418
