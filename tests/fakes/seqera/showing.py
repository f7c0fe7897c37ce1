"""Studios, their checkpoints and labels, as the fake Platform tells of them."""

from collections.abc import Iterable
from typing import Any

from tests.fakes.seqera.house import NEWER, USER, written
from tests.fakes.seqera.lives import Lives
from tests.fakes.seqera.records import Checkpoint, Label, Studio

OFFERED = ("cpu", "gpu", "memory", "lifespanHours", "environment", "condaEnvironment", "sshEnabled")


def studio(
    kept: Studio,
    lives: Lives,
    *,
    labels: Iterable[dict[str, Any]] | None,
    mounted: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Give a list's entry, or with the mounted links all that describe tells."""
    moment = lives.moment(kept)
    environment = kept.compute_env
    document = {
        "sessionId": kept.id,
        "workspaceId": kept.workspace,
        "parentCheckpoint": kept.parent,
        "user": USER,
        "name": kept.name,
        "description": kept.description,
        "studioUrl": kept.url,
        "computeEnv": {
            "id": environment.id,
            "name": environment.name,
            "platform": environment.platform,
            "region": environment.region,
            "workDir": environment.work_dir,
        },
        "template": {"repository": kept.image},
        "customImage": True,
        "configuration": configuration(kept),
        "dateCreated": written(kept.created_at),
        "lastUpdated": written(max(kept.changed_at, kept.acted_at + moment.since_s)),
        "lastStarted": written(kept.started_at),
        "effectiveLifespanHours": lives.lifespan_h(kept),
        "statusInfo": status(kept, lives),
        "isPrivate": kept.private,
        "remoteConfig": kept.remote,
        "waveBuildUrl": getattr(kept.script, "build_url", None),
    }
    document = {name: value for name, value in document.items() if value is not None}
    document["labels"] = labels if labels is None else list(labels)
    if mounted is not None:
        document["mountedDataLinks"] = mounted
        document["allowedUsers"] = [{"id": id_} for id_ in kept.allowed]
        document["activeConnections"] = []
        document["progress"] = [
            {"message": step.message, "status": step.status, "warnings": list(step.warnings)}
            for step in moment.progress
        ]
    return {**document, **NEWER}


def configuration(kept: Studio) -> dict[str, Any]:
    told = {name: kept.configuration[name] for name in OFFERED if name in kept.configuration}
    mounts = kept.mounts
    ids = [mount["dataLinkId"] for mount in mounts]
    return {**told, "mountData": ids, "mountDataV2": mounts, **NEWER}


def status(kept: Studio, lives: Lives) -> dict[str, Any]:
    moment = lives.moment(kept)
    told = {
        "status": moment.status,
        "message": moment.message,
        "lastUpdate": written(kept.acted_at + moment.since_s),
    }
    return {**told, **({"stopReason": moment.stop_reason} if moment.stop_reason else {})}


def checkpoint(kept: Checkpoint, of: Studio, lives: Lives) -> dict[str, Any]:
    moment = lives.moment(of)
    over = kept is not of.checkpoints[-1] or moment.status == "stopped"
    saved_at = of.acted_at + moment.since_s if kept is of.checkpoints[-1] else kept.began_at
    return {
        "id": kept.id,
        "name": kept.name,
        "dateCreated": written(kept.began_at),
        "dateSaved": written(saved_at),
        "author": USER,
        "path": f"{of.compute_env.work_dir}/.studios/checkpoints/{of.id}/{kept.id}",
        "status": "finalized" if over else "interim",
    }


def label(kept: Label) -> dict[str, Any]:
    known = {"id": kept.id, "name": kept.name, "resource": kept.resource}
    value = {} if kept.value is None else {"value": kept.value}
    dated = {"isDefault": False, "dateCreated": written(kept.created_at)}
    return {**known, **value, **dated, **NEWER}
