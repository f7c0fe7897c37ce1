"""How the fake Platform searches: words in a text, and keywords such as `status:running`."""

from collections.abc import Iterable, Mapping


def fits(wished: str, own: Mapping[str, str], texts: Iterable[str]) -> bool:
    """Tell whether each keyword's value begins so, and one of the texts has the other words.

    >>> own = {"status": "running"}
    >>> fits("flow status:running", own, ["MLflow dev"]), fits("status:stopped", own, ["MLflow"])
    (True, False)
    >>> fits("dev flow", own, ["MLflow dev"])
    False
    """
    words = []
    for word in wished.split():
        keyword, colon, value = word.partition(":")
        if not (colon and keyword in own):
            words.append(word)
        elif not own[keyword].startswith(value):
            return False
    free = " ".join(words).lower()
    return any(free in text.lower() for text in texts)
