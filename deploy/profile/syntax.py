"""PyYAML's parser, with its complaints in our words: no message quotes what the file says."""

from collections.abc import Iterator
from typing import Any

import yaml

TAB = "tabs cannot indent in YAML; use spaces"


class Broken(Exception):
    """The text is no YAML from this place on."""

    def __init__(self, line: int, column: int, why: str) -> None:
        super().__init__(why)
        self.line, self.column, self.why = line, column, why


def events(text: str) -> Iterator[yaml.Event]:
    """What PyYAML's parser finds, one by one; whatever stops it becomes `Broken`."""
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        while loader.check_event():
            yield loader.get_event()  # type: ignore[no-untyped-call]  # its stubs say nothing
    except yaml.reader.ReaderError as error:
        line, column = end_of(text[: error.position])
        code = ord(text[error.position])
        raise Broken(line, column, f"it contains the control character U+{code:04X}") from None
    except yaml.MarkedYAMLError as error:
        line, column = position(error.problem_mark or error.context_mark)
        raise Broken(line, column, _explained(text, line, column, error.problem)) from None
    except (ValueError, OverflowError):
        # PyYAML trips over escapes beyond Unicode and over version numbers without end.
        line, column = position(loader.get_mark() if loader else None)
        raise Broken(line, column, "not valid YAML: there is a number too large here") from None


def position(mark: Any) -> tuple[int, int]:
    """Line and column of a mark of PyYAML's, from 1."""
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def end_of(text: str) -> tuple[int, int]:
    """Line and column of what comes after this text."""
    return text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1


def _explained(text: str, line: int, column: int, problem: str | None) -> str:
    lines = text.splitlines()
    found = lines[line - 1][column - 1 : column] if line <= len(lines) else ""
    if found == "\t":
        return TAB
    hint = ""
    if found and found in "@`%&*!|>{}[],:?-\"'":
        hint = f'; text with {found} in it may need quotes: "…"'
    return f"not valid YAML: {problem or 'it ends too early'}{hint}"
