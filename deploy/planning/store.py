"""Foresee where a Studio of ours will keep its runs, by the rules of the runtime itself.

`studio.storage` decides in the session, when it sees the mounts; this says the same beforehand,
from the environment and the data links, so that a plan can name the store. A test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from deploy.profile.exposure import hidden
from deploy.secret import redact
from studio.settings import VARIABLES, InvalidSettings, Settings, read
from studio.snapshots import layout

if TYPE_CHECKING:
    from deploy.seqera.models import Link

# These name files of the session, which are not here to be read.
_FILES = frozenset(
    {"MLFLOW_TRACE_ARCHIVAL_CONFIG", *(f"{each.name}_FILE" for each in VARIABLES if each.secret)}
)
_DATABASE_FILE = "MLFLOW_BACKEND_STORE_URI_FILE"

Kind = Literal["link", "database", "checkpoint", "none", "unknown"]


@dataclass(frozen=True, slots=True)
class Mounted:
    """A data link as the session will have it; None where that is not known.

    `ours` tells that a Studio has published on it before.
    """

    link: Link
    writable: bool | None
    ours: bool | None = None


@dataclass(frozen=True, slots=True)
class Store:
    """Where the runs are kept.

    `kind` checkpoint is the disk of the session, which the Platform saves for this one Studio. With
    a database the `artifacts` may still be there: `artifacts_kept` tells that they are not. Nothing
    is said of them where they are on data links that cannot be read now.
    """

    kind: Kind
    words: str
    link: Link | None = None
    artifacts: str = ""
    artifacts_kept: bool = True

    @property
    def place(self) -> tuple[str, str]:
        """What two Studios share if the second is to show the runs of the first."""
        return self.kind, self.link.uri if self.link else self.words


UNKNOWN = Store("unknown", "not known: that is a matter of the image")
UNREAD_LINKS = "its data links cannot be read now"
# Unlike the other, this is a Studio of ours, and its runs are on a data link or in its checkpoint.
UNREAD = Store("unknown", f"not known: {UNREAD_LINKS}")


def problems(environment: Mapping[str, str], secrets: tuple[str, ...] = ()) -> tuple[str, ...]:
    """List what the runtime would refuse to start with; secrets are masked."""
    try:
        read(_readable(environment), in_image=True)
    except InvalidSettings as error:
        return tuple(_masked(text, environment, secrets) for text in error.problems)
    return ()


def decide(
    environment: Mapping[str, str],
    mounts: Sequence[Mounted],
    used_before: str | None = None,
    secrets: tuple[str, ...] = (),
    *,
    whole: bool = True,
) -> Store:
    """Foresee the store. With what the runtime refuses there is none, and that is what is said.

    `used_before` is the name of the data link that the Studio used when it last ran. `secrets` are
    masked, and so is what looks like one. `mounts` that are not the `whole` leave `UNREAD` all that
    depends on a data link.
    """
    found = _decided(environment, mounts, used_before, whole)
    return replace(
        found,
        words=_masked(found.words, environment, secrets),
        artifacts=_masked(found.artifacts, environment, secrets),
    )


def _decided(
    environment: Mapping[str, str],
    mounts: Sequence[Mounted],
    used_before: str | None,
    whole: bool,
) -> Store:
    try:
        settings = read(_readable(environment), in_image=True)
        link = _link(settings.data_link, mounts, used_before) if whole else None
    except (InvalidSettings, LookupError) as error:
        return Store("unknown", f"none: the Studio would not start ({error})")
    if settings.artifacts_only:
        return Store("none", "no runs: this server has artifacts only")
    place, artifacts = _artifacts(settings, link, whole)
    kept = place != "checkpoint"
    database = _database(settings, environment)
    if database is not None:
        return Store("database", database, None, artifacts, kept)
    if not whole:
        return UNREAD
    if link is None:
        return Store("checkpoint", _only_here(settings, mounts), None, artifacts, kept)
    sure = "" if link.writable else ", if it can be written to"
    words = f'data link "{link.link.name}" ({link.link.uri}): {layout.ROOT}/{sure}'
    return Store("link", words, link.link, artifacts, kept)


def _masked(text: str, environment: Mapping[str, str], secrets: tuple[str, ...]) -> str:
    told = [value for name, value in environment.items() if value and hidden(name, value)]
    return redact(text, (*told, *filter(None, secrets)))


def _readable(environment: Mapping[str, str]) -> dict[str, str]:
    given = {name: value for name, value in environment.items() if name not in _FILES}
    return {"CONNECT_TOOL_PORT": "8080", **given}


def _database(settings: Settings, environment: Mapping[str, str]) -> str | None:
    """Name the database of records outside the session, without its password; None for SQLite."""
    if environment.get(_DATABASE_FILE):
        return f"the database that {environment[_DATABASE_FILE]} names"
    if settings.database is None or settings.database.is_sqlite:
        return None
    address = urlsplit(settings.database.uri)
    name = address.path.strip("/")
    server = f"{settings.database.kind} at {address.hostname or 'an unnamed host'}"
    return f"{server}, database {name}" if name else server


def _link(name: str | None, mounts: Sequence[Mounted], used_before: str | None) -> Mounted | None:
    """The link that the runtime takes, None if there is none that it can write to."""
    if name is not None:
        named = next((mount for mount in mounts if mount.link.name == name), None)
        if named is None:
            raise LookupError(f"STUDIO_DATA_LINK: there is no data link {name}")
        return None if named.writable is False else named
    return min(
        (mount for mount in mounts if mount.writable is not False),
        # What is certain comes before what is not.
        key=lambda mount: (
            not mount.ours,
            mount.writable is None,
            mount.link.name != used_before,
            mount.link.name,
        ),
        default=None,
    )


def _artifacts(settings: Settings, link: Mounted | None, whole: bool) -> tuple[Kind, str]:
    root = settings.artifact_root
    if root and "://" in root and not root.startswith("file:"):
        return "link", root
    place = settings.artifacts_destination or root
    if place and "://" in place and not place.startswith("file:"):
        return "link", place
    if place:
        path = PurePosixPath(urlsplit(place).path)
        below = path.is_relative_to(settings.data_dir.as_posix())
        return ("link" if below else "checkpoint"), str(path)
    if not whole:
        return "unknown", ""
    if link is not None:
        return "link", f'data link "{link.link.name}": {layout.ROOT}/artifacts/'
    return "checkpoint", "the Studio's own checkpoint"


def _only_here(settings: Settings, mounts: Sequence[Mounted]) -> str:
    why = "no data link is mounted"
    if settings.data_link:
        why = f"data link {settings.data_link} cannot be written to"
    elif mounts:
        why = "no mounted data link can be written to"
    return f"only the Studio's own checkpoint: {why}"
