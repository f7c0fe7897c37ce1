"""The `tw` command: which release is there, what it is told, and what it answers.

Written after tower-cli 0.38.0, run against a server of our own. Every value is attached to its
option: a word of its own that begins with @ would be read as a file. The token and the endpoint
travel in the environment, which other users of the machine cannot read.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deploy import answers, process, secret
from deploy.planning.desired import revealed
from deploy.process import Command
from deploy.secret import Secret

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.profile.loading import Variable

VERSION_S = 10
# A call of tw makes up to a dozen requests; it has no limit of its own.
CALL_S = 180
WRONG_USAGE = 2
LONGEST_SAID = 20

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no `tw` to use, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Word:
    """One argument, and how to write it in a shell: a secret as a variable."""

    text: str = field(repr=False)
    shown: str


@dataclass(frozen=True, slots=True)
class Line:
    """What `tw` is told. As text it is the line for a shell, without secrets."""

    words: tuple[Word, ...]

    def __str__(self) -> str:
        return " ".join(("tw", *(word.shown for word in self.words)))

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments themselves."""
        return tuple(word.text for word in self.words)

    @property
    def task(self) -> str:
        """The subcommand, for a message: `tw studios add`."""
        return " ".join(("tw", *(text for text in self.arguments if not text.startswith("-"))))


@dataclass(frozen=True, slots=True)
class Said:
    """How `tw` ended: its document, if it printed one, and its errors.

    It may have done what it was told although it failed: it looks up names for its output last.
    """

    code: int
    document: Mapping[str, Any] = field(repr=False)
    errors: tuple[str, ...]

    @property
    def session(self) -> str | None:
        """The Studio's id, which is printed even where the rest goes wrong."""
        found = self.document.get("sessionId")
        return found if isinstance(found, str) and found else None


@dataclass(frozen=True, slots=True)
class Tw:
    """A `tw` that answers, with the environment that it gets."""

    program: str
    version: Version
    env: Mapping[str, str] = field(repr=False)

    @property
    def release(self) -> str:
        """Its version as text."""
        return ".".join(map(str, self.version))

    @property
    def insecure(self) -> bool:
        """Tell whether it has to be told that no encryption is needed: on this machine only."""
        return self.env.get("TOWER_API_ENDPOINT", "").startswith("http://")

    def run(self, line: Line) -> Said:
        """Start it, wait for its end, and read what it said."""
        flags = ("--insecure",) if self.insecure else ()
        argv = (self.program, *flags, *line.arguments)
        try:
            answer = process.call(Command(argv, self.env), CALL_S)
        except OSError as error:
            return Said(126, {}, (f"{self.program}: {error.strerror or error}",))
        return understood(answer)


def look(
    env: Mapping[str, str],
    endpoint: str,
    token: Secret | None,
    ask: Callable[[Command, float], process.Outcome] = process.ask,
) -> Tw | Missing:
    """Find `tw` and ask for its version; another program of this name does not count."""
    program = shutil.which("tw", path=env.get("PATH", ""))
    if program is None:
        return Missing("tw is not installed")
    harmless = environment(env)
    try:
        answer = ask(Command((program, "--version"), harmless), VERSION_S)
    except OSError as error:
        return Missing(f"{program} cannot be run: {error.strerror or error}")
    found = re.search(r"\bTower CLI version (\d+(?:\.\d+)*)", answer.output)
    if found is None:
        why = answer.output if answer.code == 124 else "it does not say its version"
        return Missing(f"{program} is not Seqera's tw, or does not work: {why}")
    given = {"TOWER_API_ENDPOINT": endpoint}
    if token is not None:
        given["TOWER_ACCESS_TOKEN"] = token.reveal()
    return Tw(program, tuple(map(int, found[1].split("."))), {**harmless, **given})


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """Leave out the secrets that are not tw's business, and settings that would change its mind.

    TOWER_WORKSPACE_ID would turn the user's own workspace into another one.

    >>> environment({"PATH": "/bin", "TOWER_WORKSPACE_ID": "7", "PGPASSWORD": "hunter2"})
    {'PATH': '/bin'}
    """
    return {
        name: value
        for name, value in env.items()
        if not name.startswith("TOWER_") and not secret.named(name)
    }


def add(desired: Desired, labels: Mapping[str, str]) -> Line:
    """Give the line that creates the Studio.

    tw's own defaults (2 CPUs, 8 GiB, no GPU, not started) never come into play: all is given.
    """
    options = {
        "name": desired.name,
        "description": desired.description or None,
        "workspace": desired.workspace_id,
        "compute-env": desired.compute_env.id,
        "custom-template": desired.image,
        "cpu": desired.cpu,
        "memory": desired.memory,
        "gpu": desired.gpu,
        "lifespan": desired.lifespan_h,
        "mount-data-ids": ",".join(link.id for link in desired.mounts) or None,
        "labels": ",".join(f"{name}={value}" for name, value in labels.items()) or None,
        "spot": desired.spot,
        "ssh": desired.ssh,
    }
    flags = {"private": desired.private, "auto-start": desired.auto_start}
    variables = [_variable(name, entry) for name, entry in desired.environment.items()]
    given = (*_options(options), *variables, *(plain(f"--{n}") for n, on in flags.items() if on))
    return _line("add", *given)


def start(workspace_id: int | None, id_: str, desired: Desired | None) -> Line:
    """Give the line that starts a Studio: tw sends its whole configuration back as it is."""
    spot = desired.spot if desired else None
    return _line("start", *_options({"id": id_, "workspace": workspace_id, "spot": spot}))


def stop(workspace_id: int | None, id_: str) -> Line:
    """Give the line that stops a Studio."""
    return _line("stop", *_options({"id": id_, "workspace": workspace_id}))


def plain(text: str) -> Word:
    """Write an argument that anybody may see."""
    return Word(text, shlex.quote(text))


def _line(verb: str, *words: Word) -> Line:
    # Options of tw itself are unknown to its subcommands.
    return Line((plain("--output=json"), plain("studios"), plain(verb), *words))


def _options(values: Mapping[str, str | int | None]) -> tuple[Word, ...]:
    """Write each option that has a value; a flag needs its own attached, as all others may."""
    return tuple(
        plain(f"--{name}={str(value).lower() if isinstance(value, bool) else value}")
        for name, value in values.items()
        if value is not None
    )


def _variable(name: str, entry: Variable) -> Word:
    """Write one variable; tw takes the text behind the first = as it is, commas included."""
    word = plain(f"--env={name}={revealed(entry)}")
    if entry.local or isinstance(entry.value, Secret):
        return Word(word.text, f'--env={name}="${entry.source or name}"')
    return word


def understood(answer: process.Answer) -> Said:
    r"""Read an end of tw. It prints its document before it fails, too.

    >>> understood(process.Answer(1, "", "\n ERROR: Forbidden\n\n")).errors
    ('Forbidden',)
    """
    document = answers.parsed(answer.stdout) or {}
    if answer.code == 0:
        return Said(0, document, ())
    lines = [line.strip() for line in answer.stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    # Wrong usage is one line of its own, and pages of options below.
    return Said(answer.code, document, tuple((errors or lines[:1])[:LONGEST_SAID]))
