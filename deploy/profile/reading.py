"""Read YAML into a tree of values and places, and refuse what does not mean the same to everyone.

Only maps, lists and plain values: no aliases, anchors, merge keys, tags or second documents. As
much as can be found in one go is reported at once; after broken syntax nothing more can be.
"""

import re
import unicodedata
from dataclasses import dataclass, field

import yaml

from deploy import secret
from deploy.profile import syntax, words
from deploy.profile.tree import Items, Node, Path, Place, Problem, Scalar, Table

LARGEST_FILE = 64 * 1024
DEEPEST = 16

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00")
_UTF8_MARK = b"\xef\xbb\xbf"


def read(data: bytes) -> tuple[Table | None, list[Problem]]:
    """Give the tree, None when there is nothing to go on with, and all problems found."""
    problems: list[Problem] = []
    text = _decoded(data, problems)
    if text is None:
        return None, problems
    tabs = [
        Problem(number, line.index("\t") + 1, (), syntax.TAB)
        for number, line in enumerate(text.split("\n"), 1)
        if re.match(r" *\t", line)
    ]
    if tabs:
        return None, problems + tabs
    reader = _Reader(problems)
    complete = reader.take(text)
    if reader.root is None and complete:
        problems.append(
            Problem(1, 1, (), "there is no profile in it; studioctl init writes a sample")
        )
    elif complete and not isinstance(reader.root, Table):
        problems.append(Problem(1, 1, (), "a profile is a map: lines of KEY: VALUE"))
    root = reader.root if complete and isinstance(reader.root, Table) else None
    return root, problems


def _decoded(data: bytes, problems: list[Problem]) -> str | None:
    if len(data) > LARGEST_FILE:
        problems.append(Problem(1, 1, (), f"the file is larger than {LARGEST_FILE // 1024} KiB"))
        return None
    if data.startswith(_UTF8_MARK):
        problems.append(
            Problem(1, 1, (), "it begins with a byte order mark; save it as UTF-8 without one")
        )
        data = data.removeprefix(_UTF8_MARK)
    try:
        if data.startswith(_UTF16_MARKS) or data[1:2] == b"\x00":
            raise UnicodeDecodeError("utf-8", data, 0, 1, "")
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = syntax.end_of(data[: error.start].decode("utf-8"))
        problems.append(Problem(line, column, (), "it is not UTF-8 text; save it as UTF-8"))
        return None


@dataclass(slots=True)
class _Open:
    """A map or list whose end is still to come."""

    place: Place
    is_map: bool
    entries: dict[str, tuple[Place, Node]] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    key: tuple[str, Place] | None = None
    # A value whose key cannot be used is read, to find its problems, and left out.
    dropped: bool = False

    @property
    def wants_key(self) -> bool:
        return self.is_map and self.key is None

    def path(self) -> Path:
        """The path of the value that comes next."""
        if self.is_map:
            return (*self.place.path, self.key[0]) if self.key else self.place.path
        return (*self.place.path, len(self.nodes))

    def closed(self) -> Node:
        if self.is_map:
            return Table(self.entries, self.place)
        return Items(tuple(self.nodes), self.place)


class _Reader:
    def __init__(self, problems: list[Problem]) -> None:
        self.root: Node | None = None
        self.problems = problems
        self.open: list[_Open] = []
        self.documents = 0

    def take(self, text: str) -> bool:
        """Read all of it; False when the syntax is broken somewhere."""
        try:
            for event in syntax.events(text):
                if not self._event(event):
                    return False
        except syntax.Broken as broken:
            self.problems.append(Problem(broken.line, broken.column, (), broken.why))
            return False
        return True

    def _event(self, event: yaml.Event) -> bool:
        line, column = syntax.position(event.start_mark)
        place = Place(line, column, self.open[-1].path() if self.open else ())
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._problem(place, "a second document begins here; a profile is one document")
                return False
        elif isinstance(event, yaml.AliasEvent):
            self._problem(place, "aliases (*) are not read here; write the value out")
            self._add(Scalar(None, "", place), place)
        elif isinstance(event, yaml.NodeEvent):
            self._checked(event, place)
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event, place)
            else:
                return self._begin(place, isinstance(event, yaml.MappingStartEvent))
        elif isinstance(event, yaml.CollectionEndEvent):
            node = self.open.pop().closed()
            self._add(node, node.place)
        return True

    def _checked(self, event: yaml.NodeEvent, place: Place) -> None:
        if event.anchor is not None:
            self._problem(place, "anchors (&) are not read here; write the value out where needed")
        if getattr(event, "tag", None) is not None:
            self._problem(place, 'tags (!) are not read here; for text write "…" in quotes')

    def _begin(self, place: Place, is_map: bool) -> bool:
        if len(self.open) >= DEEPEST:
            self._problem(place, f"it is nested more than {DEEPEST} levels deep")
            return False
        if self.open and self.open[-1].wants_key:
            self._problem(place, "a key has to be a word; text with { or [ needs quotes")
        self.open.append(_Open(place, is_map))
        return True

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> None:
        text = str(event.value)
        odd = next(filter(_cannot_be_shown, text), None)
        if odd is not None:
            self._problem(place, f"it contains the control character U+{ord(odd):04X}")
            text = text.encode("ascii", "replace").decode()
        hidden = secret.MASK if any(secret.named(str(key)) for key in place.path) else None
        value, complaint = (text, None) if event.style else words.read(text, hidden)
        if self.open and self.open[-1].wants_key:
            self._key(text, value, complaint, place)
            return
        if complaint:
            self._problem(place, complaint)
        self._add(Scalar(value, text, place), place)

    def _key(self, text: str, value: words.Word, complaint: str | None, place: Place) -> None:
        parent = self.open[-1]
        place = Place(place.line, place.column, (*parent.place.path, text))
        known = parent.entries.get(text)
        parent.dropped = known is not None
        if text == "<<":
            self._problem(place, "merge keys (<<) are not read here; write the values out")
            parent.dropped = True
        elif complaint or not isinstance(value, str):
            self._problem(place, "a key has to be text; write it in quotes")
        elif known is not None:
            self._problem(place, f"written twice; the first is in line {known[0].line}")
        elif "${" in text:
            self._problem(place, "variables are for values, not for keys")
        parent.key = (text, place)

    def _add(self, node: Node, place: Place) -> None:
        if not self.open:
            self.root = None if isinstance(node, Scalar) and node.value is None else node
            return
        parent = self.open[-1]
        if not parent.is_map:
            parent.nodes.append(node)
        elif parent.key is None:
            parent.key, parent.dropped = ("?", place), True
        else:
            if not parent.dropped:
                parent.entries[parent.key[0]] = (parent.key[1], node)
            parent.key = None

    def _problem(self, place: Place, text: str) -> None:
        self.problems.append(Problem.at(place, text))


def _cannot_be_shown(character: str) -> bool:
    """Control characters upset terminals, and half a surrogate pair cannot be printed at all."""
    return character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cs")
