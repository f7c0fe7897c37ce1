"""Studios of one workspace: find, describe, create, change, start, stop, delete.

After a write whose answer was lost (`AnswerLost`) nobody knows what is there; the caller looks
before it writes again. `TurnedAway` says that nothing was done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from deploy.answers import Answer
from deploy.errors import AnswerLost, NameTaken, RequestRefused, StudioctlError, StudioGone
from deploy.planning.desired import OURS
from deploy.seqera import members
from deploy.seqera.calls import Calls
from deploy.seqera.models import Label, Studio
from deploy.web import Web

NOT_FOUND, CONFLICT = 404, 409
# A label that something else carries is refused, one that is gone is not found.
ELSEWHERE = (400, NOT_FOUND)
# The Platform fetches the data links of a Studio in the background; the rest is known at once.
LINKS_LIMIT_S = 5


@dataclass(frozen=True, slots=True)
class Studios:
    """The Studios of a workspace; without one, the user's own."""

    web: Web
    workspace_id: int | None = None

    @property
    def calls(self) -> Calls:
        """The Platform's API in this workspace."""
        return Calls(self.web, self.workspace_id)

    def all(self, search: str | None = None) -> list[Studio]:
        """List them, with their labels; an entry has no configuration."""
        query = {"attributes": "labels"} | ({} if search is None else {"search": search})
        rows = self.calls.listed("studios", member="studios", key="sessionId", query=query)
        return [Studio.from_json(row) for row in rows]

    def named(self, name: str, among: Iterable[Studio] | None = None) -> Studio | None:
        """Describe the one with exactly this name, None if there is none.

        The whole list is read, unless it is given: a search takes words of a name for keywords.
        """
        found = self.all() if among is None else among
        entry = next((studio for studio in found if studio.name == name), None)
        if entry is None:
            return None
        try:
            return self.described(entry.id)
        except StudioGone:
            return None

    def described(self, id_: str) -> Studio:
        """Describe one; raises `StudioGone`.

        Data links that the Platform is still fetching are waited for, some seconds at most.
        """
        try:
            answer = self.calls.settled("studios", id_, limit_s=LINKS_LIMIT_S)
        except RequestRefused as error:
            _raise(error, gone=id_)
        return Studio.from_json(answer.document())

    def create(self, body: Mapping[str, Any], auto_start: bool) -> Studio:
        """Make one. Sent exactly once; raises `NameTaken`, `AnswerLost`, `TurnedAway`.

        Names are unique in a workspace, so of two who make the same one gets `NameTaken`.
        """
        try:
            answer = self.calls.write(
                "POST",
                "studios",
                body=body,
                accept=(200, 201),
                once=True,
                # Always said: without it the API starts the Studio, and `tw` does not.
                query={"autoStart": str(auto_start).lower()},
            )
        except RequestRefused as error:
            _raise(error, taken=str(body.get("name", "")))
        return _studio(answer)

    def update(self, id_: str, body: Mapping[str, Any]) -> Studio:
        """Change one that is idle; what is not in the body stays. Raises `NameTaken` too."""
        try:
            answer = self.calls.write("PUT", "studios", id_, body=body)
        except RequestRefused as error:
            _raise(error, gone=id_, taken=str(body.get("name", "")))
        return _studio(answer)

    def start(self, id_: str, body: Mapping[str, Any] | None = None) -> None:
        """Ask for a start; the Platform wants a body, even an empty one."""
        self._act(id_, "PUT", "start", body=body or {})

    def stop(self, id_: str) -> None:
        """Ask for a stop, which takes a while."""
        self._act(id_, "PUT", "stop")

    def delete(self, id_: str) -> None:
        """Delete one that is idle, with its checkpoints. This is final and immediate."""
        self._act(id_, "DELETE")

    def label_ids(self, labels: Mapping[str, str], known: Iterable[Label] = ()) -> list[int]:
        """Give the ids of resource labels, in their order; those that are missing are made.

        The Platform gives the label that is there where one has the same name and value, so this
        may be repeated. Those in `known` are not asked for.
        """
        ids = {(label.name, label.value): label.id for label in known}
        return [
            ids.get((name, value)) or self._label_id(name, value) for name, value in labels.items()
        ]

    def drop_labels(self, labels: Iterable[Label]) -> list[Label]:
        """Delete those of our own labels that no Studio carries any more; give those tried.

        A workspace has room for 1,000. This is tidying up: a label that cannot be deleted stays.
        """
        ours = {label.id: label for label in labels if label.name.startswith(f"{OURS}-")}
        dropped: list[Label] = []
        if not ours:
            return dropped
        # Only admins may delete labels; whoever else deploys leaves them.
        with contextlib.suppress(StudioctlError):
            used = {label.id for studio in self.all() for label in studio.labels}
            for id_ in ours.keys() - used:
                self.calls.write("DELETE", "labels", id_, accept=(200, 204, *ELSEWHERE))
                dropped.append(ours[id_])
        return dropped

    def _label_id(self, name: str, value: str) -> int:
        body = {"name": name, "value": value, "resource": True}
        answer = self.calls.make("labels", body=body)
        id_ = members.number(answer.document(), "id")
        if id_ is None:
            raise answer.refusal("the label has no id")
        return id_

    def _act(self, id_: str, method: str, *act: str, body: Mapping[str, Any] | None = None) -> None:
        try:
            self.calls.write(method, "studios", id_, *act, body=body, accept=(200, 202, 204))
        except RequestRefused as error:
            _raise(error, gone=id_)


def _studio(answer: Answer) -> Studio:
    """Read the Studio that a change answers with; a page in its place tells nothing."""
    try:
        document = answer.document()
    except RequestRefused as error:
        raise AnswerLost(error) from error
    studio = Studio.from_json(members.part(document, "studio") or document)
    if not studio.id:
        raise AnswerLost(answer.refusal("it names no Studio"))
    return studio


def _raise(error: RequestRefused, gone: str = "", taken: str = "") -> NoReturn:
    """Raise what a refusal means for a Studio."""
    if gone and error.status == NOT_FOUND:
        raise StudioGone(gone) from error
    if taken and error.status == CONFLICT:
        raise NameTaken(taken) from error
    raise error
