"""A session of a Studio, wherever it runs: what checks may do with it, and how it is waited for."""

import http.client
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from deploy.wait import Clock

# What the Platform waits between SIGTERM and SIGKILL (Seqera docs, custom-envs, "Signals").
STOP_S = 30
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class DataLink:
    """A data link for a session: `place` is what stands for the bucket."""

    name: str
    place: str
    writable: bool = True


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a session ended after SIGTERM; `killed` tells that it ignored that."""

    code: int
    seconds: float
    killed: bool


class Session(Protocol):
    """A Studio that can be started and stopped; its disk stays until the end of all checks."""

    @property
    def port(self) -> int | None:
        """Where it answers on 127.0.0.1; None while it is not running."""

    @property
    def running(self) -> bool:
        """Tell whether the program still runs."""

    @property
    def elsewhere(self) -> str:
        """Where it listens, if only where nobody asks; empty where that cannot be seen."""

    @property
    def log(self) -> str:
        """Everything that it has printed, and what else is known of its end."""

    def start(self) -> None:
        """Start it, the first time or again: its disk is what it was."""

    def stop(self) -> Stopped:
        """SIGTERM, and SIGKILL when the Platform's patience is over."""

    def kill(self) -> None:
        """End it without asking, where nobody wants to know how it ends."""

    def has(self, path: str) -> bool:
        """Tell whether there is such a file on its disk, also after it has stopped."""


class Platform(Protocol):
    """What starts sessions, and leaves nothing behind."""

    @property
    def clock(self) -> Clock:
        """Whose time it is."""

    @property
    def start_s(self) -> float:
        """How long a start may take."""

    @property
    def scratch(self) -> str:
        """A folder on the disk of each session that is not a data link."""

    def session(self, env: Mapping[str, str], links: Sequence[DataLink] = ()) -> Session:
        """Make a session; it is not started yet."""

    def link(self, name: str) -> DataLink:
        """Make an empty data link that can be written to."""

    def read_only_link(self, name: str, files: Mapping[str, bytes]) -> DataLink | None:
        """Make one that holds these files; None where there is no way to make it read-only."""


def wait_until_it_listens(session: Session, platform: Platform) -> float | None:
    """Wait for an answer to HTTP, whatever it says; after how many seconds, None for never.

    It has to answer twice: one that ends with its first answer has not started.
    """
    clock = platform.clock
    began = clock.steady()
    while (passed := clock.steady() - began) < platform.start_s and session.running:
        if _answers(session.port) and _answers(session.port):
            return passed
        clock.sleep(_LOOK_EVERY_S)
    return None


def last_words(session: Session) -> str:
    """Give the last line that it has printed, for a line of the report."""
    said = [line for line in session.log.splitlines() if line.strip()]
    return f"its last words: {shortened(said[-1])}" if said else "it has said nothing"


def shortened(line: str, most: int = 120) -> str:
    """Cut a line of somebody else to what fits into one of ours.

    >>> shortened(" a  few words "), shortened("more words than fit", 12)
    ('a few words', 'more words …')
    """
    return textwrap.shorten(line, most, placeholder=" …")


def _answers(port: int | None) -> bool:
    if port is None:
        return False
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": "localhost"})
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
