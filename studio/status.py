"""Say what the running server does, from what it really uses.

The addresses come from the environment that the workers run with, not from what was asked for; the
supervisor prints its start lines from this answer. Nothing here is secret.
"""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio import __version__, keeping, uris
from studio.home import read_json
from studio.settings import Settings
from studio.snapshots import status as publishing

SUPERVISOR = "supervisor.json"
LOOKOUT = "lookout.json"  # what lies on the links beside our own
PORT = "port.json"  # for whoever asked for any free port


def collect(
    settings: Settings, env: Mapping[str, str], mlflow_version: str, now: float | None = None
) -> dict[str, Any]:
    """The document of `/studio/status`. Times are in seconds since the epoch."""
    now = time.time() if now is None else now
    supervisor = read_json(settings.home / "run" / SUPERVISOR)
    publisher = read_json(publishing.path(settings.home))
    lookout = read_json(settings.home / "run" / LOOKOUT)
    database = uris.database(env["_MLFLOW_SERVER_FILE_STORE"])
    published = _published(publisher, database)
    how = keeping.of(published, supervisor, now)
    served = env.get("_MLFLOW_SERVER_SERVE_ARTIFACTS") == "true"
    return {
        "service": "mlflow-studio",
        "version": __version__,
        "mlflow": mlflow_version,
        "python": ".".join(map(str, sys.version_info[:3])),
        "started_at": supervisor.get("started_at"),
        "access": {
            "mode": settings.access_mode,
            "hosts": [str(pattern) for pattern in settings.hosts],
            "prefix": settings.prefix,
        },
        "database": {
            "kind": database.kind,
            "place": database.path or uris.redact_address(database.uri),
            "schema": supervisor.get("schema"),
        },
        "artifacts": {
            "place": _shown(env["_MLFLOW_SERVER_ARTIFACT_DESTINATION"]) if served else None,
            "root": uris.redact_address(env["_MLFLOW_SERVER_ARTIFACT_ROOT"]),
        },
        "kept": supervisor.get("kept"),
        "why": supervisor.get("why"),
        "data_link": supervisor.get("link"),
        "restored": supervisor.get("restored"),
        "keeping": {"level": how.level, "says": list(how.says)},
        "kept_since": keeping.since_when(supervisor),
        "published": published or None,
        "continues": supervisor.get("continues"),
        "forks": supervisor.get("forks", []),
        "appeared": lookout.get("appeared", []),
        "found": lookout.get("found", []),
        "search_incomplete": lookout.get("incomplete"),
        "workers": supervisor.get("workers"),
        "jobs": env.get("MLFLOW_SERVER_ENABLE_JOB_EXECUTION") == "true",
        "metrics": bool(env.get("prometheus_multiproc_dir")),
        "worker_pid": os.getpid(),
        "warnings": _warnings(supervisor, lookout, published, now),
    }


def _published(publisher: Mapping[str, Any], database: uris.Database) -> dict[str, Any]:
    """The publisher's own account, corrected by what happened since its last look, a second ago.

    A commit goes to the write-ahead log first, so a log that is newer than the moment at which the
    last snapshot was taken holds something that is not published yet.
    """
    at = publisher.get("published_at")
    if not at or database.path is None:
        return dict(publisher)
    taken_at = at - (publisher.get("cycle_s") or 0)
    try:
        changed_at = Path(f"{database.path}-wal").stat().st_mtime
    except OSError:
        return dict(publisher)
    return {**publisher, "dirty": bool(publisher.get("dirty")) or changed_at > taken_at}


def _warnings(
    supervisor: Mapping[str, Any],
    lookout: Mapping[str, Any],
    published: Mapping[str, Any],
    now: float,
) -> list[str]:
    trouble = keeping.trouble_of(published, now)
    return [
        *([f"{trouble[0]}: {trouble[1]}"] if trouble else []),
        *supervisor.get("warnings", []),
        *map(keeping.of_appeared, lookout.get("appeared", [])),
    ]


def start_lines(document: Mapping[str, Any]) -> list[str]:
    """The lines of the log that tell a person what has been started."""
    artifacts = document["artifacts"]
    place = artifacts["place"] or "not served here"
    if artifacts["root"] != "mlflow-artifacts:/":
        place = f"{artifacts['root']} (written by the clients themselves)"
    return [
        f"database   {document['database']['place']} ({document['database']['kind']})",
        f"artifacts  {place}",
        f"kept       {document['kept']}" + (f" ({document['why']})" if document["why"] else ""),
        *([f"since      {document['kept_since']}"] if document["kept_since"] else []),
        f"answers    {hosts(document)}",
    ]


def hosts(document: Mapping[str, Any]) -> str:
    """Under which names the Studio answers, in words."""
    access = document["access"]
    words: dict[str, str] = {
        "explicit": ", ".join(access["hosts"]),
        "same-origin": "any host of this session, pages of the same origin only",
        "local": "localhost, 127.0.0.1 and [::1] only",
    }
    return words[access["mode"]]


def run_folder(settings: Settings) -> Path | None:
    """Where the workers share their answers; absent when nobody supervises them."""
    run = settings.home / "run"
    return run if run.is_dir() else None


def _shown(place: str) -> str:
    return uris.local_path(place) or uris.redact_address(place)
