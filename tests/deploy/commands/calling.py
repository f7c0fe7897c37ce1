"""Call studioctl in this process, on a clock that stands still, against a Platform on loopback."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from click.testing import Result
from typer.testing import CliRunner

from deploy.build import Options
from deploy.cli import app
from deploy.cli.world import World
from deploy.planning import making as planning
from deploy.web import Patience
from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN, ComputeEnv, Platform, Studio
from tests.fakes.server import Call

PATIENCE = Patience(connect_s=2, read_s=5, lost_s=20)
# Nothing listens there, which is known at once.
IMAGE = "127.0.0.1:9/acme/mlflow:1"
PROFILE: dict[str, Any] = {
    "name": "mlflow",
    "workspace": "Acme/ml",
    "compute-env": "aws-eu",
    "image": {"reference": IMAGE},
    "session": {"lifespan": "unlimited"},
    "data-links": [{"name": "runs", "writable": True}],
}


@dataclass
class User:
    """Someone in a folder with a profile, who calls studioctl."""

    platform: Platform
    clock: FakeClock
    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    is_terminal: bool = False

    def writes(self, **said: Any) -> None:
        """Write the profile; a key with None is left out."""
        content = {key: value for key, value in {**PROFILE, **said}.items() if value is not None}
        (self.folder / "studio.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def calls(self, *words: str, typed: str | None = None) -> Result:
        self.platform.calls.clear()
        return CliRunner().invoke(
            app,
            list(words),
            env=self._env(),
            input=typed,
            obj=World(self.clock.clock, PATIENCE, lambda: self.is_terminal),
        )

    def made(self, **said: Any) -> Studio:
        """Give the Studio that the profile asks for, as a deploy has made it an hour ago."""
        self.writes(**said)
        given = {**os.environ, **self._env()}
        options = Options(clock=self.clock.clock, patience=PATIENCE)
        planned = planning.prepare(planning.Request(via="api"), options, given, build_it=True)
        desired, studios = planned.plan.desired, planned.studios
        body = desired.create_body(studios.label_ids(desired.all_labels))
        studio = studios.create(body, auto_start=desired.auto_start)
        self.clock.sleep(3600)
        return self.platform.studios[studio.id]

    def _env(self) -> dict[str, str]:
        return {
            "TOWER_ACCESS_TOKEN": TOKEN,
            "TOWER_API_ENDPOINT": self.platform.endpoint,
            "XDG_STATE_HOME": str(self.folder.parent / "state"),
            "XDG_CACHE_HOME": str(self.folder.parent / "cache"),
            "PATH": os.defpath,
            **self.env,
        }

    @property
    def compute_env(self) -> ComputeEnv:
        """The only compute environment."""
        (only,) = self.platform.environments.all.values()
        return only

    @property
    def written(self) -> list[Call]:
        """The calls of the last command that were to change something."""
        return self.platform.writes()
