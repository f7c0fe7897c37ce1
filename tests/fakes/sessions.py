"""A Connect on loopback: the addresses of running Studios, each at `/a<session id>` of one server.

The real one has a host for each session; a path needs no name to be resolved. What stands behind
an address is what a test says in `pages`, or a really started server that is passed on to.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests

from tests.fakes.server import Call, Reply, Server

READY, NOT_READY, LOGIN, LOGIN_PAGE, MISSING = "ready", "not ready", "login", "page", "missing"
LOGIN_URL = "https://cloud.example.com/login?redirect=studio"
HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "content-length", "content-encoding"})


@dataclass(frozen=True)
class Standing:
    """How a Studio is now, and where its real session answers if it has one."""

    status: str
    address: str | None = None


class Sessions(Server):
    """Serves `/a<id>/…`. `usual` is what a running Studio answers, `pages` by session's id."""

    def __init__(self, standing: Callable[[str], Standing | None]) -> None:
        super().__init__()
        self.standing = standing
        self.usual = READY
        self.pages: dict[str, str] = {}

    def url_of(self, id_: str) -> str:
        return f"{self.url}/a{id_}"

    def now(self) -> float:
        return time.time()

    def answer(self, call: Call) -> Reply:
        first, _, path = call.path.removeprefix("/").partition("/")
        standing = self.standing(first.removeprefix("a"))
        page = self.pages.get(first.removeprefix("a"), self.usual)
        if standing is None or standing.status != "running" or page == MISSING:
            return Reply.page(404, b"<!DOCTYPE html><title>Not found</title>")
        if standing.address:
            return passed_on(call, standing.address + call.target.removeprefix(f"/{first}"))
        if page == LOGIN:
            return Reply(302, headers={"Location": LOGIN_URL})
        if page == LOGIN_PAGE:
            return Reply.page(200, b"<!DOCTYPE html><title>Sign in to Seqera</title>")
        if path != "studio/ready":
            return Reply.page(200, b"<!DOCTYPE html><title>MLflow</title>")
        ready = page == READY
        document = {
            "ready": ready,
            "database": "ok" if ready else "OperationalError: unable to open database file",
            "artifacts": "ok",
            "checked_at": self.now(),
        }
        return Reply(200 if ready else 503, json.dumps(document).encode())


def passed_on(call: Call, url: str) -> Reply:
    """Let a real server answer."""
    headers = {name: value for name, value in call.headers.items() if name.lower() != "connection"}
    answer = requests.request(
        call.method,
        url,
        headers=headers,
        data=call.body,
        allow_redirects=False,
        timeout=60,
    )
    kept = {n: v for n, v in answer.headers.items() if n.lower() not in HOP_BY_HOP}
    kind = kept.pop("Content-Type", "application/octet-stream")
    return Reply(answer.status_code, answer.content, kind, kept)
