"""The Studio's own pages, without a server."""

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from studio import readiness, routes
from studio.middleware.asgi import App, Message
from studio.readiness import Ready
from studio.routes import StudioRoutes
from studio.settings import read


async def ask(app: App, path: str, method: str = "GET") -> tuple[int, dict[str, Any]]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "path": path, "method": method, "headers": []}, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
def pages(tmp_path: Path) -> StudioRoutes:
    async def nothing(*_: object) -> None:
        raise AssertionError("this was for MLflow")

    settings = read({"STUDIO_HOME": str(tmp_path)}, in_image=False, launched=False)
    return StudioRoutes(nothing, settings, "3.17.2")


def test_a_name_on_a_link_that_is_no_text_is_shown_nevertheless() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    name = os.fsdecode(b"/workspace/data/link/\xfcbung")
    asyncio.run(routes._reply({"type": "http", "method": "GET"}, send, 200, f"<b>{name}</b>"))
    assert b"bung" in sent[1]["body"]
    assert sent[0]["status"] == 200


def test_other_pages_and_other_methods_are_refused(pages: StudioRoutes) -> None:
    assert asyncio.run(ask(pages, "/studio/nothing"))[0] == 404
    assert asyncio.run(ask(pages, "/studio/health", "POST"))[0] == 405


def test_a_store_that_never_answers_is_told_and_asked_only_once(
    pages: StudioRoutes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_PATIENCE_S", 0.1)
    over, looks = threading.Event(), []

    def hang(_env: object) -> Ready:
        looks.append(1)
        over.wait(30)
        return Ready(True, "ok", "ok", 0.0)

    monkeypatch.setattr(readiness, "check", hang)

    async def story() -> None:
        for _ in range(2):
            code, answer = await ask(pages, "/studio/ready")
            assert (code, answer["artifacts"]) == (503, "no answer within 0.1 s")
        over.set()
        monkeypatch.setattr(routes, "_PATIENCE_S", 30)
        assert pages.looking is not None
        await pages.looking
        assert len(looks) == 1
        assert (await ask(pages, "/studio/ready"))[0] == 200

    asyncio.run(story())
