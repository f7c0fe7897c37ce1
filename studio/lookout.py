"""`python -m studio.lookout HOME PORT PARENT`: look around on the data links, beside the server.

Once the server is ready, other stores on the links are searched for. Then, one, two, five and ten
minutes later, the links are listed again: a mount that was filled late, or a second Studio, shows
itself as sessions that this server does not descend from. Nothing is merged and nothing is changed
on a link; what is found goes to the log and to `/studio/status`.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from studio import announce, keeping, orders, status
from studio.discover import Found, Search
from studio.home import read_json, write_json
from studio.lifetime import die_with_parent
from studio.orders import Orders
from studio.snapshots import layout, scan, state
from studio.snapshots import status as publishing
from studio.snapshots.scan import ScanError, Session

_AGAIN_AFTER_S = (60, 120, 300, 600)
_READY_WITHIN_S = 600
Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Appeared:
    """A session that came to light on a link after the start, with its newest state."""

    link: str
    session: str
    state: str
    published_at: float
    runs: int | None


def run(
    home: Path, ready: Callable[[], bool], log: Log, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Look around as the module says; it ends ten minutes after the server is ready.

    Where the records are elsewhere, lineages on the links are no concern of this server.
    """
    for _ in range(_READY_WITHIN_S):
        if ready():
            break
        sleep(1)
    given = orders.read(home / "run")
    document = _stores(given, home / "run" / "look")
    for found in document["found"]:
        log(keeping.of_found(found))
    write_json(home / "run" / status.LOOKOUT, document)
    passed_s = 0
    for at_s in _AGAIN_AFTER_S if given.lineages else ():
        sleep(at_s - passed_s)
        passed_s = at_s
        told = {each["session"] for each in document["appeared"]}
        document["appeared"] = [asdict(each) for each in appeared(given, home)]
        for each in document["appeared"]:
            if each["session"] not in told:
                log(f"warning: {keeping.of_appeared(each)}")
        write_json(home / "run" / status.LOOKOUT, document)


def _stores(given: Orders, scratch: Path) -> dict[str, Any]:
    scratch.mkdir(mode=0o700, exist_ok=True)
    search = Search(scratch)
    found = stores(given, search)
    return {
        "found": [asdict(each) for each in found],
        "incomplete": search.incomplete,
        "appeared": [],
    }


def stores(given: Orders, search: Search) -> list[Found]:
    """Other stores on the links, and the file that was named as the database but left alone."""
    found = [each for path in given.links.values() for each in search.look(path)]
    alone = given.left_alone
    if alone and alone.is_file() and str(alone) not in {each.path for each in found}:
        found.insert(0, search.look_at(alone))
    return found


def appeared(given: Orders, home: Path) -> list[Appeared]:
    """Sessions with a state that the start did not see and that are not of this server's line."""
    found = []
    for name, path in given.links.items():
        try:
            there = scan.sessions(path)
        except ScanError:
            continue  # the link is away; the publisher says so
        line = _line(there, own_sessions(home)) | given.known.get(name, frozenset())
        found += [
            Appeared(name, s.sid, str(s.head), s.newest.wall_ts, s.newest.rows.runs)
            for s in there
            if s.newest and s.sid not in line
        ]
    return found


def own_sessions(home: Path) -> Set[str]:
    """The sessions that this server publishes, began with, or knowingly left."""
    known = read_json(state.path(home))
    own = {known.get("session"), read_json(publishing.path(home)).get("session")}
    for key in ("parents", "ancestors", "passed_over"):
        own |= {each.get("sid") for each in known.get(key) or [] if isinstance(each, dict)}
    return {sid for sid in own if isinstance(sid, str) and layout.is_session_id(sid)}


def _line(there: Sequence[Session], own: Set[str]) -> Set[str]:
    """With all ancestors: a restarted publisher goes on in a new session."""
    parents = {s.sid: {p.sid for p in s.parents} for s in there}
    line = set(own)
    while more := {p for sid in line for p in parents.get(sid, ())} - line:
        line |= more
    return line


def main(argv: Sequence[str]) -> int:
    """Look around until the last look is done or the parent goes."""
    home, port, parent = Path(argv[0]), int(argv[1]), int(argv[2])
    die_with_parent(parent)
    os.nice(10)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    run(home, lambda: announce.ask(port, "/studio/ready")[0] == 200, say)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
