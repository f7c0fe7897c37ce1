"""The part of the fake Platform that knows users, workspaces, settings and credentials."""

from typing import Any

from tests.fakes.seqera.house import NEWER, ORGANIZATION, USER, Asked, House, Route
from tests.fakes.seqera.records import Workspace
from tests.fakes.server import Reply


class People:
    """Who is asking, and what that user's workspaces are."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.own_registries: list[str] = []

    def routes(self) -> list[Route]:
        settings = r"/orgs/(\d+)/workspaces/(\d+)/settings/studios"
        return [
            ("GET", "/user-info", lambda asked: Reply.exactly({"user": USER, **NEWER})),
            ("GET", f"/user/{USER['id']}/workspaces", self._workspaces),
            ("GET", "/credentials", self._credentials),
            ("GET", settings, self._settings),
            ("PUT", settings, self._set),
        ]

    def _workspaces(self, asked: Asked) -> Reply:
        organization = {"orgId": ORGANIZATION, "orgName": "Acme"}
        rows = [
            {
                "orgId": ORGANIZATION,
                "orgName": each.organization,
                "workspaceId": each.id,
                "workspaceName": each.name,
                "workspaceFullName": f"{each.organization} / {each.name}",
                "roles": each.roles,
                "visibility": "PRIVATE",
            }
            for each in self.house.workspaces
        ]
        return Reply.exactly({"orgsAndWorkspaces": [organization, *rows]})

    def _credentials(self, asked: Asked) -> Reply:
        own = asked.workspace is self.house.own
        found = self.own_registries if own else asked.workspace.registries
        aws = {"id": "a", "name": "aws", "provider": "aws", "keys": {"discriminator": "aws"}}
        keys = [{"discriminator": "container-reg", "registry": host} for host in found]
        listed = [
            {"id": f"c{n}", "name": f"c{n}", "provider": "container-reg", "keys": each}
            for n, each in enumerate(keys)
        ]
        return Reply.exactly({"credentials": [aws, *listed]})

    def _settings(self, asked: Asked) -> Reply:
        workspace = self.house.workspace(asked.parts[1])
        return Reply.exactly(
            {
                "orgId": ORGANIZATION,
                "wspId": workspace.id,
                "containerRepository": workspace.container_repository,
                "privateStudioByDefault": workspace.private_by_default,
                **({} if workspace.lifespan_h is None else {"lifespanHours": workspace.lifespan_h}),
            }
        )

    def _set(self, asked: Asked) -> Reply:
        workspace: Workspace = self.house.workspace(asked.parts[1])
        self.house.may_administer(workspace)
        sent: dict[str, Any] = asked.document()
        workspace.lifespan_h = sent.get("lifespanHours", workspace.lifespan_h)
        workspace.container_repository = sent.get("containerRepository")
        return Reply(204)
