"""Let the snapshots decide what a start begins with, and refuse where nobody can know.

The decision between the local database and the published states is made in a process of its own
(`studio.snapshots start`). Before it come the cases in which the link cannot be asked.
"""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from studio import server
from studio.errors import DATA_UNUSABLE, StartRefused, ended
from studio.memory import Memory
from studio.mounts import Mount
from studio.settings import InvalidSettings, Settings
from studio.snapshots import layout, state
from studio.storage import Storage

Log = Callable[[str], None]


def sessions_on(link: Path) -> list[str] | None:
    """The names of the sessions on a link; None when it cannot be listed."""
    try:
        return sorted(
            p.name for p in layout.sessions_dir(link).iterdir() if layout.is_session_id(p.name)
        )
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        return None


def restore(
    settings: Settings, chosen: Storage, memory: Memory, inner: Mapping[str, str], log: Log
) -> dict[str, Any]:
    """Make the local database what this run begins with; what was found and done.

    The answer is the document of `studio.snapshots start` with `warnings` added, or {} where there
    was nothing to decide. Raises `StartRefused` 75 or 78, having changed nothing.
    """
    link = chosen.restore_link
    if link is None:
        if settings.restore_from:
            raise InvalidSettings(
                [f"STUDIO_RESTORE_FROM={settings.restore_from}: no data link is mounted"]
            )
        return {}
    if not link.readable:
        return _without(link, settings, log)
    sessions = sessions_on(link.path)
    known = state.path(settings.home).exists()
    if sessions == [] and not known and not settings.restore_from:
        return {}
    assert chosen.database.path is not None  # only SQLite is restored
    held = link.name == memory.used and memory.published
    gone = sessions == [] and held and not settings.restore_from
    if gone and not Path(chosen.database.path).exists() and not settings.allow_empty:
        raise StartRefused(DATA_UNUSABLE, f"{_gone(link)}.\nNothing was changed. {_REMEDY}")
    document = _decide(settings, chosen, inner, log)
    document["warnings"] = [_gone(link) + _goes_on(document)] if gone else []
    for warning in document["warnings"]:
        log(f"warning: {warning}")
    return document


_REMEDY = (
    "Start again when they are there (STUDIO_LINK_WAIT gives them more time); "
    "STUDIO_ALLOW_EMPTY=true starts without them."
)


def _gone(link: Mount) -> str:
    return (
        f'data link "{link.name}" held published states of this Studio, and now there are none: '
        "its files did not arrive in time, or somebody removed them"
    )


def _goes_on(document: Mapping[str, Any]) -> str:
    if document["choice"] == "local":
        return ". The local database goes on, in a new lineage; nothing on the link is touched"
    return ". STUDIO_ALLOW_EMPTY: the start is empty; nothing on the link is touched"


def _without(link: Mount, settings: Settings, log: Log) -> dict[str, Any]:
    """A link that cannot be listed may hold every run: only on demand is it done without."""
    why = (
        f'data link "{link.name}" cannot be read ({link.reason}), so nobody knows whether it '
        "holds published states"
    )
    if not settings.allow_empty:
        raise StartRefused(
            DATA_UNUSABLE,
            f"{why}.\nNothing was changed. Start again when it answers, or detach it; "
            "STUDIO_ALLOW_EMPTY=true starts without it.",
        )
    warning = f"{why}. STUDIO_ALLOW_EMPTY: this start does without it"
    log(f"warning: {warning}")
    return {"warnings": [warning]}


def _decide(
    settings: Settings, chosen: Storage, inner: Mapping[str, str], log: Log
) -> dict[str, Any]:
    command = server.restore(settings, chosen, inner)
    answer = subprocess.run(
        command.argv, env=dict(command.env), stdout=subprocess.PIPE, check=False, text=True
    )
    try:
        document: dict[str, Any] = json.loads(answer.stdout)
    except ValueError as exc:
        raise StartRefused(
            DATA_UNUSABLE,
            "the published states could not be read: the process that does it ended unexpectedly "
            f"({ended(answer.returncode)}).\nStart again, with more memory if it was killed.",
        ) from exc
    for rejected in document.get("rejected", []):
        log(f"published state {rejected['state']} cannot be used: {rejected['reason']}")
    if answer.returncode:
        raise StartRefused(answer.returncode, document["why"])
    log(document["why"])
    if document.get("conflict"):
        log(f"warning: {document['conflict']['why']}")
    return document
