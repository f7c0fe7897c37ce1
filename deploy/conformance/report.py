"""Results as people and programs read them: one line a check, with the evidence and the remedy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["ok", "failed", "not checked"]
_MARKS = {"ok": "✓", "failed": "✗", "not checked": "-"}
_PLAIN_MARKS = {"ok": "ok", "failed": "FAILED", "not checked": "-"}


@dataclass(frozen=True, slots=True)
class Check:
    """One promise of an image: its short name, what holds, and what to do where it does not."""

    name: str
    promise: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a check; `evidence` is what was seen."""

    check: Check
    verdict: Verdict
    evidence: str

    def to_json(self) -> dict[str, Any]:
        """Give what programs read."""
        return {
            "check": self.check.name,
            "promise": self.check.promise,
            "verdict": self.verdict,
            "evidence": self.evidence,
            "remedy": self.check.remedy if self.verdict == "failed" else None,
        }


def passes(results: Iterable[Result]) -> bool:
    """Tell whether everything holds. What was not checked holds back nothing."""
    return all(result.verdict != "failed" for result in results)


def lines(result: Result, encoding: str) -> list[str]:
    """Write a result for people: a line, and below a failed one what to do.

    >>> check = Check("user", "it runs as root", "leave USER out")
    >>> lines(Result(check, "failed", "the user is mlflow"), "ascii")
    ['FAILED user: it runs as root (the user is mlflow)', '       leave USER out']
    """
    marks = _MARKS if _can_write("✓✗", encoding) else _PLAIN_MARKS
    mark, check = marks[result.verdict], result.check
    said = [f"{mark} {check.name}: {check.promise} ({result.evidence})"]
    if result.verdict == "failed":
        said += [f"{' ' * len(mark)} {line}" for line in check.remedy.splitlines()]
    return said


def document(image: str, results: Sequence[Result]) -> dict[str, Any]:
    """Give the whole report for programs."""
    return {
        "image": image,
        "ok": passes(results),
        "checks": [result.to_json() for result in results],
    }


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True
