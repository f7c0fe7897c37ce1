"""Ends of lineages that hold nothing of their own: clones that were started, but never used.

Such a session publishes what it began with, once, while the other Studio goes on. It is no fork
that anybody has to look at; and because it makes the longer line, an empty disk would be given its
old content. So where a link has several ends, the roots tell: one that equals the root of a state
which another end contains is covered by that end.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from studio.snapshots import lineage, scan
from studio.snapshots.layout import State
from studio.snapshots.manifest import ManifestError
from studio.snapshots.scan import Session


def marked(link: Path, sessions: Sequence[Session]) -> tuple[Session, ...]:
    """The sessions, with `idle` set where an end is covered by another one.

    Reads a manifest or two for each end, and nothing where there is only one. What cannot be read
    covers nothing.
    """
    ends = lineage.ends(sessions)
    if len(ends) < 2:
        return tuple(sessions)
    roots: dict[State, str] = {}
    for state in {p for end in ends for p in end.parents}:
        with suppress(ManifestError):
            roots[state] = scan.manifest(link, state).root
    within = {end.sid: lineage.contained(sessions, [end.head]) for end in ends if end.head}
    idle: set[str] = set()
    for end in reversed(ends):
        same = {state for state, root in roots.items() if end.newest and end.newest.root == root}
        others = [sid for sid in within if sid != end.sid and sid not in idle]
        if any(_holds(within[sid], state) for sid in others for state in same):
            idle.add(end.sid)
    return tuple(replace(s, idle=s.sid in idle) for s in sessions)


def _holds(contained: Sequence[State], state: State) -> bool:
    return any(c.sid == state.sid and state.seq <= c.seq for c in contained)
