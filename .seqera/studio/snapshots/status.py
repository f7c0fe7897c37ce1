"""The publisher's status file, `<home>/run/publisher.json`: what the supervisor shows."""

from dataclasses import asdict, dataclass
from pathlib import Path

from studio.snapshots import local, reading


@dataclass(frozen=True, slots=True)
class Drill:
    """The last rehearsal of a restore."""

    state: str
    ok: bool
    at: float
    seconds: float
    reason: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """Where publishing stands. Times are epoch seconds; `seq` and what follows is the last state.

    `dirty_since` is when a change was first seen that is not published yet. `final` is None while
    running, afterwards one of "published", "unpublished" and "nothing".
    """

    pid: int
    session: str
    link: str
    interval_s: float
    seq: int | None = None
    published_at: float | None = None
    database_bytes: int | None = None
    bytes: int | None = None
    cycle_s: float | None = None
    dirty: bool = False
    dirty_since: float | None = None
    failures: int = 0
    last_error: str | None = None
    last_errno: int | None = None
    last_error_at: float | None = None
    drill: Drill | None = None
    final: str | None = None


def path(home: Path) -> Path:
    """The file's place."""
    return home / "run" / "publisher.json"


def write(home: Path, status: Status) -> None:
    """Replace the status file; losing it in a power cut would not matter."""
    local.write_json(path(home), {"v": 1, **asdict(status)}, sync=False)


def dirty_since(home: Path) -> float | None:
    """Since when the publisher before this one had a change that it did not publish, if it had."""
    try:
        since = reading.json_object(path(home).read_bytes()).get("dirty_since")
    except (OSError, ValueError):
        return None
    return since if isinstance(since, float) else None
