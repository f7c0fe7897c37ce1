"""Request headers as servers hand them over, and how to read them without being fooled."""

Headers = tuple[tuple[bytes, bytes], ...]
"""Header lines: names in lower case, in order, repeats kept."""


def values(headers: Headers, name: bytes) -> list[str]:
    """The value of every line with this `name`, without the white space around it."""
    return [value.strip(b" \t").decode("latin-1") for key, value in headers if key == name]


def last_item(headers: Headers, name: bytes) -> str | None:
    """The last item of a comma separated header, over all its lines: the nearest proxy's."""
    lines = values(headers, name)
    return lines[-1].rpartition(",")[2].strip(" \t") if lines else None
