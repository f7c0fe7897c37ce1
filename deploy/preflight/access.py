"""Check who asks: the token, the workspace, the role in it, and how old the Platform is."""

from __future__ import annotations

import re

from deploy.preflight.findings import NO_CREDENTIAL, Finding, error, ok, warning
from deploy.seqera.models import Surroundings

TOKEN, WORKSPACE, ROLE, PLATFORM = "token", "workspace", "role", "Platform"
NO_TOKEN = error(
    TOKEN,
    "there is no TOWER_ACCESS_TOKEN",
    "Make one in the Platform under Your tokens, and export it under that name.",
    NO_CREDENTIAL,
)
# Who may create, start and stop Studios (Seqera docs, "User roles"); the others may connect.
MAY_CHANGE = frozenset({"owner", "admin", "maintain"})
MAY_NOT = frozenset({"launch", "connect", "view", "member", "collaborator"})
# The release whose description this was written after.
KNOWN_API = (1, 187)


def role(surroundings: Surroundings) -> Finding:
    """Tell whether the user may change Studios; in their own workspace everybody may."""
    if surroundings.workspace_id is None:
        return ok(ROLE, f"{surroundings.user_name} works in their own workspace")
    place = f"{surroundings.organization}/{surroundings.workspace}"
    roles = {name.lower() for name in surroundings.roles}
    listed = ", ".join(sorted(roles)) or "none"
    if roles & MAY_CHANGE:
        return ok(ROLE, f"{surroundings.user_name} has the role {listed} in {place}")
    who = f"{surroundings.user_name} has the role {listed} in {place}"
    if roles and roles <= MAY_NOT:
        return error(
            ROLE,
            f"{who}, which cannot change Studios",
            "Ask an owner of the workspace for the role Maintain.",
        )
    return warning(ROLE, f"{who}; whether that is enough to change Studios is not known")


def api(version: str | None) -> Finding:
    """Tell whether the Platform's API is one that is known."""
    found = re.match(r"(\d+)\.(\d+)", version or "")
    if found is None:
        return warning(PLATFORM, "the version of its API cannot be read")
    if tuple(map(int, found.groups())) < KNOWN_API:
        known = ".".join(map(str, KNOWN_API))
        return warning(
            PLATFORM,
            f"its API {version} is older than {known}, for which studioctl was written;\n"
            "it may ignore settings that it does not know",
        )
    return ok(PLATFORM, f"its API is {version}")
