"""Find data links in a workspace: by name, by id, or by the bucket that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from deploy.errors import RequestRefused
from deploy.seqera import members
from deploy.seqera.calls import Calls
from deploy.seqera.models import Link

Kind = Literal["name", "id", "uri"]
LIST = "data-links"
NO_SUCH = frozenset({400, 404})


@dataclass(frozen=True, slots=True)
class Wish:
    """A data link as a profile names it."""

    kind: Kind
    text: str

    def met_by(self, link: Link) -> bool:
        """Tell whether a data link is meant; a slash at the end of a bucket says nothing."""
        if self.kind == "uri":
            return link.uri.rstrip("/") == self.text.rstrip("/")
        return self.text == (link.id if self.kind == "id" else link.name)


@dataclass(frozen=True, slots=True)
class Found:
    """Which data links each wish meets, in the order of the wishes, and others, for comparison."""

    matches: tuple[tuple[Link, ...], ...] = ()
    known: tuple[Link, ...] = ()


def find(calls: Calls, wishes: Sequence[Wish]) -> Found:
    """Look for data links; raises `StillCollecting` where the Platform's list is not ready.

    Most workspaces have so few that one page is the whole list. In others each wish is searched
    for, and the whole list is read only for what the search does not show: what its words mean is
    described nowhere.
    """
    if not wishes:
        return Found()
    known, whole = _first_page(calls)
    matches: list[tuple[Link, ...]] = []
    for wish in wishes:
        met = _met(wish, known)
        if not whole and wish.kind != "id":
            met = _met(wish, _listed(calls, _search(wish)))
        if not met and not whole and wish.kind != "id":
            known, whole = _listed(calls), True
            met = _met(wish, known)
        if not met and wish.kind == "id":
            # Also one that is hidden, which lists leave out.
            met = _by_id(calls, wish.text)
        matches.append(met)
    return Found(tuple(matches), tuple(known))


def _first_page(calls: Calls) -> tuple[list[Link], bool]:
    rows, whole = calls.first_page(LIST, member="dataLinks")
    return [Link.from_json(row) for row in rows], whole


def _search(wish: Wish) -> str:
    """Write a search, with the one keyword that finds buckets."""
    return f"resourceRef:{wish.text}" if wish.kind == "uri" else wish.text


def _met(wish: Wish, links: Sequence[Link]) -> tuple[Link, ...]:
    return tuple(link for link in links if wish.met_by(link))


def _listed(calls: Calls, search: str | None = None) -> list[Link]:
    query = {} if search is None else {"search": search}
    rows = calls.listed(LIST, member="dataLinks", key="id", query=query)
    return [Link.from_json(row) for row in rows]


def _by_id(calls: Calls, id_: str) -> tuple[Link, ...]:
    try:
        document = calls.read(LIST, id_).document()
    except RequestRefused as error:
        if error.status in NO_SUCH:
            return ()
        raise
    return (Link.from_json(members.part(document, "dataLink") or document),)
