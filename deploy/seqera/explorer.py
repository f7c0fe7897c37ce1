"""Read a data link through the Platform, and what our sessions have published there.

Whoever deploys has no access to the bucket itself. What is read is bounded: a link may be large,
and this only has to know the newest states.
"""

from __future__ import annotations

from dataclasses import dataclass

from deploy.errors import RequestRefused, StillCollecting, Unreachable
from deploy.seqera import members
from deploy.seqera.calls import Calls
from studio.snapshots import layout
from studio.snapshots.layout import State
from studio.snapshots.manifest import Manifest, parse

SESSIONS = f"{layout.ROOT}/sessions"
NOT_FOUND = 404
MOST_SESSIONS = 20
MOST_PAGES = 20
# The newest manifest may be half written; one of the next is whole.
MOST_TRIED = 3


@dataclass(frozen=True, slots=True)
class Published:
    """The newest state of a session: `<session>/<number>`, its schema, when, and how many runs."""

    state: str
    alembic_rev: str
    at: float
    runs: int | None = None


@dataclass(frozen=True, slots=True)
class Explorer:
    """One data link, read through the Platform."""

    calls: Calls
    link_id: str

    def names(self, folder: str = "") -> list[str]:
        """List a folder, by its path on the link; the names of folders end without a slash.

        Of a very large folder only the first pages are read.
        """
        path = ("data-links", self.link_id, "browse", *([folder] if folder else []))
        found: list[str] = []
        token: str | None = None
        for _ in range(MOST_PAGES):
            query = {} if token is None else {"nextPageToken": token}
            document = self.calls.read(*path, query=query).document()
            for item in members.rows(document, "objects"):
                name = (members.text(item, "name") or "").rstrip("/").rpartition("/")[2]
                found += [name] if name else []
            token = members.text(document, "nextPageToken")
            if token is None:
                break
        return found

    def content(self, file: str) -> bytes:
        """Give a file's content."""
        return self.calls.read("data-links", self.link_id, "download", file).body


def newest_states(explorer: Explorer) -> tuple[Published, ...] | None:
    """Give the newest state of each of the last sessions on a link, the newest first.

    None where the link cannot be read through the Platform: then nothing is known.
    """
    try:
        found = [_newest(explorer, session) for session in _sessions(explorer)]
    except (RequestRefused, Unreachable, StillCollecting):
        return None
    return tuple(sorted(filter(None, found), key=lambda each: each.at, reverse=True))


def _sessions(explorer: Explorer) -> list[str]:
    """List the last sessions; their names begin with the time of their start."""
    try:
        names = explorer.names(SESSIONS)
    except RequestRefused as error:
        # A folder that is not there is one answer, a link that cannot be read another.
        if error.status == NOT_FOUND and layout.ROOT not in explorer.names():
            return []
        raise
    return sorted(filter(layout.is_session_id, names), reverse=True)[:MOST_SESSIONS]


def _newest(explorer: Explorer, session: str) -> Published | None:
    folder = f"{SESSIONS}/{session}/manifests"
    try:
        names = explorer.names(folder)
    except RequestRefused as error:
        if error.status == NOT_FOUND:
            return None
        raise
    numbered = [
        (number, name) for name in names if (number := layout.manifest_seq(name)) is not None
    ]
    for number, name in sorted(numbered, reverse=True)[:MOST_TRIED]:
        manifest = _manifest(explorer, f"{folder}/{name}")
        if manifest is not None and manifest.seq == number:
            state = State(session, number)
            return Published(str(state), manifest.alembic_rev, manifest.wall_ts, manifest.rows.runs)
    return None


def _manifest(explorer: Explorer, file: str) -> Manifest | None:
    try:
        return parse(explorer.content(file))
    except ValueError:
        return None
    except RequestRefused as error:
        if error.status == NOT_FOUND:
            return None
        raise
