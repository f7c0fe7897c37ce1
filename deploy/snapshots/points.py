"""List the points in time that a folder holds."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.errors import InvalidSetting, NoStates
from deploy.images import written
from studio.snapshots import idle, layout, lineage, scan
from studio.snapshots.decide import Wishes, candidates
from studio.snapshots.layout import State
from studio.snapshots.manifest import Manifest, ManifestError
from studio.snapshots.scan import ScanError, Session

NEWEST = "newest"
_READERS = 8


@dataclass(frozen=True, slots=True)
class Point:
    """One state: its manifest, or the reason why it has none that can be read."""

    state: State
    manifest: Manifest | None
    problem: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give what programs read; all keys are always there."""
        found = self.manifest
        return {
            "state": str(self.state),
            "published_at": written(found.wall_ts) if found else None,
            "runs": found.rows.runs if found else None,
            "metrics": found.rows.metrics if found else None,
            "database_bytes": found.size if found else None,
            "schema": found.alembic_rev if found else None,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Store:
    """A folder with published states: its sessions, the newest first."""

    link: Path
    sessions: tuple[Session, ...]

    @property
    def ends(self) -> tuple[Session, ...]:
        """The sessions that nobody continues, the best first: more than one is a fork."""
        return lineage.leaves(self.sessions)

    def session(self, sid: str) -> Session:
        """Give one session by its name."""
        found = next((each for each in self.sessions if each.sid == sid), None)
        if found is None:
            raise InvalidSetting(sid, f"there is no such session in {self.link}.")
        return found

    def chosen(self, wanted: str) -> tuple[State, ...]:
        """Give the state that was asked for; of `newest` and of a session, those to try in turn."""
        if wanted == NEWEST:
            return candidates(self.sessions, Wishes())
        if layout.is_session_id(wanted):
            return self.session(wanted).states
        try:
            state = State.parse(wanted)
        except ValueError as error:
            raise InvalidSetting("STATE", str(error)) from error
        if state not in self.session(state.sid).states:
            raise InvalidSetting(wanted, f"there is no such state in {self.link}.")
        return (state,)

    def points(self, sessions: Iterable[Session], *, every: bool) -> list[Point]:
        """Read the manifests, the newest first: of every state, or of each session's newest."""
        states: list[State] = []
        for session in sessions:
            newest = session.head or next(iter(session.states), None)
            states += session.states if every else [newest] if newest else []
        with ThreadPoolExecutor(_READERS) as readers:
            found = list(readers.map(self._point, states))
        return sorted(found, key=_time, reverse=True)

    def _point(self, state: State) -> Point:
        try:
            return Point(state, scan.manifest(self.link, state))
        except ManifestError as error:
            return Point(state, None, str(error))


def open_store(folder: Path) -> Store:
    """Look at a data link's folder, or at a copy of the `mlflow-studio` folder on it."""
    try:
        link = _link(folder)
        sessions = idle.marked(link, scan.sessions(link))
    except (ScanError, OSError) as error:
        raise NoStates(folder, getattr(error, "strerror", None) or str(error)) from error
    if not any(session.states for session in sessions):
        raise NoStates(folder, f"there is no state in {layout.sessions_dir(link)}")
    return Store(link, sessions)


def _link(folder: Path) -> Path:
    link = folder.absolute()
    if not link.is_dir():
        raise NoStates(folder, "it is no folder" if link.exists() else "there is no such folder")
    if layout.sessions_dir(link).is_dir() or not (link / "sessions").is_dir():
        return link
    if link.name != layout.ROOT:
        raise InvalidSetting(str(folder), f"name the folder above {layout.ROOT}.")
    return link.parent


def table(store: Store, points: Sequence[Point]) -> list[str]:
    """Write the points for people: a line each, with a head."""
    rows: list[tuple[str, ...]] = [
        ("STATE", "PUBLISHED (UTC)", "RUNS", "METRICS", "DATABASE", "SCHEMA", "")
    ]
    rows += [_row(store, point) for point in points]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if 2 <= column <= 4 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def document(store: Store, points: Sequence[Point]) -> dict[str, Any]:
    """Give the same for programs."""
    ends = {session.sid for session in store.ends}
    return {
        "folder": str(store.link),
        "fork": len(ends) > 1,
        "sessions": [
            {
                "session": session.sid,
                "states": len(session.seqs),
                "newest": str(session.head) if session.head else None,
                "continues": [str(parent) for parent in session.parents],
                "continued": session.sid not in ends,
                "ended": session.ended,
                "problems": list(session.notes),
            }
            for session in store.sessions
        ],
        "states": [point.to_json() for point in points],
    }


def _row(store: Store, point: Point) -> tuple[str, ...]:
    found = point.manifest
    if found is None:
        return str(point.state), "", "", "", "", "", f"cannot be used: {point.problem}"
    return (
        str(point.state),
        written(found.wall_ts).rstrip("Z").replace("T", " "),
        _count(found.rows.runs),
        _count(found.rows.metrics),
        f"{found.size / 1e6:,.1f} MB",
        found.alembic_rev,
        _note(store, point.state),
    )


def _note(store: Store, state: State) -> str:
    session = store.session(state.sid)
    if state != session.head:
        return ""
    heads = [each.head for each in store.ends]
    notes = []
    if state in heads:
        notes.append("newest" if len(heads) == 1 else f"end {heads.index(state) + 1} of a fork")
    if session.ended:
        notes.append("ended well")
    return ", ".join(notes)


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _time(point: Point) -> tuple[float, State]:
    return point.manifest.wall_ts if point.manifest else 0.0, point.state
