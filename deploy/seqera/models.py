"""What the Platform says of Studios, and of what they need, as values.

Written after the Platform's OpenAPI description, release 1.187. Members that are not known are
passed over, and words that are not known are kept as they are: a Platform may be newer than this.
The environment of a Studio may hold secrets, so no value shows it by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Self

from deploy.seqera import members
from deploy.seqera.members import Document
from deploy.seqera.workspaces import ComputeEnv, Label, Link, Surroundings

__all__ = [
    "IDLE",
    "TERMINAL",
    "UNDER_WAY",
    "ComputeEnv",
    "Configuration",
    "Label",
    "Link",
    "Mount",
    "Status",
    "Step",
    "Studio",
    "Surroundings",
]

Status = Literal["starting", "running", "stopping", "stopped", "errored", "building", "buildFailed"]
# Nothing more comes by itself after these.
TERMINAL: frozenset[str] = frozenset({"running", "stopped", "errored", "buildFailed"})
# A Studio can be edited, started and deleted in these only.
IDLE: frozenset[str] = frozenset({"stopped", "errored", "buildFailed"})
# Of these a session comes by itself; `stopping` has to end first.
UNDER_WAY: frozenset[str] = frozenset({"running", "starting", "building"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a start, as the Platform's page shows it.

    `status` is pending, in-progress, succeeded or errored.
    """

    message: str
    status: str
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, document: Document) -> Self:
        """Read one of `progress`."""
        return cls(
            members.text(document, "message") or "",
            members.text(document, "status") or "",
            members.words(document, "warnings"),
        )


@dataclass(frozen=True, slots=True)
class Mount:
    """A data link that a Studio mounts, by its id, and which folder of it."""

    id: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a session gets: memory in MiB, 0 leaves a resource to the compute environment.

    `lifespan_h` is in hours, 0 without a limit; None where nothing was said.
    """

    cpu: int = 0
    memory: int = 0
    gpu: int = 0
    lifespan_h: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    mounts: tuple[Mount, ...] = ()
    ssh: bool | None = None
    conda: str | None = None

    @classmethod
    def from_json(cls, document: Document) -> Self:
        """Read `configuration`; an older Platform knows the ids of the mounts only."""
        variables = members.part(document, "environment")
        mounts = [
            Mount(members.key(row, "dataLinkId"), members.text(row, "path"))
            for row in members.rows(document, "mountDataV2")
        ] or [Mount(id_) for id_ in members.words(document, "mountData")]
        return cls(
            cpu=members.number(document, "cpu") or 0,
            memory=members.number(document, "memory") or 0,
            gpu=members.number(document, "gpu") or 0,
            lifespan_h=members.number(document, "lifespanHours"),
            environment={name: str(value) for name, value in variables.items()},
            mounts=tuple(mounts),
            ssh=members.flag(document, "sshEnabled"),
            conda=members.text(document, "condaEnvironment"),
        )


@dataclass(frozen=True, slots=True)
class Studio:
    """A Studio as the Platform has it; times are in seconds since 1970.

    An entry of a list knows less than a description: no configuration, no progress, no mounted
    links.
    """

    id: str
    name: str
    description: str | None = None
    url: str | None = None
    status: Status | str = ""
    message: str | None = None
    stop_reason: str | None = None
    status_at: float | None = None
    image: str = ""
    compute_env_id: str = ""
    compute_env_name: str = ""
    configuration: Configuration | None = None
    private: bool = False
    labels: tuple[Label, ...] = ()
    progress: tuple[Step, ...] = ()
    build_url: str | None = None
    effective_lifespan_h: int | None = None
    mounted: tuple[Link, ...] = ()
    last_started: float | None = None
    last_updated: float | None = None
    creator: str | None = None

    @classmethod
    def from_json(cls, document: Document) -> Self:
        """Read a Studio, from a list or from its description."""
        status = members.part(document, "statusInfo")
        compute_env = members.part(document, "computeEnv")
        configuration = members.part(document, "configuration")
        return cls(
            id=members.key(document, "sessionId"),
            name=members.text(document, "name") or "",
            description=members.text(document, "description"),
            url=members.text(document, "studioUrl"),
            status=members.text(status, "status") or "",
            message=members.text(status, "message"),
            stop_reason=members.text(status, "stopReason"),
            status_at=members.time(status, "lastUpdate"),
            image=members.text(members.part(document, "template"), "repository") or "",
            compute_env_id=members.key(compute_env, "id"),
            compute_env_name=members.text(compute_env, "name") or "",
            configuration=Configuration.from_json(configuration) if configuration else None,
            private=members.flag(document, "isPrivate") or False,
            labels=tuple(map(Label.from_json, members.rows(document, "labels"))),
            progress=tuple(map(Step.from_json, members.rows(document, "progress"))),
            build_url=members.text(document, "waveBuildUrl"),
            effective_lifespan_h=members.number(document, "effectiveLifespanHours"),
            mounted=tuple(map(Link.from_json, members.rows(document, "mountedDataLinks"))),
            last_started=members.time(document, "lastStarted"),
            last_updated=members.time(document, "lastUpdated"),
            creator=members.text(members.part(document, "user"), "userName"),
        )

    @property
    def idle(self) -> bool:
        """Tell whether it can be edited, started and deleted now."""
        return self.status in IDLE

    @property
    def terminal(self) -> bool:
        """Tell whether its status stays until somebody does something."""
        return self.status in TERMINAL

    def label(self, name: str) -> str | None:
        """Give the value of one of its labels."""
        return next((label.value for label in self.labels if label.name == name), None)
