"""A Platform that knows users, workspaces and credentials: what a build asks it for."""

from dataclasses import dataclass, field
from typing import Any

from tests.fakes.clock import FakeClock
from tests.fakes.server import Call, Reply, Server

TOKEN = "eyJ0aWQiOiA3fS5wbGFudGVkLXRva2Vu"


@dataclass
class Workspace:
    id: int
    organization: str
    name: str
    registries: list[str] = field(default_factory=list)


class Platform(Server):
    """The API below `/api`, as an installation of one's own has it; a page is at the top."""

    def __init__(self, clock: FakeClock, prefix: str = "/api") -> None:
        super().__init__()
        self.clock = clock
        self.prefix = prefix
        self.tokens = {TOKEN}
        self.own_registries: list[str] = []
        self.workspaces = [Workspace(71, "Acme", "ml"), Workspace(72, "Acme", "bio")]

    @property
    def endpoint(self) -> str:
        return self.url + self.prefix

    def now(self) -> float:
        return self.clock.now()

    def answer(self, call: Call) -> Reply:
        if not call.path.startswith(self.prefix + "/"):
            return Reply.page(200, b"<!DOCTYPE html><html><title>Seqera</title></html>")
        path = call.path.removeprefix(self.prefix)
        if path == "/service-info":
            return Reply.of(
                {"serviceInfo": {"version": "26.2.0", "apiVersion": "1.200.0", "waveEnabled": True}}
            )
        if call.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Reply(401)
        if path == "/user-info":
            return Reply.of({"user": {"id": 7, "userName": "ada", "email": "ada@example.com"}})
        if path == "/user/7/workspaces":
            return Reply.of({"orgsAndWorkspaces": self._rows()})
        if path == "/credentials":
            return self._credentials(call.query.get("workspaceId"))
        return Reply.error(404, "Not found")

    def _rows(self) -> list[dict[str, Any]]:
        organization = {"orgId": 1, "orgName": "Acme", "workspaceId": None}
        return [organization] + [
            {
                "orgId": 1,
                "orgName": each.organization,
                "workspaceId": each.id,
                "workspaceName": each.name,
                "workspaceFullName": f"{each.organization} / {each.name}",
                "roles": ["maintain"],
            }
            for each in self.workspaces
        ]

    def _credentials(self, workspace: str | None) -> Reply:
        found = self.own_registries
        if workspace is not None:
            known = {str(each.id): each for each in self.workspaces}
            if workspace not in known:
                return Reply(403)
            found = known[workspace].registries
        aws = {"id": "a", "name": "aws", "provider": "aws", "keys": {"discriminator": "aws"}}
        keys = [{"discriminator": "container-reg", "registry": host} for host in found]
        listed = [
            {"id": f"c{n}", "name": f"c{n}", "provider": "container-reg", "keys": each}
            for n, each in enumerate(keys)
        ]
        return Reply.of({"credentials": [aws, *listed]})
