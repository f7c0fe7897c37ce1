"""How the fake Wave builds: pretended on the test's clock, or for real with a Docker engine."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes.clock import FakeClock
from tests.fakes.server import Call, Reply

LOG = "#1 [internal] load build definition\n#2 [1/2] FROM base\n#3 exporting to image\n"


@dataclass
class Build:
    """One build, over or not. A pretended one is over as soon as its time has come."""

    id: str
    image: str
    text: str
    platform: str
    began_at: float
    now: Callable[[], float]
    takes_s: float = 0
    fails_with: int = 0
    log: str = LOG

    @property
    def ended_at(self) -> float | None:
        end = self.began_at + self.takes_s
        return end if self.now() >= end else None

    @property
    def succeeded(self) -> bool | None:
        return None if self.ended_at is None else not self.fails_with

    @property
    def duration_s(self) -> float:
        return self.takes_s

    @property
    def exit_code(self) -> int:
        return self.fails_with


@dataclass
class Pretended:
    """Builds that take their time and then end as the test wants them to."""

    clock: FakeClock
    takes_s: float = 20
    fails_with: int = 0
    log: str = LOG

    def start(self, id_: str, image: str, text: str, sent: dict[str, Any]) -> Build:
        platform = sent.get("containerPlatform") or "linux/amd64"
        at = self.clock.now()
        return Build(
            *(id_, image, text, platform, at, self.clock.now),
            *(self.takes_s, self.fails_with, self.log),
        )

    def inspect(self, image: str, platform: str) -> dict[str, Any]:
        digest = hashlib.sha256(image.encode()).hexdigest()
        architecture = platform.partition("/")[2]
        return {
            "digest": f"sha256:{digest}",
            "config": {"architecture": architecture, "os": "linux"},
        }

    def pull(self, call: Call, image: str, what: str) -> Reply:
        return Reply.of({"schemaVersion": 2})
