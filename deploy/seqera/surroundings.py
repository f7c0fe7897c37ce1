"""Look around on the Platform: who asks, in which workspace, and what is there."""

from __future__ import annotations

from collections.abc import Iterable

from deploy import answers
from deploy.errors import InvalidSetting, RequestRefused
from deploy.nearby import near
from deploy.seqera import members
from deploy.seqera.calls import Calls
from deploy.seqera.members import Document
from deploy.seqera.models import ComputeEnv, Surroundings
from deploy.web import Web


def look(web: Web, workspace: str | None) -> Surroundings:
    """Give who asks, and what is known of the workspace: `Org/Workspace`, a number, or the user's.

    Raises `CredentialMissing` for a token that is not accepted, and `InvalidSetting` for a
    workspace that its user cannot see. What else cannot be read is not known.
    """
    calls = Calls(web)
    user = members.part(calls.read("user-info").document(), "user")
    user_id = members.number(user, "id") or 0
    found = Surroundings(
        user_id, members.text(user, "userName") or "", api_version=_api_version(web)
    )
    if workspace is None:
        return found
    document = calls.read("user", user_id, "workspaces").document()
    row = _row(workspace, list(members.rows(document, "orgsAndWorkspaces")))
    organization_id = members.number(row, "orgId")
    workspace_id = members.number(row, "workspaceId")
    return Surroundings(
        user_id=user_id,
        user_name=found.user_name,
        organization=members.text(row, "orgName"),
        organization_id=organization_id,
        workspace=members.text(row, "workspaceName"),
        workspace_id=workspace_id,
        roles=members.words(row, "roles"),
        api_version=found.api_version,
        lifespan_h=_lifespan_h(calls, organization_id, workspace_id),
    )


def compute_envs(calls: Calls) -> list[ComputeEnv]:
    """List the compute environments, whatever their status; they come without configuration."""
    rows = members.rows(calls.read("compute-envs").document(), "computeEnvs")
    return [ComputeEnv.from_json(row) for row in rows]


def compute_env(calls: Calls, id_: str) -> ComputeEnv:
    """Describe one compute environment, with the labels that its Studios inherit."""
    answer = calls.read("compute-envs", id_, query={"attributes": "labels"})
    return ComputeEnv.from_json(members.part(answer.document(), "computeEnv"))


def _row(workspace: str, rows: Iterable[Document]) -> Document:
    """Choose a workspace by its number or its names; their case counts only between two of them."""
    named = {_name(row): row for row in rows if members.number(row, "workspaceId") is not None}
    if workspace.isdecimal():
        numbered = {str(row["workspaceId"]): row for row in named.values()}
        if workspace in numbered:
            return numbered[workspace]
    alike = [row for name, row in named.items() if name.lower() == workspace.lower()]
    if workspace in named or len(alike) == 1:
        return named.get(workspace) or alike[0]
    raise InvalidSetting(
        "workspace",
        f"{workspace!r} is not among those that this token can see{near(workspace, named)}.",
    )


def _name(row: Document) -> str:
    return f"{members.text(row, 'orgName')}/{members.text(row, 'workspaceName')}"


def _api_version(web: Web) -> str | None:
    """Ask a page that needs no token; some installations show it to nobody."""
    answer = web.get("/service-info", accept=range(200, 500))
    service = members.part(answers.parsed(answer.text) or {}, "serviceInfo")
    return members.text(service, "apiVersion")


def _lifespan_h(calls: Calls, organization_id: int | None, workspace_id: int | None) -> int | None:
    """Give the workspace's own lifespan for Studios, which only some roles may read."""
    if organization_id is None or workspace_id is None:
        return None
    try:
        answer = calls.read(
            "orgs", organization_id, "workspaces", workspace_id, "settings", "studios"
        )
    except RequestRefused:
        return None
    return members.number(answer.document(), "lifespanHours")
