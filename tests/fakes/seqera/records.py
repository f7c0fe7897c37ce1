"""What the fake Platform keeps: plain values that a test may read and change."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.seqera import life

ADMINS = frozenset({"owner", "admin"})
WRITERS = ADMINS | {"maintain"}


@dataclass
class Workspace:
    """A workspace; `roles` are those of whoever asks. The user's own has no number."""

    id: int | None
    organization: str
    name: str
    registries: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=lambda: ["maintain"])
    # The workspace's settings for Studios: 0 is without a limit, None is not set.
    lifespan_h: int | None = None
    container_repository: str | None = None
    private_by_default: bool = False

    @property
    def writable(self) -> bool:
        return bool(WRITERS & set(self.roles))

    @property
    def administrable(self) -> bool:
        return bool(ADMINS & set(self.roles))


@dataclass
class Label:
    id: int
    workspace: int | None
    name: str
    value: str | None
    resource: bool = True
    created_at: float = 0


@dataclass
class ComputeEnv:
    """A compute environment; `config` is what describe adds, by the Platform's own names."""

    id: str
    workspace: int | None
    name: str
    platform: str
    status: str
    region: str
    work_dir: str
    config: dict[str, Any]
    message: str | None = None
    labels: list[Label] = field(default_factory=list)
    primary: bool = False


@dataclass
class Link:
    """A data link; `folder` holds its content."""

    id: str
    workspace: int | None
    name: str
    uri: str
    folder: Path | None = None
    provider: str = "aws"
    region: str = "eu-west-1"
    status: str = "VALID"
    message: str | None = None
    hidden: bool = False


@dataclass
class Checkpoint:
    """What is kept of one session's disk, from its start on."""

    id: int
    name: str
    began_at: float


@dataclass
class Studio:
    """A Studio, with the script of its life since the last act."""

    id: str
    workspace: int | None
    name: str
    image: str
    compute_env: ComputeEnv
    configuration: dict[str, Any]
    created_at: float
    acted_at: float
    script: life.Script = field(default_factory=life.NeverStarted)
    description: str | None = None
    private: bool = False
    spot: bool | None = None
    labels: list[Label] = field(default_factory=list)
    allowed: list[int] = field(default_factory=list)
    remote: dict[str, Any] | None = None
    checkpoints: list[Checkpoint] = field(default_factory=list)
    parent: dict[str, Any] | None = None
    changed_at: float = 0
    started_at: float | None = None
    extended_s: float = 0
    # The session's address for people, and where a runner's real one answers once it does.
    url: str = ""
    address: str | None = None
    in_runner: bool = False
    ending: bool = False

    @property
    def mounts(self) -> list[dict[str, Any]]:
        """What is mounted, as the newer of the two members for it says it."""
        newer = self.configuration.get("mountDataV2")
        if newer is not None:
            return list(newer)
        return [{"dataLinkId": id_} for id_ in mounted_ids(self.configuration)]

    @property
    def environment(self) -> dict[str, str]:
        return dict(self.configuration.get("environment") or {})


def mounted_ids(configuration: dict[str, Any]) -> list[str]:
    """List the links of a configuration; the older member is only looked at without the newer."""
    newer = configuration.get("mountDataV2")
    if newer is None:
        return list(configuration.get("mountData") or [])
    return [mount["dataLinkId"] for mount in newer]
