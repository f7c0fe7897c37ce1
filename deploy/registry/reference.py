"""The parts of an image's name, as Docker reads them."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from deploy import formats
from deploy.docker.push import registry_of
from deploy.seqera.api import DOCKER_HUB, registry_host

# Where Docker Hub's registry answers; its name is that of its pages.
DOCKER_HUB_API = "registry-1.docker.io"
# Tags that people move from image to image, as far as a tag can tell.
MOVING = frozenset({"latest", "main", "master", "dev", "develop", "edge", "nightly", "stable"})


@dataclass(frozen=True, slots=True)
class Reference:
    """Registry, repository, and the tag or digest; a name without either has the tag latest."""

    host: str
    repository: str
    tag: str | None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a name.

        >>> Reference.parse("python:3.11")
        Reference(host='docker.io', repository='library/python', tag='3.11', digest=None)
        >>> Reference.parse("ghcr.io/acme/x@sha256:00").digest
        'sha256:00'
        """
        name, _, digest = text.partition("@")
        path, colon, tag = name.rpartition(":")
        if not colon or "/" in tag:
            path, tag = name, ""
        first, _, rest = path.partition("/")
        repository = rest if rest and registry_of(path) == first else path
        host = registry_host(path) if "/" in path else DOCKER_HUB
        if host == DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        return cls(host, repository, tag or (None if digest else "latest"), digest or None)

    @property
    def base(self) -> str:
        """The address of its registry; without encryption only on this machine."""
        host = DOCKER_HUB_API if self.host == DOCKER_HUB else self.host
        is_here = formats.is_loopback(urlsplit(f"//{host}").hostname or "")
        return f"{'http' if is_here else 'https'}://{host}"

    @property
    def moves(self) -> bool:
        """Tell whether the name will probably stand for another image some day."""
        return self.digest is None and (self.tag or "").lower() in MOVING
