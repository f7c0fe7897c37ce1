"""Say what somebody may have meant, when a name is not among those that are there."""

import difflib
from collections.abc import Iterable

MOST_LISTED = 8


def near(name: str, known: Iterable[str]) -> str:
    """Continue a sentence about a name that is missing: with those like it, or with all.

    >>> near("runs", ["Runs", "data"]), near("x", ["b", "a"]), near("x", [])
    ('; did you mean "Runs"?', ': "a", "b"', '; there are none at all')
    """
    names = sorted(set(known))
    lowered = {each.lower(): each for each in reversed(names)}
    close = difflib.get_close_matches(name.lower(), lowered, 3, 0.7)
    if close:
        return f"; did you mean {' or '.join(_quoted(lowered[each] for each in close))}?"
    if not names:
        return "; there are none at all"
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return f": {', '.join(_quoted(names[:MOST_LISTED]))}{more}"


def _quoted(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]
