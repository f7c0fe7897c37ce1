"""Read the members of the Platform's documents: what is absent, null or of another kind is None.

The Platform asks its clients to ignore what they do not know; nothing here ever raises.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy import images

Document = Mapping[str, Any]


def part(document: Document, name: str) -> Document:
    """Give an object; an empty one where there is none."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def rows(document: Document, name: str) -> Iterator[Document]:
    """Go through the objects of a list."""
    found = document.get(name)
    return (row for row in (found if isinstance(found, list) else []) if isinstance(row, dict))


def words(document: Document, name: str) -> tuple[str, ...]:
    """Give the texts of a list."""
    found = document.get(name)
    return tuple(word for word in (found if isinstance(found, list) else []) if _is_text(word))


def text(document: Document, name: str) -> str | None:
    """Give a text that says something."""
    found = document.get(name)
    return found if _is_text(found) and found else None


def key(document: Document, name: str) -> str:
    """Give what something is known by, whether the Platform writes it as text or as a number.

    >>> key({"id": 7}, "id"), key({"id": "x"}, "id"), key({}, "id")
    ('7', 'x', '')
    """
    found = document.get(name)
    return str(found) if _is_text(found) or _is_number(found) else ""


def number(document: Document, name: str) -> int | None:
    """Give a whole number."""
    found = document.get(name)
    return found if _is_number(found) else None


def flag(document: Document, name: str) -> bool | None:
    """Give a yes or no."""
    found = document.get(name)
    return found if isinstance(found, bool) else None


def time(document: Document, name: str) -> float | None:
    """Give a time, in seconds since 1970."""
    found = text(document, name)
    try:
        return images.read(found) if found else None
    except (ValueError, OverflowError):
        return None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
