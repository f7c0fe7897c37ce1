"""`python -m studio.snapshots`: the two commands that the supervisor runs as processes.

`start` decides what a run begins with and prints one JSON document; `publish` runs beside the
server until SIGTERM.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from studio.snapshots.layout import State


def main(argv: Sequence[str]) -> int:
    """Run one command; the exit code is one of the runtime's."""
    args = _parser().parse_args(argv)
    code: int = args.run(args)
    return code


def _start(args: argparse.Namespace) -> int:
    from studio.snapshots import start
    from studio.snapshots.decide import Wishes

    wishes = Wishes(args.restore_from, args.allow_empty, args.on_conflict)
    os.umask(0o077)
    found = start.begin(args.link, args.db, args.home, wishes, time.time())
    print(json.dumps(start.report(found)))
    return found.choice.exit_code


def _publish(args: argparse.Namespace) -> int:
    from studio.snapshots.stopping import StopRequest

    stop = StopRequest(by_keyboard=args.parent_pid is None)  # before the slower imports
    if args.once:
        stop.request()
    from studio.lifetime import die_with_parent
    from studio.snapshots import state
    from studio.snapshots.drill import Drill
    from studio.snapshots.loop import Loop, Times, say
    from studio.snapshots.publish import Publisher, Target
    from studio.snapshots.state import LocalState
    from studio.snapshots.sweep import Sweep, steady_clock

    die_with_parent(args.parent_pid)
    os.nice(args.nice)
    known = state.read(args.home, args.db) or LocalState(state.name_of(args.db, args.home))
    fresh = known.session is None  # nobody has published since the start
    known = known.continued(own_is_visible=known.published)
    publisher = Publisher(Target(args.link, args.db, args.home), time.time, known)
    chores = (Drill(publisher, say), Sweep(publisher, known, fresh, steady_clock(), say))

    def pin() -> None:
        if args.pin and publisher.published is not None:
            pinned = publisher.published.state
            try:
                publisher.pin(args.pin)
                say(f"state {pinned} is kept on the link for good ({args.pin})")
            except OSError as exc:
                say(f"state {pinned} could not be marked to be kept for good: {exc}")

    Loop(publisher, stop, Times(args.interval, args.final_seconds), chores).run(then=pin)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m studio.snapshots", description=__doc__)
    commands = parser.add_subparsers(required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--link", type=_path, required=True, help="the data link's folder")
    common.add_argument("--db", type=_path, required=True, help="the local SQLite file")
    common.add_argument("--home", type=_path, required=True, help="our private local folder")

    start = commands.add_parser("start", parents=[common], help="decide, restore, report as JSON")
    start.add_argument("--restore-from", type=_state, metavar="SESSION/NUMBER")
    start.add_argument("--allow-empty", action="store_true")
    start.add_argument("--on-conflict", choices=("fork", "refuse"), default="fork")
    start.set_defaults(run=_start)

    publish = commands.add_parser("publish", parents=[common], help="publish until SIGTERM")
    publish.add_argument("--interval", type=float, default=15.0, metavar="SECONDS")
    publish.add_argument("--final-seconds", type=float, default=8.0, metavar="SECONDS")
    publish.add_argument("--parent-pid", type=int, help="stop when this parent process has gone")
    publish.add_argument("--once", action="store_true", help="publish what is new, then end")
    publish.add_argument(
        "--pin", metavar="WHY", help="with --once: have that state kept for good, and note why"
    )
    publish.add_argument("--nice", type=int, default=10)
    publish.set_defaults(run=_publish)
    return parser


def _state(text: str) -> State:
    try:
        return State.parse(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def _path(text: str) -> Path:
    return Path(text).absolute()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
