"""What lies on a link: sessions and their states.

Nothing here trusts what it finds: torn, empty and alien files are noted and passed over. Only the
newest readable manifest of each session is opened; hashes of packs are checked by `restore`.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.snapshots import layout, reading
from studio.snapshots.layout import State, states_in
from studio.snapshots.manifest import Manifest, ManifestError, parse

_READERS = 8  # one answer of an object store takes some 50 ms; sessions add up


class Unreadable(ManifestError):
    """The link does not answer: nothing is known about the manifest."""


class ScanError(Exception):
    """The link cannot be listed, so nobody knows whether it holds states."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session on a link.

    `seqs` are the numbers of all manifest files, oldest first, readable or not; `newest` is the
    newest that could be read. A session contains what its `parents` had published up to the number
    given, and what their sessions contained, its `ancestors`; it knows of its `passed_over` states
    without containing them (they were damaged, or somebody chose another one by name). `depth`
    counts sessions from the first of its line. An `idle` one has nothing that is not elsewhere.
    """

    sid: str
    seqs: tuple[int, ...] = ()
    newest: Manifest | None = None
    parents: tuple[State, ...] = ()
    passed_over: tuple[State, ...] = ()
    depth: int = 1
    restored_from: State | None = None
    ended: bool = False
    notes: tuple[str, ...] = ()
    ancestors: tuple[State, ...] = ()
    idle: bool = False

    @property
    def head(self) -> State | None:
        """The newest state that could be read."""
        return State(self.sid, self.newest.seq) if self.newest else None

    @property
    def states(self) -> tuple[State, ...]:
        """All states, readable or not, newest first."""
        return tuple(State(self.sid, seq) for seq in reversed(self.seqs))


def sessions(link: Path) -> tuple[Session, ...]:
    """All sessions on a link, newest first by name. ScanError when the link cannot be listed."""
    try:
        sids = [n for n in names(layout.sessions_dir(link)) if layout.is_session_id(n)]
        with ThreadPoolExecutor(_READERS) as readers:
            found = readers.map(lambda sid: session(link, sid), sorted(sids, reverse=True))
            return tuple(found)
    except OSError as exc:
        raise ScanError(f"{layout.sessions_dir(link)} cannot be listed: {exc}") from exc


def session(link: Path, sid: str) -> Session:
    """Look at one session."""
    notes: list[str] = []
    inside = names(layout.session_dir(link, sid))
    numbers = map(layout.manifest_seq, names(layout.manifests_dir(link, sid)))
    seqs = tuple(sorted(n for n in numbers if n is not None))
    newest = None
    for seq in reversed(seqs):
        try:
            newest = manifest(link, State(sid, seq))
            break
        except ManifestError as exc:
            notes.append(f"manifest {seq}: {exc}")
    about: dict[str, Any] = {}
    parents, depth = (newest.parents, newest.depth) if newest else ((), 1)
    if "session.json" in inside:
        try:
            about = reading.json_object(reading.small(layout.session_file(link, sid)))
            parents = states_in(about.get("parents"))
        except (OSError, ValueError) as exc:
            notes.append(f"session.json: {exc}")
    claimed = about.get("depth")
    restored_from = states_in([about.get("restored_from")])
    return Session(
        sid=sid,
        seqs=seqs,
        newest=newest,
        parents=parents,
        passed_over=states_in(about.get("passed_over")),
        depth=claimed if isinstance(claimed, int) and claimed > 0 else depth,
        restored_from=restored_from[0] if restored_from else None,
        ended="end.json" in inside,
        notes=tuple(notes),
        ancestors=states_in(about.get("ancestors")),
    )


def manifest(link: Path, state: State) -> Manifest:
    """The manifest of a state; ManifestError says why there is none that can be used."""
    try:
        found = parse(reading.small(layout.manifest_file(link, state)))
    except FileNotFoundError as exc:
        raise ManifestError("there is no such manifest") from exc
    except OSError as exc:
        raise Unreadable(f"the manifest cannot be read ({exc})") from exc
    except ManifestError:
        raise
    except ValueError as exc:
        raise ManifestError(str(exc)) from exc
    if found.seq != state.seq:
        raise ManifestError(f"the manifest is that of state {found.seq}")
    return found


def names(folder: Path) -> list[str]:
    """The names in a folder; none when there is no such folder."""
    try:
        return reading.patiently(lambda: [path.name for path in folder.iterdir()])
    except (FileNotFoundError, NotADirectoryError):
        return []
