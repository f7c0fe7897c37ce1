"""Everything that happens before the server starts: from settings to commands.

The order is such that whatever can be refused is refused before anything is changed: settings,
home, port, data links, published states, database.
"""

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio import database, mounts, ports, server, status, storage, uris
from studio.errors import DATA_UNUSABLE, HOST_UNUSABLE, StartRefused
from studio.home import Home, open_home, write_json
from studio.schema import Schema, packaged_schema
from studio.settings import InvalidSettings, Settings, assets_folder
from studio.supervisor import Child

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Launch:
    """What is ready to be supervised. The home's lock lives as long as this value."""

    home: Home
    children: tuple[Child, ...]
    port: int


def prepare(settings: Settings, env: Mapping[str, str], log: Log) -> Launch:
    """Do all that comes before the server; `StartRefused` or `InvalidSettings` end the start."""
    home = open_home(settings.home, in_image=settings.in_image)
    socket = ports.reserve(settings.bind_host, settings.port)
    port = socket.getsockname()[1]
    settings = replace(settings, port=port)
    _ensure_clients(settings)
    chosen = storage.decide(settings, mounts.look(settings.data_dir))
    for note in (*settings.notes, *chosen.warnings):
        log(note)
    inner = server.environment(settings, chosen, env)
    schema = packaged_schema()
    restored = _prepare_database(settings, chosen, inner, schema, home, log)
    if settings.serve_artifacts:
        _make_artifact_folder(chosen.artifacts)
    write_json(home.run / status.PORT, {"port": port})
    count = server.workers(settings, chosen, server.cpu_count())
    write_json(home.run / status.SUPERVISOR, _facts(chosen, restored, schema, count))
    socket.set_inheritable(True)
    children = [
        Child(
            server.gunicorn(inner, socket=socket.fileno(), count=count),
            vital=True,
            inherit=(socket.detach(),),
        )
    ]
    if chosen.link:
        publisher = server.publisher(settings, chosen, inner)
        final = server.publisher(settings, chosen, inner, once=True)
        children.append(Child(publisher, final=final))
    if settings.jobs:
        children.append(Child(server.jobs(settings, inner)))
    return Launch(home, tuple(children), port)


def _ensure_clients(settings: Settings) -> None:
    """An image has all of them; a local installation may lack what a bucket needs."""
    for place in filter(None, (settings.artifact_root, settings.artifacts_destination)):
        module = uris.client_module(place)
        if module and not _is_installed(module):
            raise InvalidSettings(
                [
                    f"{uris.redact(place)}: the client for such artifacts is not installed here; "
                    "pip install 'mlflow-studio[cloud]'"
                ]
            )


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _prepare_database(
    settings: Settings,
    chosen: storage.Storage,
    inner: Mapping[str, str],
    schema: Schema,
    home: Home,
    log: Log,
) -> dict[str, Any]:
    if settings.artifacts_only:
        return {}
    restored = _restore(settings, chosen, inner, log) if chosen.database.is_sqlite else {}
    for store in settings.stores(chosen.database):
        if store.path is None:
            _run(server.migrate("external", settings, inner, store.uri))
            continue
        database.prepare(
            Path(store.path),
            schema,
            template=_template(schema, chosen),
            pinned=home.path / "pinned",
            upgrade=settings.db_upgrade != "never",
            migrate=lambda action, file: _run(
                server.migrate(action, settings, inner, f"sqlite:///{file}")
            ),
            log=log,
            hint=_hint(restored, schema) if store == chosen.database else "",
        )
    if settings.registry or settings.replica or settings.workspaces or settings.trace_archival:
        _run(server.migrate("check", settings, inner))
    return restored


def _restore(
    settings: Settings, chosen: storage.Storage, inner: Mapping[str, str], log: Log
) -> dict[str, Any]:
    """Let the snapshots decide between the local database and what was published on the link."""
    link = chosen.restore_link
    if link is None:
        if settings.restore_from:
            raise InvalidSettings(
                [f"STUDIO_RESTORE_FROM={settings.restore_from}: no data link is mounted"]
            )
        return {}
    published = (link.path / mounts.MARKER / "sessions").is_dir()
    known = (settings.home / "state.json").exists()
    if not (published or known or settings.restore_from):
        return {}
    command = server.restore(settings, chosen, inner)
    answer = subprocess.run(
        command.argv, env=dict(command.env), stdout=subprocess.PIPE, check=False, text=True
    )
    try:
        document: dict[str, Any] = json.loads(answer.stdout)
    except ValueError as exc:
        raise StartRefused(DATA_UNUSABLE, "the published states could not be read") from exc
    for rejected in document.get("rejected", []):
        log(f"published state {rejected['state']} cannot be used: {rejected['reason']}")
    if answer.returncode:
        raise StartRefused(answer.returncode, document["why"])
    log(document["why"])
    if document.get("conflict"):
        log(f"warning: {document['conflict']['why']}")
    return document


def _make_artifact_folder(place: str) -> None:
    path = uris.local_path(place)
    try:
        if path:
            Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StartRefused(
            HOST_UNUSABLE,
            f"the folder for artifacts {path} cannot be created: {exc.strerror}.\n"
            "MLFLOW_ARTIFACTS_DESTINATION names another one.",
        ) from exc


def _template(schema: Schema, chosen: storage.Storage) -> Path | None:
    """The image's migrated database, if it is of this schema and its addresses fit."""
    folder = assets_folder()
    try:
        made_for = json.loads((folder / "template.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    fits = (
        made_for.get("alembic_rev") == schema.head and chosen.artifact_root == "mlflow-artifacts:/"
    )
    return folder / "template.db" if fits else None


def _hint(restored: Mapping[str, Any], schema: Schema) -> str:
    readable = [s for s in restored.get("schemas", []) if s["alembic_rev"] in schema.known]
    if not readable:
        return ""
    return (
        "Or start in a new lineage from the newest state that this image can read, "
        f"which deletes nothing: STUDIO_RESTORE_FROM={readable[0]['state']}"
    )


def _facts(
    chosen: storage.Storage, restored: Mapping[str, Any], schema: Schema, count: int
) -> dict[str, Any]:
    conflict = restored.get("conflict")
    return {
        "started_at": time.time(),
        "kept": chosen.kept,
        "why": chosen.why,
        "link": chosen.restore_link.name if chosen.restore_link else None,
        "restored": restored.get("why"),
        "schema": schema.head if chosen.database.is_sqlite else None,
        "workers": count,
        "warnings": [*chosen.warnings, *([conflict["why"]] if conflict else [])],
    }


def _run(command: server.Command) -> None:
    """Run a child whose refusal is ours: it has said why."""
    answer = subprocess.run(command.argv, env=dict(command.env), stdout=sys.stderr, check=False)
    if answer.returncode:
        code = answer.returncode if answer.returncode > 0 else DATA_UNUSABLE
        raise StartRefused(code, "")
