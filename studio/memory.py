"""What the home remembers of the data links between two starts: `<home>/links.json`.

A checkpoint keeps it with the rest of the home. It only decides how patiently a start waits and
which of several links it prefers; nothing is lost without it.
"""

from dataclasses import dataclass
from pathlib import Path

from studio.home import read_json, write_json
from studio.snapshots import state


@dataclass(frozen=True, slots=True)
class Memory:
    """`used` is the link that snapshots were published on or restored from at the last start.

    `empty` are the links that stayed empty although their files were waited for. `published` says
    that the local database is known to have states on a link (`studio.snapshots.state`).
    """

    used: str | None = None
    empty: frozenset[str] = frozenset()
    published: bool = False


def recall(home: Path) -> Memory:
    """What the last start noted; nothing where there was none."""
    document, known = read_json(home / "links.json"), read_json(state.path(home))
    used, empty = document.get("used"), document.get("empty")
    return Memory(
        used if isinstance(used, str) else None,
        frozenset(name for name in empty if isinstance(name, str))
        if isinstance(empty, list)
        else frozenset(),
        bool(known.get("published") or known.get("parents")),
    )


def keep(home: Path, used: str | None, empty: frozenset[str]) -> None:
    """Note for the next start which link is used, and which stayed empty."""
    before = recall(home)
    if (used, empty) != (before.used, before.empty):
        write_json(home / "links.json", {"used": used, "empty": sorted(empty)})
