"""What is kept, since when, how old that is, and what to do: in words for people.

Text from the documents that the publisher, the start and the look-around leave in the home. The
words are used with care: *published* is what was handed to a data link, a *checkpoint* is the
Platform's, a *snapshot* is ours.
"""

import errno
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from studio.mounts import READ_ONLY

_LATE_S = 60
_FAILING_S = 300

_AT_RISK = (
    "When the Studio is killed, the runs since its last checkpoint, up to 5 minutes, are lost; "
    "a writable data link keeps them."
)

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Keeping:
    """How well the records are kept at this moment."""

    level: Level
    says: tuple[str, ...]


def of(publisher: Mapping[str, Any], supervisor: Mapping[str, Any], now: float) -> Keeping:
    """The whole account. `publisher` is empty where nothing is published, or not yet."""
    kept = str(supervisor.get("kept") or "")
    if not publisher and supervisor.get("publishes"):
        publisher = {"dirty_since": supervisor.get("started_at")}
    if not publisher:
        says = [_sentence(kept)] if kept else []
        if supervisor.get("at_risk"):
            return Keeping("warning", (*says, _AT_RISK))
        return Keeping("ok", tuple(says))
    trouble = trouble_of(publisher, now)
    level: Level = trouble[0] if trouble else "ok"
    says = [trouble[1]] if trouble else []
    says += [_published(publisher, now), *_since(supervisor), *_rehearsed(publisher, now)]
    if level == "ok" and _drill_failed(publisher):
        level = "warning"
    return Keeping(level, tuple(says))


def trouble_of(
    publisher: Mapping[str, Any], now: float
) -> tuple[Literal["warning", "error"], str] | None:
    """What is wrong when changes have stayed unpublished for a minute, and for five.

    A publisher that fails says so itself; one that hangs on a dead mount is known by the time that
    has passed since the change.
    """
    since = publisher.get("dirty_since")
    if not since:
        return None
    failing = bool(publisher.get("failures"))
    late_s = now - since - (0 if failing else publisher.get("interval_s") or 0)
    if late_s < _LATE_S:
        return None
    return (
        "error" if late_s >= _FAILING_S else "warning",
        f"nothing could be published for {ago(now - since)}: {_reason(publisher, failing)}. "
        "The newest runs are only on this session's disk, and in its next checkpoint. Publishing "
        "is tried again and again; do not stop the Studio before it works",
    )


def _reason(publisher: Mapping[str, Any], failing: bool) -> str:
    if not failing:
        return "the data link does not answer, or the publisher keeps ending (the log has more)"
    said = str(publisher.get("last_error") or "unknown")
    number = publisher.get("last_errno")
    if number in READ_ONLY:
        return (
            f"the data link has become read-only ({said}); give its bucket write access again: the "
            "compute environment's Allowed S3 buckets, the bucket's own policy"
        )
    if number in (errno.ENOSPC, errno.EDQUOT):
        return f"there is no space left ({said})"
    return said if number is None else f"the data link failed ({said})"


def _published(publisher: Mapping[str, Any], now: float) -> str:
    at = publisher.get("published_at")
    if not at:
        return "Nothing has been published by this session yet."
    state = f"state {publisher.get('session')}/{publisher.get('seq')}, {ago(now - at)} old"
    if publisher.get("dirty"):
        return f"The newest published snapshot is {state}; changes since then follow."
    return f"Everything is published; the newest snapshot is {state}."


def _since(supervisor: Mapping[str, Any]) -> list[str]:
    since = since_when(supervisor)
    return [f"This data link has kept runs since {since} before this one."] if since else []


def since_when(supervisor: Mapping[str, Any]) -> str | None:
    """When the first of the sessions on the link began, and how many there are."""
    sessions: Sequence[str] = supervisor.get("sessions") or ()
    began = list(filter(None, map(_began, sessions)))
    if not began:
        return None
    first = min(began)
    number = "one session" if len(sessions) == 1 else f"{len(sessions)} sessions"
    return f"{time.strftime('%Y-%m-%d %H:%M', first)} UTC, in {number}"


def _began(session: str) -> time.struct_time | None:
    """When a session began, by its name; None where that only looks like a moment."""
    try:
        return time.strptime(session[:16], "%Y%m%dT%H%M%SZ")
    except ValueError:
        return None


def _drill_failed(publisher: Mapping[str, Any]) -> bool:
    drill: Mapping[str, Any] | None = publisher.get("drill")
    return drill is not None and not drill["ok"]


def _rehearsed(publisher: Mapping[str, Any], now: float) -> list[str]:
    drill = publisher.get("drill")
    if not drill:
        return []
    when = f"{ago(now - drill['at'])} ago"
    if drill["ok"]:
        return [f"A restore was rehearsed {when} and gave the same database."]
    return [
        f"The rehearsed restore of state {drill['state']} failed {when} ({drill['reason']}); "
        "a whole new snapshot is published in its place."
    ]


def of_found(found: Mapping[str, Any]) -> str:
    """One store of somebody else, as a line of the log."""
    noun = "an mlruns folder" if found["kind"] == "mlruns" else "a database"
    return (
        f"found {noun} that is not this Studio's: {found['path']} ({found['holds']}); "
        "/studio/status says how to bring it in"
    )


def of_appeared(session: Mapping[str, Any]) -> str:
    """A lineage that came to light after the start."""
    number = session["runs"]
    runs = "" if number is None else f" with {number} run{'' if number == 1 else 's'}"
    return (
        f'another lineage has appeared on data link "{session["link"]}" since the start: '
        f"{session['state']}{runs}. The link was filled late, or another "
        "Studio uses it. Both lineages are kept, nothing is merged; the next start chooses "
        f"between them, STUDIO_RESTORE_FROM={session['state']} names this one"
    )


def ago(seconds: float) -> str:
    """An age in one unit.

    >>> ago(42), ago(600), ago(90000)
    ('42 s', '10 min', '25 h')
    """
    if seconds < 90:
        return f"{max(0, seconds):.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
