"""Parse arguments as picocli 4.6 does for tw: what it takes, what it refuses and in which order.

Values are converted as they come; only when all are read are required options, unknown arguments
and groups looked at. The words are picocli's as far as the tests need them.
"""

import difflib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

INT_LARGEST = 2**31 - 1


class Refused(Exception):
    """Exit 2: one line, then the usage or one line of suggestions."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


@dataclass(frozen=True)
class Option:
    """An option. Its kind: text, int, flag, map, list, labels, or a tuple of choices."""

    names: tuple[str, ...]
    kind: str | tuple[str, ...] = "text"
    required: bool = False
    label: str = ""
    variable: str = ""

    @property
    def key(self) -> str:
        return max(self.names, key=len).lstrip("-").replace("-", "_")

    @property
    def many(self) -> bool:
        return self.kind in ("map", "list", "labels")

    def __str__(self) -> str:
        return f"'{max(self.names, key=len)}' (<{self.label or self.key}>)"


@dataclass(frozen=True)
class Group:
    """Options of which only one may be given; with `required`, exactly one."""

    keys: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True)
class Command:
    """A command with its options and, if it is a group, its subcommands."""

    name: str
    options: tuple[Option, ...] = ()
    groups: tuple[Group, ...] = ()
    subcommands: Mapping[str, "Command"] = field(default_factory=dict)

    def option(self, name: str) -> Option | None:
        return next((option for option in self.options if name in option.names), None)

    @property
    def usage(self) -> str:
        names = "\n".join("  " + ", ".join(option.names) for option in self.options)
        below = "\n".join(f"  {name}" for name in self.subcommands)
        return f"Usage: {self.name} [OPTIONS]\n\n{names}\n\nCommands:\n{below}".rstrip()


@dataclass
class Parsed:
    """The commands that were named, from tw down, and the values of all their options."""

    path: list[Command]
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def command(self) -> Command:
        return self.path[-1]

    def given(self, *keys: str) -> list[str]:
        return [key for key in keys if key in self.values]


def expanded(arguments: list[str]) -> list[str]:
    """Replace what begins with @ and names a file by the words in it, wherever it stands."""
    found = []
    for argument in arguments:
        file = Path(argument[1:])
        if argument.startswith("@") and len(argument) > 1 and file.is_file():
            found += shlex.split(file.read_text(), comments=True)
        else:
            found.append(argument)
    return found


def parse(top: Command, arguments: list[str], env: Mapping[str, str]) -> Parsed:
    """Read all arguments, or refuse them."""
    reading = _Reading(top, expanded(arguments))
    reading.run()
    parsed = reading.parsed
    if parsed.given("help", "version"):
        return parsed
    for command in parsed.path:
        _required(command, parsed)
    if reading.unmatched:
        raise _unmatched(parsed.command, reading.unmatched)
    for command in parsed.path:
        _groups(command, parsed)
        for option in command.options:
            if option.variable and option.key not in parsed.values and option.variable in env:
                parsed.values[option.key] = _converted(option, env[option.variable])
    return parsed


class _Reading:
    def __init__(self, top: Command, arguments: list[str]) -> None:
        self.arguments = arguments
        self.index = 0
        self.parsed = Parsed([top])
        self.unmatched: list[tuple[int, str]] = []

    def run(self) -> None:
        while self.index < len(self.arguments):
            argument = self.arguments[self.index]
            command = self.parsed.command
            self.index += 1
            if argument in command.subcommands:
                self.parsed.path.append(command.subcommands[argument])
            elif argument == "--":
                rest = self.arguments[self.index :]
                self.unmatched += enumerate(rest, self.index)
                return
            elif not self._option(command, argument):
                self.unmatched.append((self.index - 1, argument))

    def _option(self, command: Command, argument: str) -> bool:
        name, equals, attached = argument.partition("=")
        if option := command.option(argument):
            self._take(command, option, None)
        elif equals and (option := command.option(name)):
            self._take(command, option, attached)
        elif argument.startswith("-") and not argument.startswith("--"):
            return self._cluster(command, argument[1:])
        else:
            return False
        return True

    def _cluster(self, command: Command, letters: str) -> bool:
        """Short options can be run together, and the value of the last one attached."""
        option = command.option("-" + letters[:1]) if letters else None
        if option is None:
            return False
        rest = letters[1:]
        if option.kind == "flag" and not rest.startswith("="):
            self._take(command, option, None)
            return not rest or self._cluster(command, rest)
        self._take(command, option, rest.removeprefix("=") if rest else None)
        return True

    def _take(self, command: Command, option: Option, attached: str | None) -> None:
        values = self.parsed.values
        if option.key in values and not option.many:
            raise Refused(f"option {option} should be specified only once", command.usage)
        if option.kind == "flag" and attached is None:
            values[option.key] = True
            return
        text = attached
        if text is None:
            if self.index == len(self.arguments):
                raise Refused(f"Missing required parameter for option {option}", command.usage)
            text = self.arguments[self.index]
            self.index += 1
        # Also in the attached form.
        if command.option(text) or ("=" in text and command.option(text.partition("=")[0])):
            name = max(option.names, key=len)
            raise Refused(
                f"Expected parameter for option '{name}' but found '{text}'", command.usage
            )
        value = _converted(option, text)
        if option.kind == "map":
            values.setdefault(option.key, {}).update(value)
        elif option.many:
            values[option.key] = [*values.get(option.key, []), *value]
        else:
            values[option.key] = value


def _converted(option: Option, text: str) -> Any:
    if option.kind == "int":
        digits = text.removeprefix("-").removeprefix("+")
        if not (digits.isascii() and digits.isdecimal() and abs(int(text)) <= INT_LARGEST):
            raise Refused(f"Invalid value for option {option}: '{text}' is not an int")
        return int(text)
    if option.kind == "flag":
        if text.lower() not in ("true", "false"):
            raise Refused(f"Invalid value for option {option}: '{text}' is not a boolean")
        return text.lower() == "true"
    if option.kind == "map":
        key, equals, value = text.partition("=")
        if not equals:
            raise Refused(
                f"Value for option option {option} should be in KEY=VALUE format but was {text}"
            )
        return {key: value}
    if option.kind == "list":
        return text.split(",")
    if option.kind == "labels":
        return [_label(option, part) for part in text.split(",")]
    if isinstance(option.kind, tuple):
        found = {choice.lower(): choice for choice in option.kind}.get(text.lower())
        if found is None:
            listed = ", ".join(option.kind)
            raise Refused(
                f"Invalid value for option {option}: expected one of [{listed}] "
                f"(case-insensitive) but was '{text}'"
            )
        return found
    return text


def _label(option: Option, text: str) -> tuple[str, str] | None:
    """A resource label; nothing at all stands for an empty list."""
    if not text.strip():
        return None
    # As Java splits: empty parts at the end do not count.
    parts = text.rstrip("=").split("=")
    why = ""
    if len(parts) > 2:
        why = "Invalid label format"
    elif not parts[0].strip():
        why = "Label key cannot be empty"
    elif len(parts) == 1:
        why = "Label value is required"
    elif not parts[1].strip():
        why = "Label value cannot be empty"
    if why:
        raise Refused(
            f"Invalid value for option {option}: cannot convert '{text}' to Label ({why})"
        )
    return parts[0], parts[1]


def _required(command: Command, parsed: Parsed) -> None:
    missing = [o for o in command.options if o.required and o.key not in parsed.values]
    if missing:
        named = ", ".join(f"'{max(o.names, key=len)}=<{o.label or o.key}>'" for o in missing)
        many = "s" if len(missing) > 1 else ""
        raise Refused(f"Missing required option{many}: {named}", command.usage)


def _unmatched(command: Command, unmatched: list[tuple[int, str]]) -> Refused:
    index, first = unmatched[0]
    words = [word for _, word in unmatched]
    quoted = ", ".join(f"'{word}'" for word in words)
    many = len(words) > 1
    if first.startswith("-"):
        names = [name for option in command.options for name in option.names]
        close = difflib.get_close_matches(first.partition("=")[0], names)
        hint = f"Possible solutions: {', '.join(close)}" if close else command.usage
        return Refused(f"Unknown option{'s' if many else ''}: {quoted}", hint)
    where = f"arguments from index {index}" if many else f"argument at index {index}"
    close = difflib.get_close_matches(first, command.subcommands)
    full = [f"{command.name} {name}" for name in close]
    hint = f"Did you mean: {' or '.join(full)}?" if close else command.usage
    return Refused(f"Unmatched {where}: {quoted}", hint)


def _groups(command: Command, parsed: Parsed) -> None:
    for group in command.groups:
        given = parsed.given(*group.keys)
        named = [f"--{key.replace('_', '-')}=<{key}>" for key in group.keys]
        if len(given) > 1:
            raise Refused(
                f"Error: {', '.join(named)} are mutually exclusive (specify only one)",
                command.usage,
            )
        if group.required and not given:
            raise Refused(
                f"Error: Missing required argument (specify one of these): ({' | '.join(named)})",
                command.usage,
            )
