"""Results as people and programs read them: one line a check, with the evidence and the remedy."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from deploy import ui

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
    """What came of a check; `evidence` is what was seen, or why nothing could be seen."""

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


def judged(check: Check, holds: bool, evidence: str) -> Result:
    """Tell whether it holds."""
    return Result(check, "ok" if holds else "failed", evidence)


def not_checked(checks: Iterable[Check], why: str) -> Iterator[Result]:
    """Tell of several that nobody can say."""
    for check in checks:
        yield Result(check, "not checked", why)


def passes(results: Iterable[Result]) -> bool:
    """Tell whether nothing speaks against the image.

    A check is left out where an earlier one has failed, so this is False anyway, or where this
    machine cannot ask it: that holds nothing back, and the report says so.
    """
    return all(result.verdict != "failed" for result in results)


def lines(result: Result, encoding: str) -> list[str]:
    """Write a result for people: a line, and below a failed one what to do.

    >>> check = Check("user", "it runs as root", "leave USER out")
    >>> lines(Result(check, "failed", "the user is mlflow"), "ascii")
    ['FAILED user: it runs as root (the user is mlflow)', '       leave USER out']
    """
    marks = _MARKS if _can_write("✓✗", encoding) else _PLAIN_MARKS
    mark, check = marks[result.verdict], result.check
    said = [ui.printable(f"{mark} {check.name}: {check.promise} ({result.evidence})")]
    if result.verdict == "failed":
        said += [f"{' ' * len(mark)} {line}" for line in check.remedy.splitlines()]
    return said


def summary(results: Sequence[Result]) -> str:
    """Count the results in one line.

    >>> check = Check("user", "it runs as root", "leave USER out")
    >>> summary([Result(check, "ok", ""), Result(check, "not checked", "")])
    '2 checks: 1 holds, none failed, 1 not checked'
    """
    counts = Counter(result.verdict for result in results)
    holds = counts["ok"]
    words = [
        f"{holds or 'none'} {'holds' if holds == 1 else 'hold'}",
        f"{counts['failed'] or 'none'} failed",
        *([f"{counts['not checked']} not checked"] if counts["not checked"] else []),
    ]
    return f"{len(results)} checks: {', '.join(words)}"


def document(subject: str, results: Sequence[Result]) -> dict[str, Any]:
    """Give the whole report for programs."""
    return {
        "image": subject,
        "ok": passes(results),
        "checks": [result.to_json() for result in results],
    }


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True
