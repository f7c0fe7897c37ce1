"""Decide where MLflow keeps its records and artifacts, and say why.

The choice is made once, at start-up, and printed: users lose data when a server quietly writes to a
disk that dies with the session. Nothing here changes a file system; `mounts` has looked already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studio import uris
from studio.mounts import Mount
from studio.settings import InvalidSettings, Settings
from studio.snapshots import layout

REMEDY = (
    "to make it writable, add its bucket to the compute environment's Allowed S3 buckets "
    "and start the Studio again"
)


@dataclass(frozen=True, slots=True)
class Storage:
    """Where everything is kept. `link` is set exactly when snapshots are published on it.

    `artifact_root` is what experiments record; `artifacts` is where the server keeps what clients
    send it. `kept` says what survives the end of the session, `why` how the choice was made.
    `restore_link` is where published states are looked for; it may be read-only. `left_alone` is a
    SQLite file on a link that was named as the database and is not opened.
    """

    database: uris.Database
    artifacts: str
    artifact_root: str
    kept: str
    why: str
    link: Mount | None = None
    restore_link: Mount | None = None
    left_alone: str | None = None
    warnings: tuple[str, ...] = ()


def decide(settings: Settings, mounts: Sequence[Mount], used_before: str | None = None) -> Storage:
    """Pick the backend and artifact places.

    An explicit address always wins. Otherwise the database lives on local disk, because SQLite
    needs locks and in-place writes that object-store mounts don't give, and a writable data link
    holds the artifacts and the published snapshots. `used_before` is the link that this home used
    at its last start. Raises `InvalidSettings` for a `STUDIO_DATA_LINK` that is not mounted, and
    for a second SQLite file on a link.
    """
    link, why = _choose(settings, mounts, used_before)
    database, said = _database(settings)
    published = database.is_sqlite and not settings.artifacts_only
    warnings = (*_about(mounts, link, published), *said)
    writable = link if link and link.writable else None
    warnings = (*warnings, *_beside(settings, writable))
    return Storage(
        database=database,
        artifacts=_artifacts(settings, writable),
        artifact_root=_artifact_root(settings),
        kept=_kept(settings, database, link),
        why=why,
        link=writable if published else None,
        restore_link=link if published else None,
        left_alone=_left_alone(settings),
        warnings=warnings,
    )


def _database(settings: Settings) -> tuple[uris.Database, tuple[str, ...]]:
    """The database that is opened, and what to say about it."""
    given, alone = settings.database, _left_alone(settings)
    if given and not alone:
        return given, (given.rewritten,) if given.rewritten else ()
    live = settings.home / "mlflow.db"
    said = (
        f"{alone} is on a data link, where SQLite loses acknowledged writes, so it is not opened "
        f"there: the live database is {live}. What that file holds, and how to bring it in, "
        "/studio/status says"
    )
    return uris.Database(uri=uris.of_file(live), path=str(live)), (said,) if alone else ()


def _left_alone(settings: Settings) -> str | None:
    given = settings.database
    on_link = given and given.path and settings.is_on_link(given.path)
    return given.path if given and on_link else None


def _beside(settings: Settings, link: Mount | None) -> tuple[str, ...]:
    """What to say of the stores that have a database of their own."""
    said = []
    for name, store in (
        ("MLFLOW_REGISTRY_STORE_URI", settings.registry),
        ("MLFLOW_READ_REPLICA_BACKEND_STORE_URI", settings.replica),
        ("MLFLOW_WORKSPACE_STORE_URI", settings.workspace_store),
    ):
        if store and store.path and settings.is_on_link(store.path):
            raise InvalidSettings(
                [f"{name}: on a data link SQLite loses acknowledged writes; name a file elsewhere"]
            )
        if store and store.path and link and store != settings.replica:
            said.append(f"{name} names a SQLite file of its own, which is not published")
        if store and store.rewritten:
            said.append(store.rewritten)
    return tuple(said)


def _artifacts(settings: Settings, link: Mount | None) -> str:
    root = settings.artifact_root
    if settings.artifacts_destination:
        return settings.artifacts_destination
    if root and uris.local_path(root) is not None:
        return root
    if link:
        return str(layout.root(link.path) / "artifacts")
    return str(settings.home / "mlruns")


def _artifact_root(settings: Settings) -> str:
    """Clients never see a server path: a folder is where the server keeps what it is sent."""
    root = settings.artifact_root
    return root if root and uris.local_path(root) is None else "mlflow-artifacts:/"


def _choose(
    settings: Settings, mounts: Sequence[Mount], used_before: str | None
) -> tuple[Mount | None, str]:
    if settings.data_link:
        return _named(settings.data_link, mounts), "chosen by STUDIO_DATA_LINK"
    if not mounts:
        return None, ""
    writable = [m for m in mounts if m.writable]
    if not writable:
        return _preferred(mounts, used_before), "no mounted data link is writable"
    best = _preferred(mounts, used_before)
    if best.access == "failing" and (best.ours or best.name == used_before):
        # Another one would start empty, and be taken for the right one from then on.
        return best, "has this Studio's runs, and is failing; no other is used in its place"
    chosen = _preferred(writable, used_before)
    if len(writable) == 1:
        return chosen, "the only writable data link"
    others = ", ".join(m.name for m in writable if m is not chosen)
    how = "first by name"
    if chosen.ours:
        how = "holds a Studio's snapshots already"
    elif chosen.name == used_before:
        how = "used at the last start"
    return chosen, f"{how}; also writable: {others} (STUDIO_DATA_LINK chooses)"


def _preferred(mounts: Sequence[Mount], used_before: str | None) -> Mount:
    """The link with published states, else the one of the last start, else the first by name."""
    return min(mounts, key=lambda m: (not m.ours, m.name != used_before, m.name))


def _about(mounts: Sequence[Mount], chosen: Mount | None, published: bool) -> tuple[str, ...]:
    """What to say of links that cannot be written to, or hold states that are not looked at."""
    said = []
    for mount in mounts:
        if mount.access == "read-only":
            said.append(f'data link "{mount.name}" is read-only ({mount.reason}): {REMEDY}')
        elif not mount.writable:
            said.append(
                f'data link "{mount.name}" is failing ({mount.reason}): it is not used this time'
            )
        if mount.ours and mount is not chosen and published:
            said.append(
                f'data link "{mount.name}" holds published states too, which are not looked at; '
                f"STUDIO_DATA_LINK={mount.name} chooses them"
            )
    return tuple(said)


def _named(name: str, mounts: Sequence[Mount]) -> Mount:
    for mount in mounts:
        if mount.name == name:
            return mount
    there = ", ".join(m.name for m in mounts) or "none"
    raise InvalidSettings(
        [f"STUDIO_DATA_LINK={name}: no such data link is mounted; there: {there}"]
    )


def _kept(settings: Settings, database: uris.Database, link: Mount | None) -> str:
    if settings.artifacts_only:
        return "no records are kept here: this server has artifacts only"
    place = "by the Studio's checkpoints" if settings.in_session else "on this machine's disk"
    if not database.is_sqlite:
        records = f"records are in {database.kind}, outside this session"
        local = _artifacts(settings, link if link and link.writable else None)
        if Path(local).is_relative_to(settings.home) and settings.serve_artifacts:
            return f"{records}; artifacts only {place}"
        return records
    if link and link.writable:
        return f'published on data link "{link.name}" every {settings.publish_interval_s:g} s'
    if link:
        verb = "cannot be written to" if link.access == "read-only" else "is failing"
        return f'only {place}: data link "{link.name}" {verb}'
    return f"only {place}: no data link is mounted"
