"""What every custom Studio has to do when it runs."""

from collections.abc import Iterator

from deploy.conformance.report import Check, Result, judged, not_checked
from deploy.conformance.session import Platform, Session, last_words, wait_until_it_listens

NO_READ_ONLY = "nothing is read-only to root on this machine"

PORT = Check(
    "port",
    "it listens on the port that the Platform names, for everybody",
    "Let the program listen on 0.0.0.0 and on the port in CONNECT_TOOL_PORT, not on a fixed\n"
    "one and not on 127.0.0.1: the Platform shows a Studio as running only once it answers there.",
)
START = Check(
    "start",
    "it starts, and answers in time",
    "Its log says what it waits for. Nothing should be installed or downloaded at the start.\n"
    "--start-limit gives it more time.",
)
LINKS = Check(
    "data-links",
    "it starts beside a writable and a read-only data link",
    "Let the program start when a folder below /workspace/data cannot be written to: data links\n"
    "are read-only unless their bucket is among the compute environment's Allowed S3 buckets.",
)
SIGNAL = Check(
    "signal",
    "it ends by itself after SIGTERM",
    "Let the program handle SIGTERM (a shell script has to exec it): 30 s later the Platform\n"
    "kills it, and what was not written yet is lost.",
)
RESTART = Check(
    "restart",
    "it starts again on the disk and the data links that it has left",
    "The Platform starts a Studio again from a checkpoint of its disk: a pid file, a lock or a\n"
    "half-written file of the last session, there or on a data link, must not stop it.",
)
CHECKS = (PORT, START, SIGNAL, LINKS, RESTART)


def run(platform: Platform) -> Iterator[Result]:
    """Start a session without data links, and stop it; then one with them, and start it again."""
    session = platform.session({})
    session.start()
    passed = wait_until_it_listens(session, platform)
    yield from _started(session, passed, platform.start_s)
    if passed is None:
        session.kill()
        yield from not_checked((SIGNAL, LINKS, RESTART), "it did not start")
        return
    stopped = session.stop()
    how = f"exit code {stopped.code} after {stopped.seconds:.1f} s"
    yield judged(
        SIGNAL, not stopped.killed, f"it had to be killed: {how}" if stopped.killed else how
    )
    yield from _beside_links(platform)


def _beside_links(platform: Platform) -> Iterator[Result]:
    reference = platform.read_only_link("reference", {"genome.txt": b"ACGT\n"})
    links = (platform.link("runs"), *([] if reference is None else [reference]))
    session = platform.session({}, links)
    beside = _starts(LINKS, session, platform)
    if beside.verdict == "ok":
        yield beside if reference else Result(LINKS, "not checked", NO_READ_ONLY)
        session.stop()
        yield _starts(RESTART, session, platform)
    else:
        yield beside
        yield from not_checked((RESTART,), f"see {LINKS.name}")
    session.kill()


def _starts(check: Check, session: Session, platform: Platform) -> Result:
    """Judge by whether it answers after a start."""
    session.start()
    passed = wait_until_it_listens(session, platform)
    evidence = last_words(session) if passed is None else f"after {passed:.1f} s"
    return judged(check, passed is not None, evidence)


def _started(session: Session, passed: float | None, limit_s: float) -> Iterator[Result]:
    if passed is not None:
        yield judged(PORT, True, "it answers there")
        yield judged(START, True, f"after {passed:.1f} s; {limit_s:g} s are allowed")
    elif not session.running:
        yield from not_checked((PORT,), "it has ended")
        yield judged(START, False, f"it has ended; {last_words(session)}")
    elif elsewhere := session.elsewhere:
        nothing = f"nothing answers there after {limit_s:g} s"
        yield judged(PORT, False, f"{nothing}; it listens at {elsewhere}")
        yield from not_checked((START,), "nobody can tell when it is ready")
    else:
        yield from not_checked((PORT,), "it has given no answer")
        yield judged(START, False, f"no answer after {limit_s:g} s; {last_words(session)}")
