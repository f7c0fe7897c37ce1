"""The door to other programs: the only module that starts one.

A command is a value, so what would run can be printed and tested without running it. Secrets travel
in `env`, never in `argv`: every user of a machine can read its process list.
"""

import contextlib
import os
import shlex
import subprocess
import sys
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
