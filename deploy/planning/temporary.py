"""Temporary images: which those are, and how long they can be started."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.records import Records
    from deploy.seqera.models import Studio

# Wave's documentation, "Container requests": the image of a request lives 36 hours.
LIFE_S = 36 * 3600
_TEMPORARY = re.compile(r"^[^/]+/wt/[^/]+/")


def is_temporary(reference: str) -> bool:
    """Tell whether an image is one that Wave gives for a while.

    >>> is_temporary("wave.seqera.io/wt/0123456789ab/wave/build:x"), is_temporary("ghcr.io/wt/x:1")
    (True, False)
    """
    return bool(_TEMPORARY.match(reference))


def ends(reference: str, records: Records) -> float | None:
    """Give when an image ends, in seconds since 1970; None if it stays, or that is not known.

    Only whoever built it knows that for certain.
    """
    if not is_temporary(reference):
        return None
    record = records.newest(lambda each: each.image.reference == reference)
    return record.image.expires_at if record else None


def expired(studio: Studio, ends_at: float | None, now: float) -> bool:
    """Tell whether the image of a Studio cannot be started any more.

    Where its end is not known, it was asked for before the Studio was last started.
    """
    if not is_temporary(studio.image):
        return False
    started = now if studio.last_started is None else studio.last_started
    latest = started + LIFE_S if ends_at is None else ends_at
    return latest <= now
