"""What a start leaves for the process that looks around on the links later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.home import read_json, write_json
from studio.mounts import Mount

_FILE = "lookout-orders.json"


@dataclass(frozen=True, slots=True)
class Orders:
    """The links by name, the sessions that the start saw on each, and a file it left alone.

    `lineages` says that this server began with, or publishes, states on a link.
    """

    links: Mapping[str, Path]
    known: Mapping[str, frozenset[str]]
    lineages: bool = True
    left_alone: Path | None = None


def write(
    run: Path,
    mounts: Sequence[Mount],
    known: Mapping[str, Sequence[str]],
    *,
    lineages: bool,
    left_alone: str | None,
) -> None:
    """Leave them for a process that starts later; a link that cannot be read is not looked at."""
    document = {
        "links": {mount.name: str(mount.path) for mount in mounts if mount.readable},
        "known": {name: list(sessions) for name, sessions in known.items()},
        "lineages": lineages,
        "left_alone": left_alone,
    }
    write_json(run / _FILE, document)


def read(run: Path) -> Orders:
    """What `write` left."""
    document = read_json(run / _FILE)
    alone = document.get("left_alone")
    return Orders(
        {name: Path(path) for name, path in document.get("links", {}).items()},
        {name: frozenset(sids) for name, sids in document.get("known", {}).items()},
        bool(document.get("lineages")),
        Path(alone) if alone else None,
    )
