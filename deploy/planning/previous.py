"""Studios that a replacement has put aside: how they are named, and how they are found again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deploy.planning.desired import OURS, label_value

if TYPE_CHECKING:
    from deploy.seqera.models import Studio

LONGEST_NAME = 80
_MARK = "-previous-"


def name_of(studio: str, at: float) -> str:
    """Give the name under which a Studio is put aside at a time, in seconds since 1970.

    >>> name_of("mlflow", 0)
    'mlflow-previous-19700101T000000Z'
    """
    stamp = datetime.fromtimestamp(int(at), UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{_stem(studio)}{stamp}"


def of(name: str, studios: Iterable[Studio]) -> list[Studio]:
    """Give the Studios that were put aside for one of this name, the newest first.

    Their own label tells them from somebody else's Studio of such a name.
    """
    found = [
        studio
        for studio in studios
        if studio.name.startswith(_stem(name)) and studio.label(OURS) == label_value(name)
    ]
    return sorted(found, key=lambda studio: studio.name, reverse=True)


def _stem(name: str) -> str:
    return name[: LONGEST_NAME - len(_MARK) - len("19700101T000000Z")] + _MARK
