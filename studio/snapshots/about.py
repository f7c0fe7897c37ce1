"""`session.json`: what a session says about itself before its first state."""

import json
import sys
import uuid
from importlib import metadata
from pathlib import Path

import studio
from studio.snapshots import layout
from studio.snapshots.state import LocalState, as_json


def write(link: Path, known: LocalState, now: float, alembic_rev: str, page_size: int) -> None:
    """Make the session's folders and the file; after an OSError the session's name is spent."""
    assert known.session is not None
    layout.make_session_dirs(link, known.session)
    document = {
        "v": 1,
        "sid": known.session,
        "parents": [as_json(s) for s in known.parents],
        "ancestors": [as_json(s) for s in known.ancestors],
        "passed_over": [as_json(s) for s in known.passed_over],
        "depth": known.depth,
        "restored_from": as_json(known.restored_from) if known.restored_from else None,
        "wall_ts": now,
        "mlflow_version": _version_of("mlflow") or _version_of("mlflow-skinny"),
        "alembic_rev": alembic_rev,
        "page_size": page_size,
        "studio_version": studio.__version__,
    }
    layout.put(layout.session_file(link, known.session), json.dumps(document).encode())


def mark_store(link: Path) -> None:
    """Mark the link as a store, unless it is; an error is told and has no consequence."""
    try:
        if not any(layout.is_store_name(p.name) for p in layout.root(link).iterdir()):
            name = str(uuid.uuid4())
            layout.put(layout.store_file(link, name), json.dumps({"v": 1, "uuid": name}).encode())
    except OSError as exc:
        print(
            f"the store's mark could not be written ({exc}); nothing depends on it", file=sys.stderr
        )


def _version_of(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
