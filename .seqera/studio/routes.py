"""The Studio's own pages: `/studio/health`, `/studio/ready` and `/studio/status`.

They stand before MLflow and outside its thread pool, so that they answer while it is busy.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from studio import readiness, status, status_page
from studio.middleware.asgi import App, Receive, Scope, Send
from studio.settings import Settings

_PATIENCE_S = 20.0
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


class StudioRoutes:
    """ASGI layer that answers below `/studio/` and passes everything else on."""

    def __init__(self, app: App, settings: Settings, mlflow_version: str) -> None:
        self.app = app
        self.settings = settings
        self.mlflow_version = mlflow_version
        self.looking: asyncio.Task[readiness.Ready] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/studio/"):
            await self.app(scope, receive, send)
            return
        answers: dict[str, Callable[[Scope], Any]] = {
            "/studio/health": self._health,
            "/studio/ready": self._ready,
            "/studio/status": self._status,
        }
        answer = answers.get(scope["path"])
        if answer is None:
            code, body = 404, {"error": "there is no such page"}
        elif scope["method"] not in ("GET", "HEAD"):
            code, body = 405, {"error": "only GET is answered here"}
        else:
            code, body = await answer(scope)
        await _reply(scope, send, code, body)

    async def _health(self, scope: Scope) -> tuple[int, object]:
        return 200, {"status": "ok"}

    async def _ready(self, scope: Scope) -> tuple[int, object]:
        # One look per process at a time, and `shared` makes it one for all processes.
        if self.looking is None or self.looking.done():
            self.looking = asyncio.create_task(asyncio.to_thread(self._look))
        try:
            answer = await asyncio.wait_for(asyncio.shield(self.looking), _PATIENCE_S)
        except TimeoutError:  # a mount may never answer; whoever asks shall be told
            silent = f"no answer within {_PATIENCE_S:g} s"
            answer = readiness.Ready(False, silent, silent, time.time())
        return (200 if answer.ready else 503), asdict(answer)

    def _look(self) -> readiness.Ready:
        run = status.run_folder(self.settings)
        if run is None:
            return readiness.check(os.environ)
        return readiness.shared(run, lambda: readiness.check(os.environ))

    async def _status(self, scope: Scope) -> tuple[int, object]:
        document = await asyncio.to_thread(
            status.collect, self.settings, os.environ, self.mlflow_version
        )
        if _wants_html(scope):
            return 200, status_page.render(document, time.time(), "../")
        return 200, document


def _wants_html(scope: Scope) -> bool:
    accept = next((v for k, v in scope["headers"] if k == b"accept"), b"")
    return b"text/html" in accept


async def _reply(scope: Scope, send: Send, code: int, content: object) -> None:
    html = isinstance(content, str)
    text = content if isinstance(content, str) else json.dumps(content)
    body = text.encode(errors="backslashreplace")  # names of files need not be text
    headers = [
        (b"content-type", b"text/html; charset=utf-8" if html else b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"vary", b"accept"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if html:
        headers.append((b"content-security-policy", _PAGE_POLICY.encode()))
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
