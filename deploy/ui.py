"""What people see, on stderr, and what programs read, on stdout."""

import sys

_verbose = False


def say(line: str) -> None:
    """Tell the person at the terminal."""
    print(line, file=sys.stderr, flush=True)


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
