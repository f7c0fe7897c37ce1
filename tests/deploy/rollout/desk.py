"""A workspace in which Studios are deployed: planned and carried out as studioctl does it."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.planning import plan_text
from deploy.planning.desired import Desired
from deploy.planning.plan import Plan, decide
from deploy.rollout import Means, Outcome, carry_out, go_back
from deploy.seqera.explorer import Published
from deploy.seqera.models import Studio
from deploy.seqera.ways import Way
from deploy.web import Patience, Web
from tests.deploy.seqera.both import Both
from tests.fakes.clock import FakeClock
from tests.fakes.platform import Platform
from tests.fakes.server import Call, Reply

NAME = "mlflow"
OLD, NEW = "ghcr.io/acme/mlflow:1", "ghcr.io/acme/mlflow:2"
PATIENCE = Patience(connect_s=2, read_s=5, lost_s=20)


class Watched(Platform):
    """A Platform at whose n-th write, counted from 1, somebody presses Ctrl-C.

    `is_done` tells whether the write is done all the same; its answer is lost in any case.
    """

    at_write: int = 0
    is_done: bool = True
    written: int = 0
    hit: str = ""

    def answer(self, call: Call) -> Reply:
        if call.method == "GET" or not self.at_write:
            return super().answer(call)
        self.written += 1
        if self.written != self.at_write:
            return super().answer(call)
        self.hit = str(call)
        reply = super().answer(call) if self.is_done else Reply.error(400, "not done")
        until_it_waits()
        interrupted()
        return reply


# What is innermost in the main thread while it waits for a server, or for tw.
WAITING = {"readinto", "select", "wait", "join"}


def until_it_waits() -> None:
    """Return once the main thread waits for this answer.

    It may still be on its way there when the call has arrived, and a KeyboardInterrupt in the midst
    of http.client's `HTTPResponse.__init__` leaves an object whose own finalizer complains.
    """
    limit = time.monotonic() + 10
    while sys._current_frames()[threading.main_thread().ident or 0].f_code.co_name not in WAITING:
        assert time.monotonic() < limit, "the main thread does not wait for an answer"
        time.sleep(0.001)


def interrupted() -> None:
    """Ctrl-C: Python raises it in the main thread, where studioctl is."""
    signal.raise_signal(signal.SIGINT)


@dataclass
class Desk:
    """Someone who deploys, by one way or the other."""

    both: Both
    published: list[Published] | None = field(default_factory=list)
    via: str = "api"

    @property
    def platform(self) -> Watched:
        platform = self.both.platform
        assert isinstance(platform, Watched)
        return platform

    @property
    def clock(self) -> FakeClock:
        return self.both.clock

    def wish(self, **said: Any) -> Desired:
        return self.both.wish(name=NAME, **said)

    def read(self, name: str = NAME) -> Studio | None:
        return self.both.studios.named(name)

    def plan(self, desired: Desired) -> Plan:
        return decide(desired, self.read(desired.name))

    def means(self, desired: Desired | None = None, **more: Any) -> Means:
        def reach(base: str) -> Web:
            return Web(base, {}, clock=self.clock.clock, patience=PATIENCE)

        def replan() -> str:
            return "\n".join(plan_text.lines(self.plan(desired))) if desired else ""

        way: Way = self.both.tw() if self.via == "tw" else self.both.api
        return Means(
            self.both.studios,
            way,
            reach,
            self.clock.clock,
            published=lambda: self.published,
            replan=replan,
            **more,
        )

    def carry_out(self, plan: Plan, **more: Any) -> Outcome:
        return carry_out(plan, self.means(plan.desired, **more))

    def deploy(self, desired: Desired | None = None, **more: Any) -> Outcome:
        return self.carry_out(self.plan(desired or self.wish(image=NEW)), **more)

    def roll_back(self) -> Outcome:
        from deploy.planning import previous

        studios = self.both.studios
        (kept, *_) = previous.of(NAME, studios.all())
        return go_back(NAME, self.read(), studios.described(kept.id), self.means())

    def snapshot(self) -> dict[str, Any]:
        """What a user sees of the workspace: each Studio with all that makes it, and its status."""
        return {
            each.name: (
                each.id,
                self.platform.status(each.name),
                each.image,
                sorted((label.name, label.value) for label in each.labels),
                each.configuration,
            )
            for each in self.platform.studios.values()
        }


@contextlib.contextmanager
def a_workspace(folder: Path) -> Iterator[Desk]:
    clock = FakeClock()
    with Watched(clock) as platform:
        platform.add_compute_env("aws-eu")
        yield Desk(Both(platform, clock, folder, []))
