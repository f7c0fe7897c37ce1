"""A terminal that a person types into: what is started in it believes that somebody is there.

Standard library only, as it runs on a machine that has nothing yet.
"""

import codecs
import os
import pty
import re
import select
import sys
import time
from pathlib import Path
from typing import Self

# Told from all output; the exit code of the last command is in it.
PROMPT = "[typed %s]"
_AT_PROMPT = re.compile(r"\[typed (\d+)\]")
# Colours, and what a progress line overwrites.
_TRANSIENT = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\r\n]*\r(?=[^\n])|\r")


class Failed(Exception):
    """A command did not do what it should; the text says which, and what it printed."""


class Terminal:
    """A shell behind a terminal. What it shows is passed on to stdout as it comes."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._shown = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._child, self._line = pty.fork()
        if self._child == 0:
            os.chdir(folder)
            shell = {"PS1": PROMPT.replace("%s", "$?"), "PS2": "", "TERM": "dumb", "COLUMNS": "200"}
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "--noediting"], {**env, **shell})
        self._waits_for(_AT_PROMPT, 10)
        self.types("stty -echo cols 200")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._line)  # the shell and what runs in it get a hangup
        os.waitpid(self._child, 0)

    def types(self, line: str, limit_s: float = 120, code: int = 0) -> str:
        """Type a command, wait until it has ended with this exit code, and give what it printed."""
        self._sends(line)
        shown, found = self._waits_for(_AT_PROMPT, limit_s)
        if int(found[1]) != code:
            raise Failed(f"`{line}` ended with {found[1]}, not {code}:\n{shown}")
        return shown

    def starts(self, line: str, until: str, limit_s: float) -> str:
        """Type a command that goes on, and give what it printed up to these words."""
        self._sends(line)
        return self._waits_for(re.compile(re.escape(until)), limit_s)[0] + until

    def presses_ctrl_c(self, limit_s: float = 60) -> str:
        """Interrupt what goes on, and give what it still printed before it ended.

        Its exit code tells nothing: make says 130 of itself, however well its child ended.
        """
        os.write(self._line, b"\x03")
        return self._waits_for(_AT_PROMPT, limit_s)[0]

    def _sends(self, line: str) -> None:
        print(f"\n$ {line}", flush=True)
        os.write(self._line, f"{line}\n".encode())

    def _waits_for(self, what: re.Pattern[str], limit_s: float) -> tuple[str, re.Match[str]]:
        """Read on until the words are there; they are taken out, with all before them."""
        deadline = time.monotonic() + limit_s
        while not (found := what.search(self._shown)):
            left_s = max(0, deadline - time.monotonic())
            if not select.select([self._line], [], [], left_s)[0]:
                raise Failed(f"no {what.pattern!r} within {limit_s:g} s:\n{self._shown}")
            read = _TRANSIENT.sub("", self._decoder.decode(os.read(self._line, 65536)))
            self._shown += read
            sys.stdout.write(read)
            sys.stdout.flush()
        before, self._shown = self._shown[: found.start()], self._shown[found.end() :]
        return before, found
