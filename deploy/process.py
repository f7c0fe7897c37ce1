"""The door to other programs: the only module that starts one.

A command is a value, so what would run can be printed and tested without running it. Secrets travel
in `env`, never in `argv`: every user of a machine can read its process list.
"""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, starmap
from pathlib import Path
from typing import NoReturn

from deploy import secret, ui

# What follows these options is NAME=VALUE, and the value may be a secret.
_VARIABLES = ("--env", "--build-arg")
_LINUX: bool = sys.platform == "linux"
_GONE_S = 5
_NAME = re.compile(r"(?P<name>(--[a-z-]+=)?[^=-][^=]*=).+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, and the whole environment it gets.

    As text it is for people: values of variables, and all that looks like a secret, are masked.

    >>> print(Command(("docker", "run", "--env", "A=b", "a b"), {}))
    docker run --env 'A=***' 'a b'
    """

    argv: tuple[str, ...] = field(repr=False)
    env: Mapping[str, str] = field(repr=False)

    def __str__(self) -> str:
        known = secret.known(self.env)
        words = starmap(_masked, pairwise(("", *self.argv)))
        return shlex.join(secret.redact(word, known) for word in words)


def _masked(before: str, word: str) -> str:
    if secret.carried(word):
        return secret.MASK
    is_variable = before in _VARIABLES or word.partition("=")[0] in _VARIABLES
    return _NAME.sub(rf"\g<name>{secret.MASK}", word) if is_variable else word


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, and what it printed."""

    code: int
    output: str


def ask(command: Command, timeout_s: float) -> Outcome:
    """Run a short command, and give what it printed on both channels.

    A program that does not answer in time counts as failed, with code 124 as `timeout(1)` has it.
    """
    done = _ended(command, timeout_s, subprocess.STDOUT)
    return Outcome(done.code, (done.stdout or done.stderr).strip())


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended, and what it printed on each channel: the values it sent may be there."""

    code: int
    stdout: str = field(repr=False)
    stderr: str = field(repr=False)


def call(command: Command, timeout_s: float) -> Answer:
    """Run a command whose result is on stdout; 124 as in `ask` when it does not end in time."""
    return _ended(command, timeout_s, subprocess.PIPE)


def _ended(command: Command, timeout_s: float, stderr: int) -> Answer:
    _tell(command)
    try:
        done = subprocess.run(
            command.argv,
            env=dict(command.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(124, "", f"no answer within {timeout_s:.0f} s")
    return Answer(done.returncode, done.stdout, done.stderr or "")


def _tell(command: Command) -> None:
    ui.detail(f"starting {command}")


def watch(command: Command) -> Answer:
    """Run a command whose result is on stdout, while a person watches its stderr line by line."""
    _tell(command)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as result:
        with subprocess.Popen(
            command.argv,
            env=dict(command.env),
            stdin=subprocess.DEVNULL,
            # Not a pipe: one that is full would stop the command while nobody reads it.
            stdout=result,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        ) as child:
            assert child.stderr is not None
            said = []
            for line in child.stderr:
                sys.stderr.write(line)
                sys.stderr.flush()
                said.append(line)
        result.seek(0)
        return Answer(child.returncode, result.read(), "".join(said))


def show(command: Command) -> int:
    """Run a command that a person watches: all it prints goes to stderr."""
    _tell(command)
    return subprocess.run(
        command.argv, env=dict(command.env), stdout=sys.stderr.fileno(), check=False
    ).returncode


def follow(command: Command, source: Path | None, heard: Callable[[str], None]) -> int:
    """Run a command with a file as its input, and pass on each line it prints as it comes."""
    _tell(command)
    with contextlib.ExitStack() as stack:
        given = subprocess.DEVNULL if source is None else stack.enter_context(source.open("rb"))
        child = stack.enter_context(
            subprocess.Popen(
                command.argv,
                env=dict(command.env),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            )
        )
        assert child.stdout is not None
        for line in child.stdout:
            heard(line.rstrip("\r\n"))
        return child.wait()


def start_beside(command: Command) -> None:
    """Start a helper that ends by itself; nobody waits for it."""
    _tell(command)
    subprocess.Popen(
        command.argv,
        env=dict(command.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


class Background:
    """A command that runs beside us in a session of its own; its output goes to a file."""

    def __init__(self, command: Command, log: Path) -> None:
        _tell(command)
        with log.open("ab") as said:
            self._child = subprocess.Popen(
                command.argv,
                env=dict(command.env),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Tell whether it has not ended yet."""
        return self._child.poll() is None

    def terminate(self, patience_s: float) -> int | None:
        """Ask it to end; its exit code, or None if it had to be killed."""
        self._child.terminate()
        try:
            return self._child.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self) -> None:
        """End it and all that it has started, also what is in a session of its own by now."""
        family = _family(self._child.pid) if self.running else set()
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)
            for pid in family:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
        self._child.kill()
        self._child.wait()
        # Whoever tidies up after them must not meet one in its last write.
        until = time.monotonic() + _GONE_S
        while not family.isdisjoint(_living()) and time.monotonic() < until:
            time.sleep(0.02)


def _family(pid: int) -> set[int]:
    """A process and all that it has started."""
    living, found = _living(), {pid}
    while grown := {child for child, parent in living.items() if parent in found} - found:
        found |= grown
    return found


def _living() -> dict[int, int]:
    """The parent of every process; without those that have ended, and nothing on Windows."""
    if _LINUX:
        return dict(filter(None, map(_lives, Path("/proc").glob("[0-9]*/stat"))))
    if os.name != "posix":
        return {}
    said = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=False
    )
    rows = map(str.split, said.stdout.splitlines())
    return {int(row[0]): int(row[1]) for row in rows if not row[2].startswith("Z")}


def _lives(stat: Path) -> tuple[int, int] | None:
    """A process and its parent (proc(5)); its name, in parentheses, may hold anything."""
    try:
        state, parent = stat.read_text().rpartition(")")[2].split()[:2]
    except OSError:  # it has just ended
        return None
    return None if state == "Z" else (int(stat.parent.name), int(parent))


def become(command: Command) -> NoReturn:
    """Replace this process by the command: signals, exit code and death are then the command's own.

    Windows cannot replace a process; there we wait, and the console sends Ctrl-C to both.
    """
    _tell(command)
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execvpe(command.argv[0], command.argv, dict(command.env))
    child = subprocess.Popen(command.argv, env=dict(command.env))
    while True:
        try:
            sys.exit(child.wait())
        except KeyboardInterrupt:
            continue
