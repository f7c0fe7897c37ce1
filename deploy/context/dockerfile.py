"""Build arguments in the text of a Dockerfile, for Wave, which has no place for them.

Every declaration of an argument gets the value as its default. That is what --build-arg does, as
nothing else is given. Build records of Wave are public, so a value that looks like a secret is
refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from deploy.context.suspects import is_secret
from deploy.errors import InvalidSetting

if TYPE_CHECKING:
    from e2b_dockerfile_utils import DockerfileAst, DockerfileInstruction

# Docker knows these without a declaration: the proxies, and what steers BuildKit itself.
PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"})
STEERING = ("BUILDKIT_", "SOURCE_DATE_EPOCH")


def declared(text: str) -> tuple[str, ...]:
    """Name the arguments that a Dockerfile declares, in order, each once.

    >>> declared("ARG BASE=python\\nFROM $BASE\\nARG A B=2\\nARG BASE")
    ('BASE', 'A', 'B')
    """
    words = (word for line in _arguments(_parse(text)) for word in line.args)
    return tuple(dict.fromkeys(word.partition("=")[0] for word in words))


def check_declared(text: str, arguments: Mapping[str, str]) -> None:
    """Refuse an argument that the Dockerfile would ignore: Docker only warns of it."""
    known = declared(text) if arguments else ()
    for name in arguments:
        if not (name in known or name.upper() in PROXIES or name.startswith(STEERING)):
            raise InvalidSetting(name, _not_declared(name, known))


def render(text: str, arguments: Mapping[str, str]) -> str:
    """Put the values into the text; without arguments it stays as it is, to the byte.

    >>> print(render("ARG A=1\\nFROM x\\nARG A B", {"A": "two words"}))
    ARG A="two words"
    FROM x
    ARG A="two words" B
    """
    if not arguments:
        return text
    parsed = _parse(text)
    known = declared(text)
    for name, value in arguments.items():
        if name not in known:
            raise InvalidSetting(name, _not_declared(name, known))
        _check_value(name, value)
    # Not splitlines(): only a line feed ends a line of a Dockerfile.
    lines = text.split("\n")
    for instruction in reversed(list(_arguments(parsed))):
        if any(word.partition("=")[0] in arguments for word in instruction.args):
            end = "\r" if lines[instruction.end_line - 1].endswith("\r") else ""
            words = (_word(word, arguments, parsed.escape_token) for word in instruction.args)
            lines[instruction.start_line - 1 : instruction.end_line] = [
                f"ARG {' '.join(words)}{end}"
            ]
    return "\n".join(lines)


def _parse(text: str) -> DockerfileAst:
    from e2b_dockerfile_utils import DockerfileSyntaxError, parse_dockerfile_ast

    try:
        return parse_dockerfile_ast(text)
    except DockerfileSyntaxError as error:
        raise InvalidSetting("Dockerfile", f"{error}.") from error


def _arguments(parsed: DockerfileAst) -> Iterator[DockerfileInstruction]:
    return (line for line in parsed.instructions if line.name == "ARG")


def _word(word: str, arguments: Mapping[str, str], escape: str) -> str:
    name = word.partition("=")[0]
    return f"{name}={_quoted(arguments[name], escape)}" if name in arguments else word


def _quoted(value: str, escape: str) -> str:
    """Write a value so that a Dockerfile reads it back: `escape` is its escape character."""
    special = {'"', "$", escape}
    return '"' + "".join(escape + char if char in special else char for char in value) + '"'


def _check_value(name: str, value: str) -> None:
    if any(char in value for char in "\n\r\0"):
        raise InvalidSetting(
            name, "has more than one line, which a Dockerfile's ARG cannot hold; use --docker."
        )
    if not _is_text(value):
        raise InvalidSetting(name, "is not UTF-8 text.")
    if is_secret(name, value):
        raise InvalidSetting(
            name,
            "looks like a secret. Wave would get it inside the Dockerfile, and its build records\n"
            "are public. Build with --docker, or let the running Studio read it.",
        )


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _not_declared(name: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(name, known, n=1)
    ask = f' Did you mean "{close[0]}"?' if close else ""
    listed = ", ".join(known) or "none"
    return f"the Dockerfile declares no such build argument.{ask}\nIt declares: {listed}."
