"""A real browser: the system's Chromium, driven by Playwright, that notes whatever goes wrong."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Request,
    Response,
    sync_playwright,
)

from tests.needs import chromium

_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
VIEW = {"width": 1280, "height": 800}
PATIENCE_MS = 30_000


class Visit:
    """A page, and what went wrong on it. `hosts` are all that it asked anything of."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.start_over()

    def start_over(self) -> None:
        """Go on with an empty page and no history; Caddy's certificates are not verified."""
        self.problems: list[str] = []
        self.hosts: set[str] = set()
        for context in self._browser.contexts:
            context.close()
        context = self._browser.new_context(
            viewport=VIEW, ignore_https_errors=True, locale="en-GB", timezone_id="UTC"
        )
        context.set_default_timeout(PATIENCE_MS)
        self.page: Page = context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        self.page.on("request", lambda request: self.hosts.add(_host(request.url)))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    @property
    def disturbed(self) -> bool:
        """Whether the browser dropped its requests because this machine's interfaces changed."""
        return any("ERR_NETWORK_CHANGED" in problem for problem in self.problems)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _failed(self, request: Request) -> None:
        self.problems.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status}: {response.request.method} {response.url}")


@contextlib.contextmanager
def browsing() -> Iterator[Browser]:
    """A running browser that reaches nothing but this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(_ARGS))
        try:
            yield browser
        finally:
            browser.close()


def again_when_disturbed(test: Callable[..., None]) -> Callable[..., None]:
    """Repeat a test, in a folder of its own, when the machine's network changed under the browser.

    Chromium then drops all its requests, and every start and stop of a container is such a change.
    """

    @functools.wraps(test)
    def attempts(*, visit: Visit, tmp_path: Path, **fixtures: Any) -> None:
        for attempt in ("first", "second", "third"):
            visit.start_over()
            try:
                test(visit=visit, tmp_path=tmp_path / attempt, **fixtures)
            except (AssertionError, Error):
                if attempt == "third" or not visit.disturbed:
                    raise
            else:
                return

    return attempts


def _host(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc or parts.scheme
