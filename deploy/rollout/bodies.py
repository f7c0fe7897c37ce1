"""A Studio as the Platform describes it, written as what makes it so again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deploy.seqera.models import Configuration, Label, Studio


def as_it_is(
    studio: Studio,
    name: str | None = None,
    labels: Iterable[int] | None = None,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Give the body of an update that leaves a Studio as it is, but for what is named.

    It is whole: `tw` sends everything, so what becomes of a member that is left out is not known.
    `environment` is added to what is there.
    """
    body: dict[str, Any] = {
        "name": name or studio.name,
        "labelIds": list(ids(studio.labels) if labels is None else labels),
        # Left out it would stay, whatever it is now.
        "description": studio.description or "",
    }
    if studio.configuration is not None:
        body["configuration"] = _configuration(studio.configuration, environment or {})
    return body


def ids(labels: Iterable[Label]) -> list[int]:
    """Give the ids of labels."""
    return [label.id for label in labels]


def _configuration(there: Configuration, environment: Mapping[str, str]) -> dict[str, Any]:
    mounts = [
        {"dataLinkId": mount.id} | ({"path": mount.path} if mount.path else {})
        for mount in there.mounts
    ]
    known = {
        "lifespanHours": there.lifespan_h,
        "sshEnabled": there.ssh,
        "condaEnvironment": there.conda,
    }
    return {
        "cpu": there.cpu,
        "memory": there.memory,
        "gpu": there.gpu,
        "environment": {**there.environment, **environment},
        "mountDataV2": mounts,
    } | {name: value for name, value in known.items() if value is not None}
