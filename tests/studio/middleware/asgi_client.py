"""Call an ASGI application in this process, with a scope made by hand."""

import asyncio
from dataclasses import dataclass
from typing import Any

from studio.middleware.asgi import App, Message


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    lines: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.lines)

    @property
    def text(self) -> str:
        return self.body.decode()


def call(app: App, path: str, *, scope: dict[str, Any] | None = None, **fields: Any) -> Answer:
    """The answer to one request without a body; `fields` go into the scope as they are."""
    made: dict[str, Any] = scope or {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 40000),
        "scheme": "http",
        **fields,
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(_run(app, made, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], [(name, value) for name, value in sent[0]["headers"]], body)


async def _run(app: App, scope: dict[str, Any], receive: Any, send: Any) -> None:
    await app(scope, receive, send)
