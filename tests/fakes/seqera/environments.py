"""The fake Platform's compute environments."""

from typing import Any

from tests.fakes.seqera import showing
from tests.fakes.seqera.house import NEWER, Asked, House, Route
from tests.fakes.seqera.records import ComputeEnv
from tests.fakes.server import Reply

# The shape of the ids, which are no numbers.
ID = "4g09tT4XW4JFUvTsiLzw{:02d}"


class Environments:
    """Compute environments of all workspaces."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.all: dict[str, ComputeEnv] = {}

    def routes(self) -> list[Route]:
        return [
            ("GET", "/compute-envs", self._list),
            ("GET", r"/compute-envs/([^/]+)", self._describe),
        ]

    def add(
        self,
        workspace: int | None,
        name: str,
        *,
        platform: str = "aws-batch",
        status: str = "AVAILABLE",
        region: str = "eu-west-1",
        work_dir: str = "s3://acme-work/dir",
        message: str | None = None,
        **config: Any,
    ) -> ComputeEnv:
        """Add one; further members are its `config`, by the Platform's own names."""
        usual: dict[str, Any] = {"discriminator": platform, "workDir": work_dir, "region": region}
        if platform == "aws-batch":
            usual["forge"] = {"type": "EC2", "allowBuckets": [], "fargateHeadEnabled": False}
        environment = ComputeEnv(
            *(ID.format(len(self.all) + 1), workspace, name, platform, status, region, work_dir),
            *({**usual, **config}, message),
        )
        self.all[environment.id] = environment
        return environment

    def row(self, environment: ComputeEnv) -> dict[str, Any]:
        kept = {
            "id": environment.id,
            "name": environment.name,
            "platform": environment.platform,
            "status": environment.status,
            "message": environment.message,
            "region": environment.region,
            "workDir": environment.work_dir,
            "primary": environment.primary,
            "waveEnabled": True,
            "fusion2Enabled": True,
        }
        return {**{name: value for name, value in kept.items() if value is not None}, **NEWER}

    def _in(self, asked: Asked) -> list[ComputeEnv]:
        return [each for each in self.all.values() if each.workspace == asked.workspace.id]

    def _list(self, asked: Asked) -> Reply:
        wished = asked.text("status")
        found = [each for each in self._in(asked) if wished in (None, each.status)]
        return Reply.exactly({"computeEnvs": [self._labelled(asked, each) for each in found]})

    def _labelled(self, asked: Asked, environment: ComputeEnv) -> dict[str, Any]:
        """Add what is told only when it is asked for."""
        if not asked.wishes("labels"):
            return self.row(environment)
        return {**self.row(environment), "labels": [showing.label(e) for e in environment.labels]}

    def _describe(self, asked: Asked) -> Reply:
        for each in self._in(asked):
            if each.id == asked.parts[0]:
                row = self._labelled(asked, each)
                only_listed = ("region", "workDir", "waveEnabled", "fusion2Enabled")
                known = {name: row[name] for name in row if name not in only_listed}
                return Reply.exactly({"computeEnv": {**known, "config": each.config}})
        # An environment that is not there is refused like one of somebody else.
        return Reply(403)
