"""One run of tw: where it speaks to, and for which workspace."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.fakes.tw.client import Api, Failed


@dataclass
class Session:
    """One run of tw: where it speaks to, for which workspace, and how time passes."""

    api: Api
    workspace_text: str | None
    sleep: Callable[[float], None] = time.sleep
    workspace: int | None = None
    names: tuple[str, str] | None = None

    def open(self) -> None:
        """Find the workspace's number; names are looked up at once, a number's later if at all."""
        text = self.workspace_text
        if text is None or text.isdecimal():
            self.workspace = int(text) if text else None
            return
        organization, _, name = (part.strip() for part in text.partition("/"))
        for row in self._workspaces():
            if (row.get("orgName"), row.get("workspaceName")) == (organization, name):
                self.workspace, self.names = row["workspaceId"], (organization, name)
                return
        raise Failed(f"Workspace '{name}' at organization '{organization}' not found")

    def _workspaces(self) -> list[dict[str, Any]]:
        _, user = self.api.call("GET", "/user-info")
        _, found = self.api.call("GET", f"/user/{user['user']['id']}/workspaces")
        return [row for row in found.get("orgsAndWorkspaces", []) if row.get("workspaceId")]

    @property
    def reference(self) -> str:
        """The workspace as the output names it."""
        if self.workspace is None:
            return "user"
        if self.names is None:
            for row in self._workspaces():
                if row["workspaceId"] == self.workspace:
                    self.names = (row["orgName"], row["workspaceName"])
        if self.names is None:
            raise Failed(f"Workspace {self.workspace} not found")
        return "[{} / {}]".format(*self.names)

    @property
    def page(self) -> str:
        """The Platform's pages for this workspace: what tw calls a Studio's URL begins so."""
        server = self.api.endpoint.replace("api.", "", 1).replace("/api", "", 1)
        if self.workspace is None:
            return f"{server}/user"
        self.reference  # noqa: B018 - it finds the names
        organization, name = self.names or ("", "")
        return f"{server}/orgs/{organization}/workspaces/{name}"

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        return self.api.call(method, path, body, workspaceId=self.workspace, **query)[1]
