"""Show what was found: a line for each thing, its mark, and below it how to mend it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deploy.preflight.findings import Finding

MARKS = {"ok": "✓", "warning": "!", "error": "✗"}
PLAIN_MARKS = {"ok": "ok", "warning": "note", "error": "FAIL"}


def marks(encoding: str | None) -> Mapping[str, str]:
    """Give the marks that an encoding has; some terminals have no ✓.

    >>> marks("utf-8")["ok"], marks("cp1252")["ok"]
    ('✓', 'ok')
    """
    try:
        "".join(MARKS.values()).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN_MARKS
    return MARKS


def lines(found: Sequence[Finding], encoding: str | None) -> Iterator[str]:
    """Write the report for people.

    >>> print(*lines([Finding("tw", "warning", "none", "Get it.")], "ascii"), sep="\\n")
    note  tw  none
              Get it.
    """
    known = marks(encoding)
    first = max(map(len, known.values()), default=0) + 2
    second = max((len(each.check) for each in found), default=0) + 2
    for each in found:
        head = f"{known[each.level]:<{first}}{each.check:<{second}}"
        rest = [line for text in (each.text, each.remedy) if text for line in text.splitlines()]
        for number, line in enumerate(rest):
            yield (" " * len(head) if number else head) + line


def exit_code(found: Sequence[Finding]) -> int:
    """Give 0 if nothing that is needed fails; else the failures' common code, or 1."""
    codes = {each.exit_code for each in found if each.level == "error"}
    return (codes.pop() if len(codes) == 1 else 1) if codes else 0


def to_json(found: Sequence[Finding]) -> dict[str, Any]:
    """Give the report for programs; the keys are a contract."""
    return {"ok": not exit_code(found), "checks": [each.to_json() for each in found]}
