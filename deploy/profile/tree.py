"""What a YAML file says, with the place of every key and value: the profile before validation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from deploy import secret

Path: TypeAlias = tuple[str | int, ...]

LONGEST_NAME_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column, from 1, and the keys that lead there as the file has them."""

    line: int
    column: int
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value; `text` is how it was written, `variables` those whose values are in it."""

    value: str | int | float | bool | None = field(repr=False)
    text: str = field(repr=False)
    place: Place
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    nodes: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Table:
    """A map: each key with its own place and its value."""

    entries: Mapping[str, tuple[Place, Node]]
    place: Place

    def get(self, key: str) -> Node | None:
        """The value of a key, None where there is none."""
        return self.entries[key][1] if key in self.entries else None

    def without(self, key: str) -> Table:
        """The same without one key."""
        return replace(self, entries={k: v for k, v in self.entries.items() if k != key})


Node: TypeAlias = Scalar | Items | Table


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something that cannot stay as it is, and where."""

    line: int
    column: int
    path: Path = field(compare=False)
    text: str
    # The text is fine, but the environment lacks what it names.
    unset: bool = field(default=False, compare=False)

    @classmethod
    def at(cls, place: Place, text: str, *, unset: bool = False) -> Problem:
        """A problem with what stands at this place."""
        return cls(place.line, place.column, place.path, text, unset)

    def __str__(self) -> str:
        where = f"{self.line}:{self.column}: "
        return where + (f"{spelt(self.path)}: " if self.path else "") + self.text


def spelt(path: Path) -> str:
    """Write a path as in the documentation; a key that is no plain word stands in quotes.

    >>> spelt(("data-links", 0, "name")), spelt(("labels", "a b"))
    ('data-links[0].name', 'labels."a b"')
    """
    words = ""
    for part in path:
        words += f"[{part}]" if isinstance(part, int) else f".{shown(part)}"
    return words.removeprefix(".")


def shown(name: str) -> str:
    """Write a name so that it cannot upset a terminal, nor give a secret away."""
    if secret.carried(name):
        return secret.MASK
    if len(name) > LONGEST_NAME_SHOWN:
        name = name[:LONGEST_NAME_SHOWN] + "…"
    plain = name.isprintable() and name and not set(name) & set(" .:\"'[]{}")
    return name if plain else json.dumps(name, ensure_ascii=not name.isprintable())


def scalars(node: Node, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """Each value, with the keys that lead to it."""
    if isinstance(node, Scalar):
        yield path, node
    elif isinstance(node, Items):
        for index, item in enumerate(node.nodes):
            yield from scalars(item, (*path, index))
    else:
        for key, (_, value) in node.entries.items():
            yield from scalars(value, (*path, key))


def paths(node: Node, path: Path = ()) -> Iterator[Path]:
    """The path of each key and item."""
    below: list[tuple[str | int, Node]] = []
    if isinstance(node, Table):
        below = [(key, value) for key, (_, value) in node.entries.items()]
    elif isinstance(node, Items):
        below = list(enumerate(node.nodes))
    for part, value in below:
        yield (*path, part)
        yield from paths(value, (*path, part))


def find(root: Table, path: Path) -> tuple[Place, Node]:
    """The entry at a path, or the last one on the way to it."""
    place: Place = root.place
    node: Node = root
    for part in path:
        if isinstance(node, Table) and part in node.entries:
            place, node = node.entries[str(part)]
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.nodes):
            node = node.nodes[part]
            place = node.place
        else:
            break
    return place, node
