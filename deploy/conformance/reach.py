"""Make sure that sessions can be asked from here, before an image is blamed for giving no answer.

They are published on the engine's own 127.0.0.1: nobody else may talk to them. An engine on another
machine may look near, through a forwarded socket; and to a command in a container, 127.0.0.1 is the
container.
"""

import socket
from urllib.parse import urlsplit

from deploy.conformance.session import Platform
from deploy.docker.endpoint import Endpoint
from deploy.docker.engine import without_login
from deploy.errors import ToolMissing

_HERE = (None, "localhost", "127.0.0.1", "::1")
# An engine in a virtual machine opens its ports here a moment after the start.
_PATIENCE_S = 15
_LOOK_EVERY_S = 0.1


def require_near(place: Endpoint) -> None:
    """Refuse an engine whose address is that of another machine."""
    address = urlsplit(place.address)
    if address.scheme not in ("unix", "npipe") and address.hostname not in _HERE:
        raise ToolMissing(
            "docker engine",
            f"{_engine(place)} is on another machine,\nwhere sessions cannot be reached from here.",
            "Run this command there, or point DOCKER_HOST to an engine of this machine.",
        )


def require_published(platform: Platform, place: Endpoint) -> None:
    """Start a session for a moment, and refuse an engine that does not open its port here."""
    if not _is_published(platform):
        raise ToolMissing(
            "docker engine",
            f"{_engine(place)} starts sessions,\nbut their ports are not open on 127.0.0.1 "
            "here: this command runs in a container,\nor the engine on another machine.",
            "Run it beside the engine; in a container, with the engine's network: "
            "docker run --network=host",
        )


def _is_published(platform: Platform) -> bool:
    """True also for a session that ends before anybody can tell: the checks will judge that."""
    session, clock = platform.session({}), platform.clock
    session.start()
    try:
        until = clock.steady() + _PATIENCE_S
        while session.running and not _is_taken(session.port):
            if clock.steady() > until:
                return False
            clock.sleep(_LOOK_EVERY_S)
        return True
    finally:
        session.kill()


def _is_taken(port: int | None) -> bool:
    """Tell whether somebody answers at a port of this machine, or holds it without an answer.

    An engine without a proxy of its own only holds it; one behind a tunnel may only answer.
    """
    if port is None:
        return False
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        pass
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _engine(place: Endpoint) -> str:
    return f"the Docker engine at {without_login(place.address)} ({place.source})"
