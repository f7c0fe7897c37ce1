"""The fake Platform's labels: found or made by name and value, a thousand to a workspace."""

import re

from tests.fakes.seqera import showing
from tests.fakes.seqera.house import Asked, House, Route
from tests.fakes.seqera.records import Label, Studio
from tests.fakes.server import Reply
from tests.fakes.validation import Refusal

# The limits are those of docs.seqera.io, "Resource labels".
MOST, MOST_ON_ONE = 1000, 25
WORD = re.compile(r"(?=.{2,39}$)[A-Za-z0-9]+([-_][A-Za-z0-9]+)*")
RESERVED = ("aws", "user")


class Labels:
    """Labels of all workspaces; `studios` are those that lose a deleted one."""

    def __init__(self, house: House, studios: dict[str, Studio]) -> None:
        self.house = house
        self.studios = studios
        self.all: dict[int, Label] = {}
        self.made = 0

    def routes(self) -> list[Route]:
        return [
            ("GET", "/labels", self._list),
            ("POST", "/labels", self._create),
            ("DELETE", r"/labels/(\d+)", self._delete),
        ]

    def add(self, workspace: int | None, name: str, value: str | None) -> Label:
        self.made += 1
        resource = value is not None
        now = self.house.now()
        label = Label(5000 + self.made, workspace, name, value, resource, now)
        self.all[label.id] = label
        return label

    def chosen(self, workspace: int | None, ids: list[int]) -> list[Label]:
        """Give the resource labels of these ids, which must be the workspace's."""
        found = [self.all.get(id_) for id_ in ids]
        known = [label for label in found if label and label.workspace == workspace]
        if len(known) != len(ids) or not all(label.resource for label in known):
            raise Refusal(400, "Invalid label ids")
        if len(known) > MOST_ON_ONE:
            raise Refusal(400, f"At most {MOST_ON_ONE} labels can be applied")
        if len({label.name for label in known}) != len(known):
            raise Refusal(400, "Labels of the same name cannot be applied together")
        return known

    def _in(self, workspace: int | None) -> list[Label]:
        return [label for label in self.all.values() if label.workspace == workspace]

    def _list(self, asked: Asked) -> Reply:
        kind = asked.text("type") or "simple"
        search = (asked.text("search") or "").lower()
        found = [
            label
            for label in self._in(asked.workspace.id)
            if kind == "all" or label.resource == (kind == "resource")
            if search in f"{label.name}={label.value}".lower()
        ]
        listed = [showing.label(label) for label in asked.page(found)]
        return Reply.exactly({"labels": listed, "totalSize": len(found)})

    def _create(self, asked: Asked) -> Reply:
        self.house.may_write(asked.workspace)
        sent = asked.document()
        name, value = sent.get("name"), sent.get("value")
        if not name:
            raise Refusal(400, "Missing label name")
        if bool(sent.get("resource")) != bool(value):
            raise Refusal(400, "A resource label, and no other, must have a value")
        for word in (name, value):
            if word and (not WORD.fullmatch(word) or word.startswith(RESERVED)):
                raise Refusal(400, f"Invalid label: '{word}'")
        there = self._in(asked.workspace.id)
        for label in there:
            if (label.name, label.value) == (name, value or None):
                return self._made(label)
        if len(there) >= MOST:
            raise Refusal(403, f"The limit of {MOST} labels in this workspace is reached")
        return self._made(self.add(asked.workspace.id, name, value or None))

    def _made(self, label: Label) -> Reply:
        told = showing.label(label)
        return Reply.exactly({name: told[name] for name in told if name != "dateCreated"})

    def _delete(self, asked: Asked) -> Reply:
        """Documented: only admins may, and only where nothing carries the label."""
        self.house.may_administer(asked.workspace)
        label = self.all.get(int(asked.parts[0]))
        if label is None or label.workspace != asked.workspace.id:
            # A label that is not there is refused like one of somebody else.
            return Reply(403)
        if any(label in each.labels for each in self.studios.values()):
            raise Refusal(400, f"Label '{label.name}' is in use")
        del self.all[label.id]
        return Reply(204)
