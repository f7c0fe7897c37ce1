"""Look around on the Platform: who asks, in which workspace, and what is there."""

from __future__ import annotations

from dataclasses import replace

from deploy import answers
from deploy.errors import InvalidSetting, RequestRefused
from deploy.nearby import near
from deploy.seqera import members
from deploy.seqera.api import DOCKER_HUB, LASTING, registry_host
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
    user = _user(calls)
    found = Surroundings(members.text(user, "userName") or "", api_version=_api_version(web))
    if workspace is None:
        return found
    row = _row(workspace, calls, user)
    return replace(
        found,
        organization=members.text(row, "orgName"),
        workspace=members.text(row, "workspaceName"),
        workspace_id=members.number(row, "workspaceId"),
        roles=members.words(row, "roles"),
        lifespan_h=_lifespan_h(calls, row),
    )


def workspace_id(web: Web, workspace: str | None) -> int | None:
    """Give a workspace's number; None is the user's own workspace, which has none.

    A number is taken as it is, without a call. Raises as `look` does.
    """
    if workspace is None or workspace.isdecimal():
        return None if workspace is None else int(workspace)
    calls = Calls(web)
    return members.number(_row(workspace, calls, _user(calls)), "workspaceId")


def registries(calls: Calls) -> frozenset[str]:
    """List the hosts of the registries that the workspace has a credential for."""
    rows = members.rows(calls.read("credentials").document(), "credentials")
    return frozenset(
        registry_host(members.text(members.part(row, "keys"), "registry") or DOCKER_HUB)
        for row in rows
        if row.get("provider") == "container-reg" and not row.get("deleted")
    )


def compute_envs(calls: Calls) -> list[ComputeEnv]:
    """List the compute environments, whatever their status; they come without configuration."""
    rows = members.rows(calls.read("compute-envs").document(), "computeEnvs")
    return [ComputeEnv.from_json(row) for row in rows]


def compute_env(calls: Calls, id_: str) -> ComputeEnv:
    """Describe one compute environment, with the labels that its Studios inherit."""
    answer = calls.read("compute-envs", id_, query={"attributes": "labels"})
    return ComputeEnv.from_json(members.part(answer.document(), "computeEnv"))


def _user(calls: Calls) -> Document:
    return members.part(calls.read("user-info").document(), "user")


def _row(workspace: str, calls: Calls, user: Document) -> Document:
    """Choose a workspace by its number or its names; their case counts only between two of them."""
    document = calls.read("user", members.number(user, "id") or 0, "workspaces").document()
    rows = members.rows(document, "orgsAndWorkspaces")
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
        f"{workspace!r} is not among those that this token can see{near(workspace, named)}",
    )


def _name(row: Document) -> str:
    return f"{members.text(row, 'orgName')}/{members.text(row, 'workspaceName')}"


def _api_version(web: Web) -> str | None:
    """Ask a page that needs no token; some installations show it to nobody."""
    answer = web.get("/service-info", accept=LASTING)
    service = members.part(answers.parsed(answer.text) or {}, "serviceInfo")
    return members.text(service, "apiVersion")


def _lifespan_h(calls: Calls, row: Document) -> int | None:
    """Give the workspace's own lifespan for Studios, which only some roles may read."""
    organization, workspace = (members.number(row, name) for name in ("orgId", "workspaceId"))
    if organization is None or workspace is None:
        return None
    try:
        answer = calls.read("orgs", organization, "workspaces", workspace, "settings", "studios")
    except RequestRefused:
        return None
    return members.number(answer.document(), "lifespanHours")
