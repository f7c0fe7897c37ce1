"""The addresses of Studios: what stands behind them, and really started servers."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests

from deploy.wait import Clock
from tests.fakes.asking import Client
from tests.fakes.clock import FakeClock
from tests.fakes.platform import Link, Platform, Started, Stopping, Studio
from tests.fakes.server import Call, Reply, Server
from tests.fakes.sessions import LOGIN, LOGIN_PAGE, MISSING, NOT_READY, READY
from tests.running import wait_until


def ask(url: str) -> requests.Response:
    return requests.get(url, timeout=10, allow_redirects=False)


def test_a_studio_has_an_address_that_answers_while_it_runs(client: Client) -> None:
    id_ = client.created()
    url = client.get(f"/studios/{id_}")["studioUrl"]
    assert ask(f"{url}/studio/ready").status_code == 404
    client.clock.sleep(40)
    answer = ask(f"{url}/studio/ready")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    client("PUT", f"/studios/{id_}/stop")
    assert ask(f"{url}/studio/ready").status_code == 404


@pytest.mark.parametrize(
    ("page", "status", "kind"),
    [
        (READY, 200, "application/json"),
        (NOT_READY, 503, "application/json"),
        (LOGIN, 302, "application/json"),
        (LOGIN_PAGE, 200, "text/html"),
        (MISSING, 404, "text/html"),
    ],
)
def test_a_test_says_what_stands_behind_it(
    client: Client, page: str, status: int, kind: str
) -> None:
    studio = client.platform.add_studio("there")
    other = client.platform.add_studio("other")
    client.platform.sessions.pages[studio.id] = page
    answer = ask(f"{studio.url}/studio/ready")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)
    assert ask(f"{other.url}/studio/ready").status_code == 200


def test_it_answers_as_the_real_runtime_does(client: Client) -> None:
    # It stands on POSIX alone.
    readiness = pytest.importorskip("studio.readiness")
    studio = client.platform.add_studio("there")
    for page in (READY, NOT_READY):
        client.platform.sessions.usual = page
        assert readiness.Ready(**ask(f"{studio.url}/studio/ready").json()).ready == (page == READY)


class Backend(Server):
    """A started session: it tells what it was asked."""

    def now(self) -> float:
        return 0

    def answer(self, call: Call) -> Reply:
        told = {"target": call.target, "body": call.body.decode()}
        return Reply.of(told, 201, X_Own="yes")


@dataclass
class Sessions:
    """A runner whose sessions are one backend, and which can be made to wait, fail or die."""

    backend: Backend
    told: list[str] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)
    fails: bool = False
    dead: bool = False

    def start(self, studio: Studio, mounted: list[Link]) -> str:
        self.told.append(f"start {studio.name} {[link.name for link in mounted]}")
        assert self.go_on.wait(10)
        self.told.append("started")
        if self.fails:
            raise RuntimeError("no such image")
        return self.backend.url

    def stop(self, studio: Studio) -> None:
        self.told.append(f"stop {studio.name}")

    def runs(self, studio: Studio) -> bool:
        return not self.dead


@pytest.fixture
def real() -> Iterator[Client]:
    """A client of a Platform in real time, whose sessions are started servers."""
    with Backend() as backend, Platform(Clock(), runner=Sessions(backend)) as platform:
        platform.lives.usual_start = Started(starting_s=0)
        platform.lives.usual_stop = Stopping(0)
        platform.add_compute_env("aws-eu")
        yield Client(platform, FakeClock())


def reached(client: Client, id_: str, status: str) -> None:
    wait_until(lambda: client.status(id_) == status, 10)


def test_a_runner_starts_and_stops_what_the_address_leads_to(real: Client) -> None:
    runner = real.platform.lives.runner
    assert isinstance(runner, Sessions)
    link = real.platform.add_link("runs", "s3://acme/runs")
    id_ = real.created(configuration={"mountData": [link.id]})
    assert real.status(id_) == "starting"
    runner.go_on.set()
    reached(real, id_, "running")
    url = real.get(f"/studios/{id_}")["studioUrl"]
    answer = requests.post(f"{url}/api/x%2Fy?a=1&a=2", data="text", timeout=10)
    assert (answer.status_code, answer.headers["X-Own"]) == (201, "yes")
    assert answer.json() == {"target": "/api/x%2Fy?a=1&a=2", "body": "text"}
    real("PUT", f"/studios/{id_}/stop")
    reached(real, id_, "stopped")
    assert ask(url).status_code == 404
    assert runner.told == ["start mlflow ['runs']", "started", "stop mlflow"]


def test_a_stop_waits_for_the_start(real: Client) -> None:
    runner = real.platform.lives.runner
    assert isinstance(runner, Sessions)
    real.platform.book.start_protected_s = 0
    id_ = real.created()
    real("PUT", f"/studios/{id_}/stop")
    assert real.status(id_) == "stopping"
    runner.go_on.set()
    reached(real, id_, "stopped")
    assert runner.told == ["start mlflow []", "started", "stop mlflow"]


def test_a_stop_of_a_start_that_fails_has_nothing_to_stop(real: Client) -> None:
    runner = real.platform.lives.runner
    assert isinstance(runner, Sessions)
    real.platform.book.start_protected_s = 0
    runner.fails = True
    id_ = real.created()
    real("PUT", f"/studios/{id_}/stop")
    runner.go_on.set()
    reached(real, id_, "errored")
    real.platform.lives.settle()
    assert "stop mlflow" not in runner.told


def test_a_session_that_cannot_be_started_or_dies_is_errored(real: Client) -> None:
    runner = real.platform.lives.runner
    assert isinstance(runner, Sessions)
    runner.go_on.set()
    runner.fails = True
    id_ = real.created()
    reached(real, id_, "errored")
    assert real.get(f"/studios/{id_}")["statusInfo"]["message"] == "no such image"
    runner.fails = False
    real("PUT", f"/studios/{id_}/start", {})
    reached(real, id_, "running")
    runner.dead = True
    assert real.status(id_) == "errored"


def test_a_session_that_ends_by_itself_is_stopped_by_its_runner(real: Client) -> None:
    runner = real.platform.lives.runner
    assert isinstance(runner, Sessions)
    runner.go_on.set()
    real.platform.next_start = Started(starting_s=0, runs_s=0.3, stopping_s=0)
    id_ = real.created()
    reached(real, id_, "stopped")
    assert runner.told[-1] == "stop mlflow"
