"""What a check has found, and the error that is made of all that forbid a deploy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from deploy.errors import PreflightFailed

Level = Literal["ok", "warning", "error"]
INVALID, NO_CREDENTIAL, REFUSED = 3, 4, 6


@dataclass(frozen=True, slots=True)
class Finding:
    """One result: which check, how bad, what is the case, and what to do about it.

    An error forbids the deploy; `exit_code` is what it would end with, were it the only one.
    """

    check: str
    level: Level
    text: str
    remedy: str = ""
    exit_code: int = INVALID

    def __str__(self) -> str:
        line = f"{self.check}: {self.text}"
        return f"{line}\n{self.remedy}" if self.remedy else line

    def to_json(self) -> dict[str, Any]:
        """Give what programs read; all keys are always there."""
        return {
            "check": self.check,
            "level": self.level,
            "text": self.text,
            "remedy": self.remedy or None,
        }


def ok(check: str, text: str) -> Finding:
    """Say that all is well."""
    return Finding(check, "ok", text)


def warning(check: str, text: str, remedy: str = "") -> Finding:
    """Say what may go wrong."""
    return Finding(check, "warning", text, remedy)


def error(check: str, text: str, remedy: str = "", exit_code: int = INVALID) -> Finding:
    """Say what forbids the deploy."""
    return Finding(check, "error", text, remedy, exit_code)


def require(findings: Iterable[Finding]) -> None:
    """Raise `PreflightFailed` with all that is wrong, if anything is."""
    wrong = [finding for finding in findings if finding.level == "error"]
    if wrong:
        codes = {finding.exit_code for finding in wrong}
        raise PreflightFailed(wrong, codes.pop() if len(codes) == 1 else INVALID)
