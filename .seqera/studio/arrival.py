"""Wait for what lies on the data links: their folders are there at once, the files come later.

Fusion fills a mount in the background (seqeralabs/igv-studio waits for the same reason, in its
`start.sh`), and nothing tells an empty bucket from one that is not filled yet. A start that looks
too early would begin empty beside the runs of last week. So a link inside a session is waited for
while it is empty, and until its listing rests. Elsewhere whoever starts the server has mounted the
folder before.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from studio import mounts
from studio.memory import Memory
from studio.settings import Settings
from studio.snapshots import layout

_LOOK_EVERY_S = 1.0
_RESTS_S = 2.0  # a listing that did not change for so long is complete
_SETTLING_S = 15.0  # what a link gets beyond its limit once it is being filled
_KNOWN_EMPTY_S = 5.0
_SAY_EVERY_S = 10.0
_NO_ANSWER_S = 10.0
_SESSIONS_LISTED = 3  # the newest ones; a start restores one of them
_SESSIONS_TRIED = 30  # for any file at all: a session may have ended before it published
_ENTRIES_LISTED = 5_000

Log = Callable[[str], None]
Listing = frozenset[str]


@dataclass(slots=True)
class _Watched:
    """One link while it is waited for. `listing` is the last one, unchanged since `since`."""

    limit_s: float
    since: float
    listing: Listing = frozenset()
    settled: bool = False
    said: float = field(default=0.0)


def wait(
    settings: Settings,
    memory: Memory,
    log: Log,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    table: Callable[[], Mapping[str, str]] = mounts.mount_table,
) -> frozenset[str]:
    """Wait until the links' files have arrived; the names of those that stayed empty.

    Returns at once outside a session, with STUDIO_LINK_WAIT=0, and where no state could be started
    from. A folder that is a mount of any other file system than FUSE is complete as soon as it is
    mounted. With STUDIO_DATA_LINK only that link is waited for.
    """
    restores = settings.database is None or settings.database.is_sqlite
    if not (settings.in_session and settings.link_wait_s and restores):
        return frozenset()
    began = clock()
    watched: dict[str, _Watched] = {}
    while True:
        mounted = table()
        paths = _filled_later(settings, mounted)
        for name in _wanted(settings, memory, paths, mounted):
            watched.setdefault(name, _Watched(patience(name, settings, memory), clock()))
        for name, link in watched.items():
            _look(link, paths.get(name), clock())
        waiting = {n: link for n, link in watched.items() if not _over(link, clock() - began)}
        if not waiting:
            break
        for name, link in waiting.items():
            _say(name, link, clock() - began, log)
        sleep(_LOOK_EVERY_S)
    _conclude(watched, clock() - began, log)
    return frozenset(name for name, link in watched.items() if not link.listing)


def patience(name: str, settings: Settings, memory: Memory) -> float:
    """For how many seconds an empty link is waited for, by what is known about it.

    One that was found empty before costs little at every start; one that has held states, or must
    hold the state that STUDIO_RESTORE_FROM names, gets twice the time.
    """
    if (name == memory.used and memory.published) or settings.restore_from:
        return 2 * settings.link_wait_s
    if name in memory.empty:
        return min(_KNOWN_EMPTY_S, settings.link_wait_s)
    return settings.link_wait_s


def _filled_later(settings: Settings, table: Mapping[str, str]) -> dict[str, Path]:
    found = {}
    above = Path(os.path.realpath(settings.data_dir))
    for path in mounts.links(settings.data_dir, table):
        # `realpath` asks the mount, which may not answer: first by its name.
        kind = table.get(str(above / path.name)) or table.get(os.path.realpath(path))
        if kind is None or kind.startswith("fuse"):
            found[path.name] = path
    return found


def _wanted(
    settings: Settings, memory: Memory, paths: Mapping[str, Path], table: Mapping[str, str]
) -> set[str]:
    """The links to wait for: those that are there, and one that must be but is not yet."""
    if settings.data_link:
        there = {path.name for path in mounts.links(settings.data_dir, ())}
        missing = settings.data_link not in there
        return {settings.data_link} if missing or settings.data_link in paths else set()
    if paths or not memory.used:
        return {*paths}
    complete = {path.name for path in mounts.links(settings.data_dir, table)}
    return {memory.used} - complete


def _look(link: _Watched, path: Path | None, now: float) -> None:
    if link.settled:
        return
    seen = _within(_NO_ANSWER_S, path) if path else frozenset[str]()
    if seen is None:  # no answer at all; the probe says so later
        link.settled, link.listing, link.said = True, frozenset({"?"}), 0.0
    elif seen != link.listing:
        link.listing, link.since = seen, now
    elif seen and now - link.since >= _RESTS_S:
        link.settled = True


def _over(link: _Watched, waited_s: float) -> bool:
    return link.settled or waited_s >= link.limit_s + (_SETTLING_S if link.listing else 0.0)


def _say(name: str, link: _Watched, waited_s: float, log: Log) -> None:
    if waited_s - link.said < (_SAY_EVERY_S if link.said else _RESTS_S) or link.listing:
        return
    link.said = waited_s
    log(
        f'data link "{name}" is empty so far; waiting for its files: {waited_s:.0f} s of at most '
        f"{link.limit_s:.0f} s (STUDIO_LINK_WAIT)"
    )


def _conclude(watched: Mapping[str, _Watched], waited_s: float, log: Log) -> None:
    for name, link in watched.items():
        if not link.listing:
            log(
                f'data link "{name}" stayed empty for {waited_s:.0f} s and is taken for an empty '
                "one; should files appear in the next ten minutes, that is said"
            )
        elif not link.settled:
            log(f'data link "{name}" is still being filled after {waited_s:.0f} s; it is used')
        elif link.said:
            log(f'the files of data link "{name}" have arrived')


def _within(limit_s: float, path: Path) -> Listing | None:
    """The listing of a link, or None when the mount gives no answer in time."""
    answer: list[Listing] = []
    asking = threading.Thread(target=lambda: answer.append(listing(path)), daemon=True)
    asking.start()
    asking.join(limit_s)
    return answer[0] if answer else None


def listing(link: Path) -> Listing:
    """The names that a start depends on: the top of a link, and the newest sessions' files.

    Empty where nothing can be listed yet, and where there are sessions but only their folders. Our
    folder is asked for by its name as well: an object store may know it before the listing does.
    """
    sids = sorted(filter(layout.is_session_id, _names(layout.sessions_dir(link))), reverse=True)
    sessions = [_of_session(link, sid) for sid in sids[:_SESSIONS_LISTED]]
    older = sids[_SESSIONS_LISTED:_SESSIONS_TRIED]
    if sids and not any(sessions) and not any(_of_session(link, sid) for sid in older):
        return frozenset()
    return frozenset([*_names(link), *sids, *(name for names in sessions for name in names)])


def _of_session(link: Path, sid: str) -> list[str]:
    folders = (layout.manifests_dir(link, sid), layout.packs_dir(link, sid))
    return [f"{sid}/{name}" for folder in folders for name in _names(folder)]


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry, _ in zip(entries, range(_ENTRIES_LISTED), strict=False)]
    except OSError:
        return []
