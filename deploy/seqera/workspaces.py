"""What a workspace has, as values: labels, data links, compute environments.

Like all values of the Platform they are exported by `models`, which has the rules of reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from deploy import formats
from deploy.seqera import members
from deploy.seqera.members import Document


@dataclass(frozen=True, slots=True)
class Label:
    """A label; a resource label has a value."""

    id: int
    name: str
    value: str | None = None

    @classmethod
    def from_json(cls, document: Document) -> Self:
        """Read one of `labels`."""
        return cls(
            members.number(document, "id") or 0,
            members.text(document, "name") or "",
            members.text(document, "value"),
        )


@dataclass(frozen=True, slots=True)
class Link:
    """A data link. `uri` is its bucket or folder, such as `s3://bucket/path`."""

    id: str
    name: str
    uri: str
    status: str | None = None
    message: str | None = None
    hidden: bool = False

    @classmethod
    def from_json(cls, document: Document) -> Self:
        """Read one of `dataLinks` or `mountedDataLinks`."""
        return cls(
            id=members.key(document, "id"),
            name=members.text(document, "name") or "",
            uri=members.text(document, "resourceRef") or "",
            status=members.text(document, "status"),
            message=members.text(document, "message"),
            hidden=members.flag(document, "hidden") or False,
        )


@dataclass(frozen=True, slots=True)
class ComputeEnv:
    """A compute environment; `config` is the Platform's own document, for the checks alone.

    An entry of a list has no configuration.
    """

    id: str
    name: str
    platform: str = ""
    status: str = ""
    message: str | None = None
    work_dir: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    labels: tuple[Label, ...] = ()
    primary: bool = False

    @classmethod
    def from_json(cls, document: Document) -> Self:
        """Read a compute environment, from a list or from its description."""
        config = members.part(document, "config")
        return cls(
            id=members.key(document, "id"),
            name=members.text(document, "name") or "",
            platform=members.text(document, "platform") or "",
            status=members.text(document, "status") or "",
            message=members.text(document, "message"),
            work_dir=members.text(document, "workDir") or members.text(config, "workDir"),
            config=config,
            labels=tuple(map(Label.from_json, members.rows(document, "labels"))),
            primary=members.flag(document, "primary") or False,
        )

    @property
    def machines(self) -> formats.Platform:
        """What an image has to be built for: ARM only where the configuration says so."""
        places = (self.config, members.part(self.config, "forge"))
        is_arm = any(members.flag(place, "arm64Enabled") for place in places)
        return "linux/arm64" if is_arm else formats.DEFAULT_PLATFORM


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Who asks, and the workspace that is meant; without one it is the user's own.

    `lifespan_h` is the workspace's setting in hours: 0 without a limit, None where there is none
    or it may not be read.
    """

    user_name: str
    organization: str | None = None
    workspace: str | None = None
    workspace_id: int | None = None
    roles: tuple[str, ...] = ()
    api_version: str | None = None
    lifespan_h: int | None = None
