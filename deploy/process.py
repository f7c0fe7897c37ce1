"""The door to other programs: the only module that starts one.

A command is a value, so what would run can be printed and tested without running it. Secrets travel
in `env`, never in `argv`: every user of a machine can read its process list.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, and the whole environment it gets.

    >>> print(Command(("docker", "run", "a b"), {}))
    docker run 'a b'
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)

    def __str__(self) -> str:
        return shlex.join(self.argv)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended, and what it printed."""

    code: int
    output: str


def ask(command: Command, timeout_s: float) -> Outcome:
    """Run a short command, and give what it printed on both channels.

    A program that does not answer in time counts as failed, with code 124 as `timeout(1)` has it.
    """
    try:
        done = subprocess.run(
            command.argv,
            env=dict(command.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(124, f"no answer within {timeout_s:.0f} s")
    return Outcome(done.returncode, done.stdout.strip())


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended, and what it printed on each channel: the values it sent may be there."""

    code: int
    stdout: str = field(repr=False)
    stderr: str = field(repr=False)


def call(command: Command, timeout_s: float) -> Answer:
    """Run a command whose result is on stdout; 124 as in `ask` when it does not end in time."""
    try:
        done = subprocess.run(
            command.argv,
            env=dict(command.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer(124, "", f"no answer within {timeout_s:.0f} s")
    return Answer(done.returncode, done.stdout, done.stderr)


def watch(command: Command) -> Answer:
    """Run a command whose result is on stdout, while a person watches its stderr line by line."""
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
    return subprocess.run(
        command.argv, env=dict(command.env), stdout=sys.stderr.fileno(), check=False
    ).returncode


def follow(command: Command, source: Path | None, heard: Callable[[str], None]) -> int:
    """Run a command with a file as its input, and pass on each line it prints as it comes."""
    with contextlib.ExitStack() as stack:
        given = subprocess.DEVNULL if source is None else stack.enter_context(source.open("rb"))
        child = stack.enter_context(
            subprocess.Popen(
                command.argv,
                env=dict(command.env),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
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
        """End it and all that it has started."""
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)
        self._child.kill()
        self._child.wait()


def become(command: Command) -> NoReturn:
    """Replace this process by the command: signals, exit code and death are then the command's own.

    Windows cannot replace a process; there we wait, and the console sends Ctrl-C to both.
    """
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
