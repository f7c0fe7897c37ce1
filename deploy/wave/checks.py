"""Find, before a build, why its image could not be pushed: Wave itself notices minutes later."""

from collections.abc import Iterable

from deploy import ui
from deploy.errors import CredentialMissing, RequestRefused, Unreachable
from deploy.secret import Secret
from deploy.seqera import api, surroundings
from deploy.seqera.calls import Calls


def token_for(repository: str | None, token: Secret | None) -> None:
    """Refuse to push without a token: only with one does Wave know any credential."""
    if repository and not token:
        raise CredentialMissing(
            "TOWER_ACCESS_TOKEN",
            f"an image can be pushed to {repository} only with a token of the Platform,\n"
            "whose workspace has the registry's credential.",
            "Set TOWER_ACCESS_TOKEN. Without it a temporary image can be built: leave out\n"
            "--freeze and the repository.",
        )


def push_credentials(
    calls: Calls, workspace: str | None, repositories: Iterable[str | None]
) -> None:
    """Refuse to push where the workspace has no credential for the registry.

    A token that may not list credentials, or a Platform that this machine cannot reach, is no
    reason to stop: Wave asks on its own.
    """
    try:
        registries = surroundings.registries(calls)
    except (Unreachable, RequestRefused) as error:
        ui.say(f"not checked whether the registry's credential is there: {error.short}")
        return
    missing = api.without_credential(repositories, registries)
    if missing:
        host = api.registry_host(missing[0])
        place = f"the workspace {workspace}" if workspace else "your own workspace"
        known = ", ".join(sorted(registries)) or "none"
        raise CredentialMissing(
            host,
            f"{place} has no credential for the registry {host}, so the image could not be\n"
            f"pushed to {missing[0]}. Registries with a credential: {known}.",
            "Add one in the Platform: Credentials, provider Container registry.",
        )
