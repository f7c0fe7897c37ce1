"""Wait for a build. The build is Wave's: a lost connection, or Ctrl-C, leaves it running."""

from collections.abc import Callable
from dataclasses import dataclass

from deploy import ui
from deploy.errors import GaveUpWaiting, RequestRefused, Unreachable
from deploy.wait import Clock, pauses, spelt
from deploy.wave.answered import Status
from deploy.wave.client import Client
from deploy.wave.progress import Progress

FIRST_PAUSE_S = 2
LONGEST_PAUSE_S = 10
# A request's state may be known a moment later than its answer was sent.
UNKNOWN_S = 60
# The log is stored after the build's end is known.
LOG_TRIES = 6
LOG_PAUSE_S = 2
LAST_LINES = 15
# Wave's limits for a build; the longer one is for frozen builds with a token.
BUILD_LIMIT_S = 15 * 60
FREEZE_LIMIT_S = 25 * 60


@dataclass(frozen=True, slots=True)
class Ticket:
    """What it takes to ask about a build: a request's or a build's id, and how to go on asking."""

    id: str
    build: str
    resume: str
    limit_s: float


def wait(
    client: Client, ticket: Ticket, clock: Clock, see: Callable[[Status], None] | None = None
) -> Status:
    """Ask until the build is over. A question that gets no answer does not end the wait."""
    begun = clock.steady()
    progress = Progress(ticket.limit_s)
    state, lost_since = "not known", None
    try:
        for pause in pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S, 1.5):
            now = clock.steady()
            try:
                status = client.status(ticket.id)
            except (Unreachable, RequestRefused) as error:
                if not _may_pass(error, now - (now if lost_since is None else lost_since)):
                    raise
                if lost_since is None:
                    progress.end()
                    ui.say(f"{error.short}; the build goes on, asking again in {pause:.0f} s")
                    lost_since = now
            else:
                lost_since = None
                if see is not None:
                    see(status)
                if status.is_over:
                    return status
                state = status.state
            elapsed = clock.steady() - begun
            if elapsed >= ticket.limit_s:
                limit = spelt(ticket.limit_s)
                raise GaveUpWaiting(f"build {ticket.build}", limit, state, ticket.resume)
            progress.show(state, elapsed)
            clock.sleep(min(pause, ticket.limit_s - elapsed))
    finally:
        progress.end()
    raise AssertionError("pauses never end")


def _may_pass(error: Unreachable | RequestRefused, since_s: float) -> bool:
    """Tell whether to ask again: a server that is busy or gone comes back, a refusal stays."""
    if isinstance(error, Unreachable):
        return error.passing
    if error.status == 404:
        return since_s < UNKNOWN_S
    return error.status == 429 or error.status >= 500


def log_tail(client: Client, build_id: str, clock: Clock) -> tuple[str, ...]:
    """Give the last lines of a build's log, or none if it does not come."""
    for attempt in range(LOG_TRIES):
        if attempt:
            clock.sleep(LOG_PAUSE_S)
        try:
            log = client.log(build_id)
        except (RequestRefused, Unreachable):
            return ()
        if log is not None:
            lines = [plain(line) for line in log.splitlines()]
            return tuple(line for line in lines if line.strip())[-LAST_LINES:]
    return ()


def plain(line: str) -> str:
    """Take out what could move the cursor of a terminal."""
    return "".join(c if c.isprintable() or c == "\t" else "" for c in line).rstrip()
