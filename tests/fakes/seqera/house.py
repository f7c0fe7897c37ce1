"""Who asks the fake Platform, for which workspace, and whether that is allowed."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import unquote

from tests.fakes.seqera.records import Workspace
from tests.fakes.server import Call, Reply
from tests.fakes.validation import Refusal

TOKEN = "eyJ0aWQiOiA3fS5wbGFudGVkLXRva2Vu"
USER = {"id": 7, "userName": "ada", "email": "ada@example.com"}
ORGANIZATION = 1
USUAL_PAGE, LARGEST_PAGE = 20, 100
# Clients have to live with members that a later release adds.
NEWER = {"addedByALaterRelease": {"enabled": True}}


class Timed(Protocol):
    """Whatever tells the time of day: the test's clock or the real one."""

    @property
    def now(self) -> Callable[[], float]: ...


@dataclass(frozen=True)
class Asked:
    """A call, with the parts that its path names and the workspace that it is about."""

    call: Call
    parts: tuple[str, ...]
    workspace: Workspace

    def text(self, name: str) -> str | None:
        return self.call.query.get(name)

    def flag(self, name: str, default: bool) -> bool:
        return self.call.query.get(name, str(default)).lower() == "true"

    def wishes(self, attribute: str) -> bool:
        return attribute in self.call.query.get("attributes", "").split(",")

    def number(self, name: str, default: int) -> int:
        text = self.call.query.get(name, str(default))
        if not re.fullmatch(r"\d+", text):
            raise Refusal(400, f"Invalid value for '{name}': {text}")
        return int(text)

    def document(self) -> dict[str, Any]:
        try:
            sent = self.call.json()
        except ValueError:
            raise Refusal(400, "Invalid JSON") from None
        if not isinstance(sent, dict):
            raise Refusal(400, "Invalid JSON")
        return sent

    def page(self, rows: list[Any], largest: int = LARGEST_PAGE) -> list[Any]:
        most = min(self.number("max", USUAL_PAGE), largest)
        offset = self.number("offset", 0)
        return rows[offset : offset + most]


Act = Callable[[Asked], Reply]
Route = tuple[str, str, Act]


@dataclass
class House:
    """The workspaces of one Platform, and the one user whose tokens it takes."""

    clock: Timed
    workspaces: list[Workspace]
    own: Workspace = field(
        default_factory=lambda: Workspace(None, "ada", "personal", roles=["owner"])
    )
    # A refusal's words; empty is a refusal without a body.
    forbidden: str = "User not entitled to perform this operation"

    def now(self) -> float:
        return self.clock.now()

    def workspace(self, number: str | None) -> Workspace:
        if number is None:
            return self.own
        for each in self.workspaces:
            if str(each.id) == number:
                return each
        raise Refusal(403)

    def may_write(self, workspace: Workspace) -> None:
        if not workspace.writable:
            raise Refusal(403, self.forbidden)

    def may_administer(self, workspace: Workspace) -> None:
        if not workspace.administrable:
            raise Refusal(403, self.forbidden)

    def routed(self, routes: Iterable[Route], call: Call, path: str) -> Reply:
        """Answer with the first route that fits."""
        for method, pattern, act in routes:
            found = re.fullmatch(pattern, path)
            if found and method == call.method:
                parts = tuple(unquote(part or "") for part in found.groups())
                return act(Asked(call, parts, self.workspace(call.query.get("workspaceId"))))
        return Reply.error(404, "Not found")


def written(seconds: float | None) -> str | None:
    """Write a time as the Platform does."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
