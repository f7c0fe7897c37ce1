"""A Platform, a fake tw, and the Studio that both ways are to make there."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploy import process
from deploy.planning.desired import Desired
from deploy.process import Command, Outcome
from deploy.secret import Secret
from deploy.seqera import tw as tw_command
from deploy.seqera.models import ComputeEnv, Link
from deploy.seqera.studios import Studios
from deploy.seqera.tw import Tw
from deploy.seqera.ways import ApiWay, TwWay, Way
from deploy.web import Patience, Web
from tests.deploy.wishes import wish
from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.tw.installed import NEWEST, Installed, install

WORKSPACE = 71
PLANTED = "planted-secret-51c4e0"


@dataclass
class Both:
    """The two ways to the same workspace."""

    platform: Platform
    clock: FakeClock
    folder: Path
    said: list[str]

    @property
    def studios(self) -> Studios:
        patience = Patience(connect_s=2, read_s=5)
        web = Web(
            *(self.platform.endpoint, {}),
            bearer=Secret(TOKEN),
            clock=self.clock.clock,
            patience=patience,
            explain=self.said.append,
        )
        return Studios(web, WORKSPACE)

    @property
    def api(self) -> ApiWay:
        return ApiWay(self.studios)

    def installed(self, version: str = NEWEST) -> Installed:
        return install(self.folder / f"tw-{version}", version)

    def tw(self, version: str = NEWEST, **env: str) -> TwWay:
        # It is not started for its version: that takes as long as a call.
        said = Outcome(0, f"Tower CLI version {version}")
        found = self.look(self.installed(version), lambda *_: said, **env)
        assert isinstance(found, Tw)
        return TwWay(found, self.studios, self.said.append)

    def look(
        self,
        installed: Installed,
        ask: Callable[[Command, float], Outcome] = process.ask,
        **env: str,
    ) -> Tw | tw_command.Missing:
        path = os.pathsep.join((str(installed.folder), os.environ["PATH"]))
        given = {"PATH": path, "PLANTED_PASSWORD": PLANTED, **env}
        return tw_command.look(given, self.platform.endpoint, Secret(TOKEN), ask)

    def wish(self, **said: Any) -> Desired:
        """A Studio that this Platform can make: its environment and links are there."""
        (environment,) = self.platform.environments.all.values()
        there = ComputeEnv(environment.id, environment.name, "aws-batch", "AVAILABLE")
        desired = wish(**{"compute_env": there, "mounts": (), "description": None, **said})
        mounts = [replace(link, id=self.link(link)) for link in desired.mounts]
        return replace(desired, mounts=tuple(mounts))

    def link(self, link: Link) -> str:
        known = {each.name: each.id for each in self.platform.links.all.values()}
        return known.get(link.name) or self.platform.add_link(link.name, link.uri).id

    def create(self, way: Way, desired: Desired) -> str:
        return way.create(desired, desired.all_labels)


@contextlib.contextmanager
def both_ways(folder: Path) -> Iterator[Both]:
    clock = FakeClock()
    with Platform(clock) as platform:
        platform.add_compute_env("aws-eu")
        yield Both(platform, clock, folder, [])
