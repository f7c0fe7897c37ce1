"""A connection to a Docker engine through its SDK, with every failure told in our words."""

from __future__ import annotations

import contextlib
import errno
import re
import socket
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploy import ui
from deploy.docker import endpoint
from deploy.docker.endpoint import Endpoint
from deploy.errors import CredentialMissing, ToolMissing

if TYPE_CHECKING:
    from docker import APIClient

ANSWER_S = 60
NAMES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i386": "386"}


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answers. `architecture` is that of its own machine, as platforms spell it."""

    client: APIClient
    endpoint: Endpoint
    architecture: str
    is_podman: bool = False

    def image_id(self, reference: str) -> str | None:
        """Give the id of an image that the engine has."""
        found = self.image(reference)
        return None if found is None else str(found["Id"])

    def image(self, reference: str) -> dict[str, Any] | None:
        """Give what the engine knows of an image, if it has it."""
        from docker.errors import NotFound

        try:
            # Its types lack this function, as those of the next one.
            found: dict[str, Any] = self.client.inspect_image(reference)  # type: ignore[no-untyped-call]
        except NotFound:
            return None
        return found

    def tag(self, image: str, repository: str, tag: str) -> None:
        """Give an image one more name."""
        self.client.tag(image, repository, tag)

    def remote_digest(self, reference: str) -> str | None:
        """Ask the registry, through the engine, what it has under a name.

        Podman's engine does not know this question; then nobody knows.
        """
        from docker.errors import APIError

        try:
            found = self.client.inspect_distribution(reference)  # type: ignore[no-untyped-call]
        except APIError as error:
            if self.is_podman and error.status_code in (404, 405, 501):
                return None
            raise
        return str(found["Descriptor"]["digest"])


@contextlib.contextmanager
def connected(env: Mapping[str, str]) -> Iterator[Engine]:
    """Connect to the engine, and let it go at the end."""
    from docker.errors import DockerException
    from requests import RequestException

    place = endpoint.find(env)
    ui.detail(f"asking the Docker engine at {without_login(place.address)} ({place.source})")
    _probe(place)
    client = _client(place, env)
    try:
        version = client.version()
        podman = any(
            part.get("Name") == "Podman Engine" for part in version.get("Components") or ()
        )
        machine = str(version.get("Arch", ""))
        yield Engine(client, place, NAMES.get(machine, machine), podman)
    except (DockerException, RequestException) as error:
        raise ToolMissing(
            "docker engine",
            f"the Docker engine at {without_login(place.address)} failed: {error}",
            "Its own log says more. Repeat the command when it is well again.",
        ) from error
    finally:
        client.close()


def _probe(place: Endpoint) -> None:
    """Knock at a socket first: the system's own answer says best what is wrong."""
    if place.socket is None or not hasattr(socket, "AF_UNIX"):
        return
    with socket.socket(socket.AF_UNIX) as knock:
        knock.settimeout(10)
        try:
            knock.connect(place.socket)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                raise ToolMissing(
                    "docker engine",
                    f"you may not use the Docker engine at {place.socket}.",
                    "Add yourself to the group that owns it (mostly: sudo usermod -aG docker $USER,"
                    "\nthen log in again), use rootless Docker, or build with --wave.",
                ) from error
            raise _no_engine(place, error.strerror or str(error)) from error


def _client(place: Endpoint, env: Mapping[str, str]) -> APIClient:
    from docker import APIClient
    from docker.errors import DockerException, TLSParameterError
    from docker.tls import TLSConfig
    from requests import RequestException

    try:
        tls: Any = False
        if place.certificates is not None:
            names = [place.certificates / name for name in ("ca.pem", "cert.pem", "key.pem")]
            authority, certificate, key = (str(name) for name in names)
            tls = TLSConfig((certificate, key), authority, place.verify)
        with credentials("the registries"):
            client = APIClient(
                base_url=place.address,
                version="auto",
                timeout=ANSWER_S,
                tls=tls,
                credstore_env=dict(env),
                use_ssh_client=place.address.startswith("ssh:"),
            )
    except TLSParameterError as error:
        raise _no_engine(place, f"its certificates cannot be used: {error}") from error
    except (DockerException, RequestException, OSError, ValueError) as error:
        raise _no_engine(place, _innermost(error)) from error
    # The SDK looks into its own process's environment; what it finds there may be another one's.
    config = endpoint.config_folder(env) / "config.json"
    if config.is_file():
        with credentials("the registries"):
            client.reload_config(str(config))
    return client


@contextlib.contextmanager
def credentials(registry: str) -> Iterator[None]:
    """Tell a login that the user's Docker configuration promises but cannot give."""
    from docker.credentials.errors import StoreError
    from docker.errors import DockerException, InvalidConfigFile

    try:
        # The error says it, too.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "docker-credential-", UserWarning)
            yield
    except (DockerException, StoreError) as error:
        known = (StoreError, InvalidConfigFile)
        why = error if isinstance(error, known) else error.__cause__
        if not isinstance(why, known):
            raise
        raise CredentialMissing(
            registry,
            f"the login for {registry} cannot be read from your Docker configuration: {why}",
            "Repair credsStore or credHelpers in its config.json, or log in again: docker login",
        ) from error


def _no_engine(place: Endpoint, why: str) -> ToolMissing:
    return ToolMissing(
        "docker engine",
        f"no Docker engine answers at {without_login(place.address)} ({place.source}): {why}",
        "Start Docker, or point DOCKER_HOST to an engine (Podman: podman system service).\n"
        "Without one, images can be built with --wave.",
    )


def without_login(address: str) -> str:
    """Leave out a user and password from an address.

    >>> without_login("tcp://me:pw@host:1"), without_login("unix:///a@b")
    ('tcp://host:1', 'unix:///a@b')
    """
    return re.sub(r"(?<=://)[^/@]*@", "", address)


def _innermost(error: BaseException) -> str:
    """Give the words of the first cause: the SDK and urllib3 wrap it several times."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return getattr(error, "strerror", None) or str(error)
