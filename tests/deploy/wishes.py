"""Studios as they should be, and as the Platform has them after it was sent just that."""

from dataclasses import replace
from typing import Any

from deploy.planning.desired import Desired, Origin
from deploy.planning.plan import Circumstances
from deploy.planning.store import Store
from deploy.profile.loading import Variable
from deploy.secret import Secret
from deploy.seqera.models import ComputeEnv, Label, Link, Studio

CE = ComputeEnv("ce1", "aws-eu", "aws-cloud", "AVAILABLE", work_dir="s3://work")
RUNS = Link("v1-user-runs", "runs", "s3://acme-runs")
DATA = Link("v1-cloud-data", "data", "s3://acme-data")
OTHER_CE = replace(CE, id="ce2", name="aws-us")
LINK = Store("link", 'data link "runs"', RUNS, "data link", True)
AROUND = Circumstances(LINK, LINK)


def wish(**said: Any) -> Desired:
    """A Studio with a writable data link, as it should be."""
    return replace(
        Desired(
            name="mlflow",
            description="Runs of everybody",
            workspace_id=71,
            compute_env=CE,
            image="ghcr.io/acme/mlflow:1",
            context_digest=None,
            cpu=2,
            memory=8192,
            gpu=0,
            lifespan_h=0,
            private=False,
            spot=None,
            ssh=None,
            auto_start=True,
            mounts=(RUNS,),
            writable=frozenset({RUNS.id}),
            environment={},
            labels={"team": "research"},
            origin=Origin("studio.yaml", None, "0123456789abcdef0123"),
        ),
        **said,
    )


def plain(value: str) -> Variable:
    return Variable(value, local=False, visible=False)


def local(value: str) -> Variable:
    return Variable(value, local=True, visible=False)


def secret(value: str) -> Variable:
    return Variable(Secret(value), local=True, visible=True)


def made(desired: Desired, status: str = "running", **said: Any) -> Studio:
    """The Studio that the Platform has after a create with this wish."""
    body = desired.create_body([])
    return changed(body, desired, "a1b2c3d4", status, **said)


def updated(desired: Desired, actual: Studio, status: str = "running") -> Studio:
    """The Studio that the Platform has after an update with this wish."""
    body = desired.update_body(desired.kept_label_ids(actual), actual)
    kept = [each for each in actual.labels if each.id in body["labelIds"]]
    body.setdefault("computeEnvId", actual.compute_env_id)
    image = {"dataStudioToolUrl": actual.image, "isPrivate": actual.private}
    return changed(body | image, desired, actual.id, status, kept=kept)


def changed(
    body: dict[str, Any],
    desired: Desired,
    id_: str,
    status: str,
    kept: list[Label] | None = None,
    **said: Any,
) -> Studio:
    labels = {**desired.all_labels}
    document = {
        "sessionId": id_,
        "name": body["name"],
        "description": body.get("description"),
        "studioUrl": f"https://{id_}.connect.example.com",
        "statusInfo": {"status": status},
        "template": {"repository": body["dataStudioToolUrl"]},
        "computeEnv": {"id": body["computeEnvId"], "name": f"env {body['computeEnvId']}"},
        "configuration": body["configuration"],
        "isPrivate": body["isPrivate"],
        "labels": [{"id": n, "name": k, "value": v} for n, (k, v) in enumerate(labels.items(), 1)],
        "mountedDataLinks": [
            {"id": link.id, "name": link.name, "resourceRef": link.uri} for link in desired.mounts
        ],
    }
    studio = Studio.from_json(document)
    studio = replace(studio, labels=(*studio.labels, *(kept or ())))
    return replace(studio, **said)
