"""What Wave's answers mean. Pure: a document in, a value out.

Members that are null or empty are absent from Wave's answers, so nothing may be relied on to be
there; and whether a build succeeded is read from one member, never guessed from another.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from deploy import images


class Ending(Enum):
    """How a submitted build stands: what people are told, and what the exit code follows from."""

    RUNNING = "running"
    BUILT = "built"
    REUSED = "reused"
    IN_REGISTRY = "in the registry already"
    FAILED = "failed"
    FAILED_BEFORE = "failed a moment ago"


@dataclass(frozen=True, slots=True)
class Submitted:
    """The answer to a submission.

    `asked_at` is when it was sent, by the server's clock: a build that began before is another's.
    """

    request_id: str
    target_image: str
    container_image: str
    build_id: str | None
    cached: bool | None
    succeeded: bool | None
    expires_at: float | None
    asked_at: float | None = None

    @property
    def id(self) -> str:
        """What to ask by how it goes on."""
        return self.request_id or self.build_id or ""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a build. `succeeded` None means that it is not known yet."""

    state: str
    succeeded: bool | None = None
    reason: str = ""
    link: str | None = None
    started_at: float | None = None
    duration_s: float | None = None

    @property
    def is_over(self) -> bool:
        """Only a stated outcome ends a wait."""
        return self.state in {"DONE", "COMPLETED"} and self.succeeded is not None


def submitted(document: Mapping[str, Any], asked_at: float | None = None) -> Submitted:
    """Read the answer to a submission."""
    target = name(document, "targetImage") or ""
    return Submitted(
        request_id=name(document, "requestId") or name(document, "containerToken") or "",
        target_image=target,
        container_image=name(document, "containerImage") or target,
        build_id=name(document, "buildId"),
        cached=_flag(document, "cached"),
        succeeded=_flag(document, "succeeded"),
        expires_at=time(document, "expiration"),
        asked_at=asked_at,
    )


def status(document: Mapping[str, Any]) -> Status:
    """Read the state of a container request, or of a build; their members differ a little."""
    return Status(
        state=name(document, "status") or "UNKNOWN",
        succeeded=_flag(document, "succeeded"),
        reason=_text(document, "reason") or "",
        link=name(document, "detailsUri"),
        started_at=time(document, "creationTime") or time(document, "startTime"),
        duration_s=seconds(document.get("duration")),
    )


def ending(answer: Submitted, outcome: bool | None) -> Ending:
    """Tell how a build ended, from the answer to its submission and its outcome so far.

    `cached` means that nothing new was started, a remembered failure included. Where the image is
    in the registry but Wave knows no build of it, both `cached` and the build's id are absent.
    """
    if outcome is None:
        return Ending.RUNNING
    if not outcome:
        return Ending.FAILED_BEFORE if answer.cached else Ending.FAILED
    if answer.build_id is None:
        return Ending.IN_REGISTRY
    return Ending.REUSED if answer.cached else Ending.BUILT


def joined(answer: Submitted, status: Status) -> bool:
    """Tell whether somebody else's build is this one, too: it began before we asked."""
    if answer.asked_at is None or status.started_at is None or answer.cached:
        return False
    return status.started_at < answer.asked_at - 1


def seconds(value: object) -> float | None:
    """Read a duration: Wave sends a number, and documents a text.

    >>> seconds(12.5), seconds("12.5"), seconds("PT1M2.5S"), seconds("soon")
    (12.5, 12.5, 62.5, None)
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return None
    found = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", value)
    if found:
        hours, minutes, rest = (float(part or 0) for part in found.groups())
        return hours * 3600 + minutes * 60 + rest
    try:
        return float(value)
    except ValueError:
        return None


def architectures(document: Mapping[str, Any]) -> tuple[str, ...]:
    """List the processors that an inspected image is for; nothing when that is not said.

    >>> architectures({"container": {"config": {"architecture": "amd64"}}})
    ('amd64',)
    """
    config = _part(_part(document, "container"), "config")
    manifests = _part(document, "index").get("manifests")
    platforms = [
        _part(manifest, "platform")
        for manifest in (manifests if isinstance(manifests, list) else [])
        if isinstance(manifest, dict)
    ]
    found = [_text(place, "architecture") for place in (config, *platforms)]
    # BuildKit's attestations are listed beside the images, for a processor named "unknown".
    return tuple(sorted({name for name in found if name and name != "unknown"}))


def digest(document: Mapping[str, Any]) -> str | None:
    """Give the digest of an inspected image."""
    return _text(_part(document, "container"), "digest") or _text(
        _part(document, "index"), "digest"
    )


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _text(document: Mapping[str, Any], name: str) -> str | None:
    found = document.get(name)
    return found if isinstance(found, str) and found else None


def name(document: Mapping[str, Any], member: str) -> str | None:
    """Read what is printed, or put into an address: without spaces, without a terminal's codes."""
    found = _text(document, member)
    return found if found and re.fullmatch(r"[!-~]+", found) else None


def _flag(document: Mapping[str, Any], name: str) -> bool | None:
    found = document.get(name)
    return found if isinstance(found, bool) else None


def time(document: Mapping[str, Any], name: str) -> float | None:
    """Read a time out of an answer, if there is one."""
    found = _text(document, name)
    try:
        return images.read(found) if found else None
    except ValueError:
        return None
