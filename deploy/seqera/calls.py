"""Calls to the Platform in one workspace: addresses, pages, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from deploy.answers import Answer
from deploy.errors import (
    CredentialMissing,
    NotAllowed,
    RequestRefused,
    StillCollecting,
    StudioctlError,
    Unreachable,
)
from deploy.seqera import members
from deploy.seqera.api import LASTING
from deploy.seqera.members import Document
from deploy.wait import pauses
from deploy.web import Web

# What the Platform is still collecting is answered so, with what there is already.
UNFINISHED = 202
FORBIDDEN = 403
# What a token that is not accepted is answered with.
NOT_YOU = (401, FORBIDDEN)
# The largest page that is known to be given: what `tw` asks for.
PAGE = 100

Part = str | int
Query = Mapping[str, Part]
NONE: Query = {}


@dataclass(frozen=True, slots=True)
class Calls:
    """The Platform's API for one token and one workspace; None is the user's own.

    A path is given by its parts, each of which is quoted. Refusals are raised as `RequestRefused`;
    a token that is not accepted as `CredentialMissing`, a role that is too low as `NotAllowed`.
    """

    web: Web
    workspace_id: int | None = None

    def read(self, *path: Part, query: Query = NONE, accept: Iterable[int] = (200,)) -> Answer:
        """Ask for something; what may pass is repeated."""
        try:
            return self.web.get(self.address(path, query), accept=accept)
        except RequestRefused as error:
            raise self._meant(error) from error

    def settled(self, *path: Part, query: Query = NONE, limit_s: float = 60) -> Answer:
        """Ask again until the answer is whole; after so many seconds take it as it is."""
        begun = self.web.clock.steady()
        for pause_s in pauses(1, 8, 1.8):
            answer = self.read(*path, query=query, accept=(200, UNFINISHED))
            left_s = limit_s - (self.web.clock.steady() - begun)
            if answer.status != UNFINISHED or left_s <= 0:
                return answer
            self.web.clock.sleep(min(pause_s, left_s))
        raise AssertionError("pauses never end")

    def write(
        self,
        method: str,
        *path: Part,
        query: Query = NONE,
        body: Mapping[str, Any] | None = None,
        accept: Iterable[int] = (200,),
        once: bool = False,
    ) -> Answer:
        """Change something, as `Web.write` does."""
        try:
            return self.web.write(method, self.address(path, query), body, accept=accept, once=once)
        except RequestRefused as error:
            raise self._meant(error) from error

    def make(self, *path: Part, body: Mapping[str, Any]) -> Answer:
        """Make what the Platform makes only once, however often it is asked."""
        try:
            return self.web.post(self.address(path), body, accept=(200, 201))
        except RequestRefused as error:
            raise self._meant(error) from error

    def listed(
        self,
        *path: Part,
        member: str,
        key: str,
        query: Query = NONE,
    ) -> list[Document]:
        """Give the whole of a list, each entry once.

        Raises `StillCollecting` where the Platform does not come to an end with it in a minute.
        A list from which somebody deletes while it is read moves under the reader, who would miss
        entries: it is read once more where its size has changed, or is not what was said.
        """
        found: dict[str, Document] = {}
        for _ in range(2):
            found, totals = {}, set()
            for rows, total in self._pages(path, member, query):
                found |= {members.key(row, key): row for row in rows}
                totals.add(total)
            if len(totals) == 1 and len(found) >= (totals.pop() or 0):
                break
        return list(found.values())

    def first_page(
        self, *path: Part, member: str, query: Query = NONE
    ) -> tuple[list[Document], bool]:
        """Give the first page of a list, and whether that is the whole of it."""
        rows, total = next(self._pages(path, member, query))
        return rows, total is not None and len(rows) >= total

    def address(self, path: Iterable[Part], query: Query = NONE) -> str:
        """Write the address of a call.

        >>> Calls(None, 71).address(("studios", "a/b"), {"search": "x y"})
        '/studios/a%2Fb?workspaceId=71&search=x+y'
        """
        where = "".join(f"/{quote(str(part), safe='')}" for part in path)
        own = {} if self.workspace_id is None else {"workspaceId": self.workspace_id}
        asked = urlencode({**own, **query})
        return f"{where}?{asked}" if asked else where

    def _pages(
        self, path: Iterable[Part], member: str, query: Query
    ) -> Iterator[tuple[list[Document], int | None]]:
        """Read page after page, each with the number of all entries as it is said there."""
        offset, before = 0, None
        while True:
            answer = self.settled(*path, query={**query, "max": PAGE, "offset": offset})
            if answer.status == UNFINISHED:
                raise StillCollecting("/".join(map(str, path)))
            document = answer.document()
            rows = list(members.rows(document, member))
            total = members.number(document, "totalSize")
            yield rows, total
            offset += len(rows)
            # A server that knows no offset gives the same page again and again.
            if not rows or rows == before or (total is not None and offset >= total):
                return
            before = rows

    def _meant(self, error: RequestRefused) -> StudioctlError:
        """Tell a token that is not accepted from a user who may not do this: 403 says both."""
        if error.status not in NOT_YOU:
            return error
        if error.status == FORBIDDEN and not self._is_nobody():
            return NotAllowed(error)
        return CredentialMissing(
            "TOWER_ACCESS_TOKEN",
            f"the Platform at {self.web.base} does not accept the token in TOWER_ACCESS_TOKEN.",
            "It may have expired, or belong to another Platform (TOWER_API_ENDPOINT). Make a new\n"
            "one in the Platform under Your tokens.",
        )

    def _is_nobody(self) -> bool:
        """Ask who the token's user is: that needs a token, and no role."""
        try:
            return self.web.get("/user-info", accept=LASTING).status in NOT_YOU
        except (RequestRefused, Unreachable):
            return False
