"""Read from the Platform: who asks, which workspace is meant, which registries it can log in to."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from deploy import answers
from deploy.errors import CredentialMissing, InvalidSetting, RequestRefused, StudioctlError
from deploy.web import Web

CLOUD = "https://api.cloud.seqera.io"
# The addresses of the Cloud that people copy from their browser, or know from earlier.
CLOUD_HOSTS = frozenset({"cloud.seqera.io", "api.cloud.seqera.io", "tower.nf", "api.tower.nf"})
DOCKER_HUB = "docker.io"
DOCKER_HUB_HOSTS = frozenset(
    {"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}
)


@dataclass(frozen=True, slots=True)
class Api:
    """The Platform's API, for one token."""

    web: Web

    def workspace_id(self, workspace: str | None) -> int | None:
        """Give a workspace's number; None is the user's own workspace, which has none."""
        if workspace is None or workspace.isdecimal():
            return None if workspace is None else int(workspace)
        user = _part(self._get("/user-info"), "user")
        found = self._get(f"/user/{user.get('id')}/workspaces").get("orgsAndWorkspaces")
        names: dict[str, int] = {}
        for row in found if isinstance(found, list) else []:
            if isinstance(row, dict) and isinstance(row.get("workspaceId"), int):
                names[f"{row.get('orgName')}/{row.get('workspaceName')}"] = row["workspaceId"]
        exact = names.get(workspace)
        if exact is not None:
            return exact
        alike = [number for name, number in names.items() if name.lower() == workspace.lower()]
        if len(alike) == 1:
            return alike[0]
        listed = ", ".join(sorted(names)) or "none at all"
        raise InvalidSetting(
            "workspace",
            f"{workspace!r} is not among those that this token can see: {listed}.",
        )

    def registries(self, workspace_id: int | None) -> frozenset[str]:
        """List the hosts of the registries that a workspace has a credential for."""
        query = "" if workspace_id is None else f"?workspaceId={workspace_id}"
        found = self._get(f"/credentials{query}").get("credentials")
        return frozenset(
            registry_host(str(_part(row, "keys").get("registry") or DOCKER_HUB))
            for row in (found if isinstance(found, list) else [])
            if isinstance(row, dict)
            and row.get("provider") == "container-reg"
            and not row.get("deleted")
        )

    def _get(self, path: str) -> dict[str, Any]:
        try:
            return self.web.get(path).document()
        except RequestRefused as error:
            raise explained(error, self.web.base) from error


def explained(error: RequestRefused, endpoint: str) -> StudioctlError:
    """Say what a refused token means."""
    if error.status != 401:
        return error
    return CredentialMissing(
        "TOWER_ACCESS_TOKEN",
        f"the Platform at {endpoint} does not accept the token in TOWER_ACCESS_TOKEN.",
        "It may have expired, or belong to another Platform (TOWER_API_ENDPOINT). Make a new\n"
        "one in the Platform under Your tokens.",
    )


def bases(endpoint: str) -> tuple[str, ...]:
    """List where the API of a Platform may be, the likely place first.

    People give the address that they see in the browser; an installation of one's own has its API
    below `/api` of it.

    >>> bases("https://seqera.example.com:8443")
    ('https://seqera.example.com:8443/api', 'https://seqera.example.com:8443')
    >>> bases("https://seqera.example.com/api"), bases("https://cloud.seqera.io")
    (('https://seqera.example.com/api',), ('https://api.cloud.seqera.io',))
    """
    endpoint = endpoint.rstrip("/")
    address = urlsplit(endpoint)
    host = address.hostname or ""
    if host in CLOUD_HOSTS:
        return (CLOUD,)
    if address.path.endswith("/api") or host.startswith("api."):
        return (endpoint,)
    return (f"{endpoint}/api", endpoint)


def find(endpoint: str, reach: Callable[[str], Web]) -> str:
    """Give the address of a Platform's API; ask the server where that is open."""
    candidates = bases(endpoint)
    if len(candidates) == 1:
        return candidates[0]
    for base in candidates:
        answer = reach(base).get("/service-info", accept=range(200, 500))
        if answer.status == 200 and _is_platform(answer.text):
            return base
    raise InvalidSetting(
        "TOWER_API_ENDPOINT",
        f"there is no Seqera Platform at {' or '.join(candidates)}:\n"
        "neither has the page /service-info.",
    )


def _is_platform(text: str) -> bool:
    """Wave has a page of this name, too; only the Platform tells the version of its API there."""
    return "apiVersion" in _part(answers.parsed(text) or {}, "serviceInfo")


def registry_host(repository: str) -> str:
    """Give the host that a repository's credential is looked up by.

    >>> registry_host("ghcr.io/acme/x"), registry_host("acme/x"), registry_host("localhost/x")
    ('ghcr.io', 'docker.io', 'localhost')
    >>> registry_host("https://index.docker.io/v1/"), registry_host("quay.io")
    ('docker.io', 'quay.io')
    """
    _, scheme, rest = repository.rpartition("://")
    first, slash, _ = (rest if scheme else repository).partition("/")
    is_host = bool(scheme) or "." in first or ":" in first or first == "localhost"
    host = first.lower() if is_host or not slash else DOCKER_HUB
    return DOCKER_HUB if host in DOCKER_HUB_HOSTS else host


def without_credential(
    repositories: Iterable[str | None], registries: frozenset[str]
) -> tuple[str, ...]:
    """List the repositories whose registry is not among those with a credential."""
    return tuple(
        repository
        for repository in repositories
        if repository and registry_host(repository) not in registries
    )


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}
