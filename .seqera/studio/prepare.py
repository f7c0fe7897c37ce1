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
from functools import partial
from pathlib import Path
from typing import Any

from studio import (
    arrival,
    database,
    memory,
    mounts,
    orders,
    ports,
    restoring,
    server,
    status,
    storage,
    uris,
)
from studio.errors import DATA_UNUSABLE, HOST_UNUSABLE, StartRefused, ended
from studio.home import Home, open_home, write_json
from studio.schema import Schema, packaged_schema
from studio.settings import InvalidSettings, Settings, assets_folder
from studio.supervisor import Child

_LOOK_AROUND_AFTER_S = 3.0  # the server starts first

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
    before = memory.recall(home.path)
    empty = arrival.wait(settings, before, log)
    there = mounts.look(settings.data_dir)
    chosen = storage.decide(settings, there, before.used)
    known = {m.name: restoring.sessions_on(m.path) or [] for m in there if m.readable}
    for note in (*settings.notes, *chosen.warnings):
        log(note)
    inner = server.environment(settings, chosen, env)
    schema = packaged_schema()
    restored = _prepare_database(settings, chosen, inner, schema, home, before, log)
    if settings.serve_artifacts:
        _make_artifact_folder(chosen.artifacts)
    write_json(home.run / status.PORT, {"port": port})
    count = server.workers(settings, chosen, server.cpu_count())
    write_json(
        home.run / status.SUPERVISOR, _facts(chosen, settings, restored, known, schema, count)
    )
    memory.keep(home.path, *_remembered(chosen, known, before, empty))
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
    if there:
        lineages = chosen.restore_link is not None
        orders.write(home.run, there, known, lineages=lineages, left_alone=chosen.left_alone)
        command = server.lookout(settings, inner)
        children.append(Child(command, brief=True, due=time.monotonic() + _LOOK_AROUND_AFTER_S))
    return Launch(home, tuple(children), port)


def _ensure_clients(settings: Settings) -> None:
    """An image has all of them; a local installation may lack what a bucket needs."""
    for place in filter(None, (settings.artifact_root, settings.artifacts_destination)):
        module = uris.client_module(place)
        if module and not _is_installed(module):
            raise InvalidSettings(
                [
                    f"{uris.redact_address(place)}: the client for such artifacts is not installed "
                    "here; pip install 'mlflow-studio[cloud]'"
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
    before: memory.Memory,
    log: Log,
) -> dict[str, Any]:
    if settings.artifacts_only:
        return {}
    restored: dict[str, Any] = {}
    if chosen.database.is_sqlite:
        restored = restoring.restore(settings, chosen, before, inner, log)
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
                server.migrate(action, settings, inner, uris.of_file(file))
            ),
            log=log,
            hint=_hint(restored, schema) if store == chosen.database else "",
            before_upgrade=partial(
                _pin_published, settings, chosen if store == chosen.database else None, inner
            ),
        )
    if settings.registry or settings.replica or settings.workspaces or settings.trace_archival:
        _run(server.migrate("check", settings, inner))
    return restored


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


def _pin_published(
    settings: Settings, chosen: storage.Storage | None, inner: Mapping[str, str]
) -> None:
    """Publish the database as it is before an upgrade, and have that state kept for good.

    That fails with the link, and then a copy on the local disk is all there is: no reason not to
    start. The publisher says what came of it.
    """
    if chosen is not None and chosen.link:
        command = server.publisher(settings, chosen, inner, pin="before-upgrade")
        subprocess.run(command.argv, env=dict(command.env), check=False)


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


def _remembered(
    chosen: storage.Storage,
    known: Mapping[str, list[str]],
    before: memory.Memory,
    empty: frozenset[str],
) -> tuple[str | None, frozenset[str]]:
    """The link that is used, and those that can be expected to be empty at the next start."""
    if chosen.link:
        return chosen.link.name, empty - {chosen.link.name}
    link = chosen.restore_link
    used = link is not None and (known.get(link.name) or link.name == before.used)
    return link.name if link and used else None, empty


def _facts(
    chosen: storage.Storage,
    settings: Settings,
    restored: Mapping[str, Any],
    known: Mapping[str, list[str]],
    schema: Schema,
    count: int,
) -> dict[str, Any]:
    conflict = restored.get("conflict")
    link = chosen.restore_link
    local = chosen.database.is_sqlite and not settings.artifacts_only
    return {
        "started_at": time.time(),
        "kept": chosen.kept,
        "publishes": chosen.link is not None,
        "at_risk": settings.in_session and local and chosen.link is None,
        "why": chosen.why,
        "link": link.name if link else None,
        "sessions": known.get(link.name, []) if link else [],
        "restored": restored.get("why"),
        "continues": (restored.get("parent") or {}).get("sid"),
        "forks": conflict["leaves"] if conflict else [],
        "schema": schema.head if chosen.database.is_sqlite else None,
        "workers": count,
        "warnings": [
            *chosen.warnings,
            *restored.get("warnings", []),
            *([conflict["why"]] if conflict else []),
        ],
    }


def _run(command: server.Command) -> None:
    """Run a child whose refusal is ours: it has said why, unless it was killed."""
    answer = subprocess.run(command.argv, env=dict(command.env), stdout=sys.stderr, check=False)
    if answer.returncode < 0:
        raise StartRefused(
            DATA_UNUSABLE,
            "the database could not be prepared: the process that does it ended unexpectedly "
            f"({ended(answer.returncode)}).\nStart again, with more memory if it was killed.",
        )
    if answer.returncode:
        raise StartRefused(answer.returncode, "")
