"""How an unquoted word of YAML is read: only what every reader of YAML takes the same way.

YAML 1.1 reads `no` as false, `1_000` as 1000, `0755` as 493 and `12:30` as 750; YAML 1.2 reads some
of them as text. So nobody knows what was meant, and the profile has to say it.
"""

import re
from typing import TypeAlias

from yaml import SafeLoader

Word: TypeAlias = str | int | float | bool | None

LONGEST_NUMBER = 18

_TAG = "tag:yaml.org,2002:"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_NUMBER_TO_OTHERS = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+|0o[0-7]+|y|Y|n|N")


def read(text: str, shown: str | None = None) -> tuple[Word, str | None]:
    """Give an unquoted word's value, and what is wrong with it, with another text `shown` for it.

    >>> read("8"), read("eight"), read("off")[1]
    ((8, None), ('eight', None), 'some tools read off as a boolean; write false, or "off" for text')
    """
    shown = text if shown is None else shown
    if text in _NULLS:
        return None, None
    if text in _BOOLEANS:
        return _BOOLEANS[text], None
    kind = _kind(text)
    if kind is None:
        return text, None
    if kind == "bool":
        meant = "true" if text.lower() in ("yes", "on", "y") else "false"
        return text, f'some tools read {shown} as a boolean; write {meant}, or "{shown}" for text'
    if len(text) > LONGEST_NUMBER:
        return text, "too long for a number; if it is text, write it in quotes"
    if kind == "int" and _INTEGER.fullmatch(text):
        return int(text), None
    if kind == "float" and _DECIMAL.fullmatch(text):
        return float(text), None
    if kind in ("int", "float"):
        return text, (
            f'some tools read {shown} as another number; write "{shown}" for text, or the number '
            "in plain decimal digits"
        )
    meaning = {"timestamp": "a date"}.get(kind, "something special")
    return text, f'some tools read {shown} as {meaning}; write "{shown}" in quotes'


def _kind(text: str) -> str | None:
    """What some reader of YAML makes of it, None for text."""
    if _NUMBER_TO_OTHERS.fullmatch(text):
        return "bool" if text.isalpha() else "float"
    for tag, pattern in SafeLoader.yaml_implicit_resolvers.get(text[0], []):
        if pattern.match(text):
            return str(tag.removeprefix(_TAG))
    return None
