"""Tell whether a Studio can write to a data link. The Platform's API has no member that says so."""

from __future__ import annotations

from deploy.seqera import members
from deploy.seqera.models import ComputeEnv, Link


def writable(link: Link, env: ComputeEnv) -> bool | None:
    """Give what the compute environment's allowed buckets say; None where that cannot be told.

    On AWS the Platform mounts a link read-only unless its bucket is among the allowed ones, or is
    that of the work directory. It knows of no such list where somebody else has made the roles,
    and has none for other clouds.
    """
    if env.platform not in ("aws-batch", "aws-cloud") or not link.uri.startswith("s3://"):
        return None
    if env.work_dir and bucket(env.work_dir) == bucket(link.uri):
        return True
    if env.platform == "aws-batch":
        forge = members.part(env.config, "forge")
        if not forge:
            return None
        allowed = members.words(forge, "allowBuckets")
    else:
        allowed = members.words(env.config, "allowBuckets")
    if any(_covers(place, link.uri) for place in allowed):
        return True
    # A role of one's own may allow more than the Platform knows of.
    return None if members.text(env.config, "instanceProfileArn") else False


def bucket(uri: str) -> str:
    """Give the bucket of a place in it.

    >>> bucket("s3://acme/runs/"), bucket("acme")
    ('s3://acme', 's3://acme')
    """
    _, _, path = uri.rpartition("://")
    return f"s3://{path.partition('/')[0]}"


def _covers(place: str, uri: str) -> bool:
    """Tell whether a place is at or above another; `s3://a` is not above `s3://ab`."""
    whole = place if "://" in place else f"s3://{place}"
    above = whole.rstrip("/*")
    return uri.rstrip("/") == above or uri.startswith(f"{above}/")
