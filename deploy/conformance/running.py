"""What every custom Studio has to do when it runs."""

from collections.abc import Iterator

from deploy.conformance.report import Check, Result, Verdict
from deploy.conformance.session import (
    STOP_S,
    DataLink,
    Platform,
    Session,
    last_line,
    wait_until_it_listens,
)

START_S = 120
NO_READ_ONLY = "nothing is read-only to root on this machine"

PORT_CHECK = Check(
    "port",
    "it listens on the port that the Platform names, for everybody",
    "Let the program listen on 0.0.0.0 and on the port in CONNECT_TOOL_PORT, not on a fixed\n"
    "one and not on 127.0.0.1: the Platform shows a Studio as running only once it answers there.",
)
START = Check(
    "start",
    f"it answers within {START_S} s",
    "See its log for what it waits for. Nothing may be installed or downloaded at the start.",
)
LINKS = Check(
    "data-links",
    "it starts beside a writable and a read-only data link",
    "Let the program start when a folder below /workspace/data cannot be written to: data links\n"
    "are read-only unless their bucket is among the compute environment's Allowed S3 buckets.",
)
SIGNAL = Check(
    "signal",
    f"it ends by itself after SIGTERM, within {STOP_S} s",
    "Let the program handle SIGTERM (a shell script has to exec it): after that time the\n"
    "Platform kills it, and what was not written yet is lost.",
)
RESTART = Check(
    "restart",
    "it starts again on the disk that it has left",
    "The Platform starts a Studio again from a checkpoint of its disk: a pid file, a lock or a\n"
    "half-written file of the last session must not stop it.",
)
CHECKS = (PORT_CHECK, START, LINKS, SIGNAL, RESTART)


def run(platform: Platform, start_s: float = START_S) -> Iterator[Result]:
    """Start a session without data links, stop it, start it again; then one with them."""
    session = platform.session({})
    session.start()
    passed = wait_until_it_listens(session, platform.clock, start_s)
    yield from _started(session, passed)
    if passed is None:
        yield from _not_checked((LINKS, SIGNAL, RESTART), "it did not start")
        return
    stopped = session.stop()
    how = f"exit code {stopped.code} after {stopped.seconds:.1f} s"
    yield _judged(SIGNAL, not stopped.killed, f"killed: {how}" if stopped.killed else how)
    session.start()
    passed = wait_until_it_listens(session, platform.clock, start_s)
    yield _judged(RESTART, passed is not None, _answered(session, passed))
    session.kill()
    yield _beside_links(platform, start_s)


def _beside_links(platform: Platform, start_s: float) -> Result:
    reference = platform.link("reference", {"genome.txt": b"ACGT\n"}, writable=False)
    if reference is None:
        return Result(LINKS, "not checked", NO_READ_ONLY)
    runs = platform.link("runs", {})
    links: list[DataLink] = [link for link in (reference, runs) if link]
    session = platform.session({}, links)
    session.start()
    passed = wait_until_it_listens(session, platform.clock, start_s)
    session.kill()
    return _judged(LINKS, passed is not None, _answered(session, passed))


def _started(session: Session, passed: float | None) -> Iterator[Result]:
    if passed is not None:
        yield _judged(PORT_CHECK, True, "it answered there")
        yield _judged(START, True, f"after {passed:.1f} s")
    elif session.running:
        yield _judged(PORT_CHECK, False, f"nothing answers there; {last_line(session)}")
        yield from _not_checked((START,), "nobody can tell when it is ready")
    else:
        yield from _not_checked((PORT_CHECK,), "it has ended")
        yield _judged(START, False, f"it has ended; {last_line(session)}")


def _answered(session: Session, passed: float | None) -> str:
    return last_line(session) if passed is None else f"after {passed:.1f} s"


def _not_checked(checks: tuple[Check, ...], why: str) -> Iterator[Result]:
    verdict: Verdict = "not checked"
    for check in checks:
        yield Result(check, verdict, why)


def _judged(check: Check, holds: bool, evidence: str) -> Result:
    return Result(check, "ok" if holds else "failed", evidence)
