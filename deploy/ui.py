"""What people see, on stderr, and what programs read, on stdout."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO

_verbose = False


def say(line: str) -> None:
    """Tell the person at the terminal, if there still is one."""
    with to_whoever_reads(sys.stderr):
        print(line, file=sys.stderr, flush=True)


@contextlib.contextmanager
def to_whoever_reads(stream: TextIO) -> Iterator[None]:
    """Write for people; where nobody reads any more, go on in silence.

    Ctrl-C ends a `| tee log` as well, and a terminal may be closed: what is under way then has to
    be brought to its end, or taken back, all the same.
    """
    try:
        yield
    except OSError:
        # What is still in the stream's buffer would fail again, at the latest at the exit.
        with contextlib.suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), stream.fileno())


def detail(line: str) -> None:
    """Tell what only somebody who looks for a fault wants to know: with --verbose alone."""
    if _verbose:
        say(f"· {printable(line)}")


def be_verbose(wanted: bool) -> None:
    """Show details from here on, or no longer; a process has one stderr, so this is its own."""
    global _verbose
    _verbose = wanted


def is_verbose() -> bool:
    """Tell whether details are shown: then nothing may be written over."""
    return _verbose


def give(result: str) -> None:
    """Hand the result to the next program: the only thing that may reach stdout.

    What its encoding lacks is written as an escape; stderr does that by itself.
    """
    encoding = sys.stdout.encoding or "utf-8"
    print(result.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def complain(message: str) -> None:
    r"""Show an error so that it stands out without colour: indented below its first word.

    >>> import contextlib, sys
    >>> with contextlib.redirect_stderr(sys.stdout):
    ...     complain("no engine answers.\nStart Docker.")
    error: no engine answers.
           Start Docker.
    """
    say("error: " + message.replace("\n", "\n       "))


def printable(line: str) -> str:
    r"""Take out what could move the cursor of a terminal: names are chosen by others.

    >>> printable("a\x1b[2Jb")
    'a?[2Jb'
    """
    return "".join(c if c.isprintable() else "?" for c in line)
