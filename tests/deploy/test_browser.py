"""The helper of `up --open`: it opens the page once, when the Studio is ready, and always ends."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deploy import browser


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Starting(BaseHTTPRequestHandler):
    """A Studio that answers 503 twice, then 200; elsewhere it has no pages."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        ready = self.path == "/a/studio/ready" and self.asked > 2
        self.send_response(200 if ready else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def a_starting_studio() -> Iterator[str]:
    Starting.asked = 0
    with HTTPServer(("127.0.0.1", 0), Starting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/a"
        server.shutdown()
        thread.join()


def test_the_page_is_opened_once_when_the_studio_is_ready(
    a_starting_studio: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(browser, "PAUSE_S", 0.01)
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    browser.main(a_starting_studio)
    assert opened == [a_starting_studio + "/"]
    assert Starting.asked == 3


def test_nothing_listens_yet_is_not_ready(free_port: int) -> None:
    assert not browser.is_ready(f"http://127.0.0.1:{free_port}")


def test_it_gives_up_after_its_limit() -> None:
    clock = Clock()
    assert not browser.wait(lambda: False, lambda: True, lambda: clock.now, clock.sleep)
    assert browser.LIMIT_S <= clock.now < browser.LIMIT_S + 1


def test_it_ends_with_the_server_that_it_waits_for() -> None:
    clock = Clock()
    assert not browser.wait(lambda: False, lambda: clock.now < 1, lambda: clock.now, clock.sleep)
    assert clock.now < 2
