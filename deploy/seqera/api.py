"""Addresses: where a Platform has its API, and which registry an image is kept in."""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from deploy import answers
from deploy.errors import InvalidSetting
from deploy.resolve import PLATFORM_API
from deploy.seqera import members
from deploy.web import LATER, Web

# All answers that do not say "later": to that `Web` listens.
LASTING = frozenset(range(200, 500)) - {LATER}
# The addresses of the Cloud that people copy from their browser, or know from earlier.
CLOUD_HOSTS = frozenset({"cloud.seqera.io", "api.cloud.seqera.io", "tower.nf", "api.tower.nf"})
DOCKER_HUB = "docker.io"
DOCKER_HUB_HOSTS = frozenset(
    {"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}
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
        return (PLATFORM_API,)
    if address.path.endswith("/api") or host.startswith("api."):
        return (endpoint,)
    return (f"{endpoint}/api", endpoint)


def find(endpoint: str, reach: Callable[[str], Web]) -> str:
    """Give the address of a Platform's API; ask the server where that is open."""
    candidates = bases(endpoint)
    if len(candidates) == 1:
        return candidates[0]
    for base in candidates:
        answer = reach(base).get("/service-info", accept=LASTING)
        if answer.status == 200 and _is_platform(answer.text):
            return base
    raise InvalidSetting(
        "TOWER_API_ENDPOINT",
        f"there is no Seqera Platform at {' or '.join(candidates)}:\n"
        "neither has the page /service-info.",
    )


def _is_platform(text: str) -> bool:
    """Wave has a page of this name, too; only the Platform tells the version of its API there."""
    return "apiVersion" in members.part(answers.parsed(text) or {}, "serviceInfo")


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
