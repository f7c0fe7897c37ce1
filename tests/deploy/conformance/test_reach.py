"""An engine whose sessions cannot be asked from here is refused before an image is blamed."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from deploy.conformance import reach
from deploy.docker.endpoint import Endpoint
from deploy.errors import ToolMissing
from deploy.wait import Clock

NEAR = Endpoint("unix:///var/run/docker.sock", "the default")


@pytest.mark.parametrize("address", ["tcp://build.example:2376", "ssh://me@build.example"])
def test_an_engine_on_another_machine_is_not_used(address: str) -> None:
    with pytest.raises(ToolMissing, match="is on another machine"):
        reach.require_near(Endpoint(address, "DOCKER_HOST"))


@pytest.mark.parametrize(
    "address",
    ["unix:///var/run/docker.sock", "npipe:////./pipe/docker_engine", "tcp://[::1]:2375"],
)
def test_an_engine_of_this_machine_is_used(address: str) -> None:
    reach.require_near(Endpoint(address, "DOCKER_HOST"))


@dataclass
class Engine:
    """A platform with one session, published at `port` until it ends; nobody waits in real time."""

    port: int | None
    runs_s: float = 1000
    passed_s: float = 0
    calls: list[str] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        return Clock(steady=lambda: self.passed_s, sleep=self._sleep)

    @property
    def running(self) -> bool:
        return self.passed_s < self.runs_s

    def session(self, *_: object) -> "Engine":
        return self

    def start(self) -> None:
        self.calls.append("start")

    def kill(self) -> None:
        self.calls.append("kill")

    def _sleep(self, seconds: float) -> None:
        self.passed_s += seconds


@pytest.fixture
def held() -> Iterator[socket.socket]:
    """A port of this machine that somebody holds, and answers nobody."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder


@pytest.mark.parametrize("answers", [True, False])
def test_a_port_that_the_engine_opens_here_is_seen_at_once(
    held: socket.socket, answers: bool
) -> None:
    if answers:
        held.listen()
    engine: Any = Engine(held.getsockname()[1])
    reach.require_published(engine, NEAR)
    assert engine.passed_s == 0
    assert engine.calls == ["start", "kill"]


def test_an_engine_whose_ports_are_open_elsewhere_is_refused_with_what_to_do(
    held: socket.socket,
) -> None:
    """As to a command in a container that has the socket of its own engine."""
    free = held.getsockname()[1]
    held.close()
    engine: Any = Engine(free)
    with pytest.raises(ToolMissing) as refused:
        reach.require_published(engine, NEAR)
    assert "engine at unix:///var/run/docker.sock (the default)" in str(refused.value)
    assert "docker run --network=host" in str(refused.value)
    assert 15 <= engine.passed_s < 16
    assert engine.calls == ["start", "kill"]


@pytest.mark.parametrize("runs_s", [0, 3])
def test_a_session_that_ends_too_soon_to_tell_is_left_to_the_checks(runs_s: float) -> None:
    engine: Any = Engine(None, runs_s)
    reach.require_published(engine, NEAR)
    assert engine.calls == ["start", "kill"]
