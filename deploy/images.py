"""What a build gives: the image's reference, and all that is known about it."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Image:
    """A usable image. `None` means not known, or not applicable to the way it was built.

    `expires_at` is in seconds since 1970; an image without it stays until somebody deletes it.
    `link` is the page of the build.
    """

    reference: str
    platform: str
    context_digest: str | None
    digest: str | None = None
    build_id: str | None = None
    cached: bool | None = None
    expires_at: float | None = None
    link: str | None = None
    duration_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the values that programs read: the keys are a contract, all are always there.

        >>> Image("a/b:c", "linux/amd64", "sha256:d", expires_at=0.0).to_json()["expires_at"]
        '1970-01-01T00:00:00Z'
        """
        said = asdict(self)
        said["expires_at"] = None if self.expires_at is None else written(self.expires_at)
        return said


def written(time: float) -> str:
    """Write a time for people and programs, in UTC and to the second."""
    return datetime.fromtimestamp(int(time), UTC).isoformat().replace("+00:00", "Z")


def read(text: str) -> float:
    """Read a time with its offset, as ISO 8601 has it.

    >>> read("1970-01-01T01:00:00.5+01:00")
    0.5
    """
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return time.timestamp()
