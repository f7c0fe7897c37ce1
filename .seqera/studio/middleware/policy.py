"""Decide what happens to a request, from its headers alone.

MLflow's own checks stay on behind this one, but they cannot do the work: its host list is exact,
case-sensitive and includes the port; it looks at `Origin` only below `/api/` and `/ajax-api/`, lets
every page on any localhost port through, and takes a reverse proxy on this machine for the user.

Three modes. *explicit*: the user listed the public hosts. *same-origin*: the public host is not
known at start (inside a Studio session), so any well-formed host will do, provided that pages come
from that same host. *local*: nothing but this machine's own names, because on a laptop same-origin
would let any web page in by DNS rebinding.

A state-changing request passes when no browser sent it, or when its page has our own host:

* `https` pages always; `http` pages on loopback names, or where the local proxy says that the
  public scheme is `http`, or where nobody says anything and the host was listed with a port
  (`studio.lan:5000`), which is how plain-http deployments are written down.
* On loopback names the port counts too: a page on localhost:3000 is somebody else's.
* Origins listed by the user pass; `null`, several `Origin` lines and pages which the browser
  itself calls `cross-site` or `same-site` do not. Sibling Studios are same-site.
"""

from dataclasses import dataclass
from typing import Literal

from studio.middleware import assistant, forwarded
from studio.middleware.headers import Headers, last_item, values
from studio.middleware.hosts import (
    LOOPBACK_NAMES,
    Host,
    HostPattern,
    parse_host,
    parse_origin,
)
from studio.middleware.refusal import Refusal

Mode = Literal["explicit", "same-origin", "local"]

# Asked by probes that know no host name. Exactly these: MLflow exempts its two the same way.
OPEN_PATHS = frozenset({"/health", "/version", "/studio/health", "/studio/ready"})

# Single sign-on cookies of a shared parent domain reach 40 KB; uvicorn sets no limit of its own.
MAX_HEADER_BYTES = 64 * 1024

_HARMLESS_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FOREIGN_SITES = frozenset({"cross-site", "same-site"})


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may use this Studio, from where. The values come parsed from `studio.settings`."""

    mode: Mode
    port: int
    hosts: tuple[HostPattern, ...] = ()
    origins: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] | None = None
    frame_options: str | None = None

    def __post_init__(self) -> None:
        if self.mode not in ("explicit", "same-origin", "local"):
            raise ValueError(f"unknown access mode: {self.mode}")
        if (self.mode == "explicit") != bool(self.hosts):
            raise ValueError("hosts belong to the explicit mode, and to no other")
        if self.frame_ancestors is not None and self.frame_options is not None:
            raise ValueError("frame ancestors and frame options both say who may frame: choose one")


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a request that decide. `peer` is the other end of the TCP connection."""

    method: str
    path: str
    headers: Headers
    peer: tuple[str, int] | None
    scheme: str = "http"


@dataclass(frozen=True, slots=True)
class Admission:
    """A request let in, as MLflow shall see it; `host` is what the browser calls us, if known."""

    host: Host | None
    headers: Headers
    client: tuple[str, int] | None
    scheme: str


def judge(policy: Policy, request: Request) -> Admission | Refusal:
    """Let the request in, rewritten for MLflow, or say why not."""
    if sum(len(name) + len(value) for name, value in request.headers) > MAX_HEADER_BYTES:
        return Refusal(431, f"The headers are larger than {MAX_HEADER_BYTES} bytes.", hang_up=True)
    admitted = _admitted_host(policy, request)
    if isinstance(admitted, Refusal) and request.path not in OPEN_PATHS:
        return admitted
    host = None if isinstance(admitted, Refusal) else admitted
    local = _is_local(policy, request, host)
    refusal = _judge_origin(policy, request, host)
    if refusal is None and not local:
        refusal = assistant.judge(request.method, request.path)
    if refusal is not None:
        return refusal
    return Admission(
        host=host,
        headers=_for_mlflow(policy, request, host),
        client=forwarded.client(request.headers, request.peer, local=local),
        scheme=forwarded.public_scheme(request.headers, _peer(request), request.scheme)
        or request.scheme,
    )


def mlflow_allowed_hosts(policy: Policy) -> str:
    """MLFLOW_SERVER_ALLOWED_HOSTS for MLflow's own check, which sees hosts in our one spelling.

    Setting it replaces MLflow's defaults, which include every private address (and `10.evil.test`).
    MLflow compares exactly, and by fnmatch where there is a `*`: there a bracket must be escaped.
    """
    listed = [str(pattern.host) for pattern in policy.hosts]
    any_port = [f"{name}:*".replace("[", "[[]", 1) for name in LOOPBACK_NAMES]
    return ",".join(dict.fromkeys([*listed, *LOOPBACK_NAMES, *any_port]))


def _peer(request: Request) -> str | None:
    return request.peer[0] if request.peer else None


def _admitted_host(policy: Policy, request: Request) -> Host | Refusal:
    lines = values(request.headers, b"host")
    if len(lines) != 1:
        text = "The request names no host." if not lines else "The request names several hosts."
        return Refusal(400, text, hang_up=True)
    try:
        host = parse_host(lines[0])
        if host.is_loopback and forwarded.is_loopback(_peer(request)):
            stated = last_item(request.headers, b"x-forwarded-host")
            host = host if stated is None else parse_host(stated)
    except ValueError:
        return Refusal(400, "The request names a malformed host.", hang_up=True)
    if policy.mode == "same-origin" or host.is_loopback:
        return host
    if any(pattern.matches(host) for pattern in policy.hosts):
        return host
    return Refusal(
        403,
        f'This Studio does not answer to the host "{host}". If that is its address, set '
        f"STUDIO_ALLOWED_HOSTS={host} (a comma separated list) where it is started.",
    )


def _is_local(policy: Policy, request: Request, host: Host | None) -> bool:
    """Whether a person on this very machine is asking, with nothing in between."""
    return (
        policy.mode == "local"
        and host is not None
        and host.is_loopback
        and forwarded.is_loopback(_peer(request))
        and not forwarded.is_forwarded(request.headers)
    )


def _judge_origin(policy: Policy, request: Request, host: Host | None) -> Refusal | None:
    if request.method in _HARMLESS_METHODS:
        return None
    origins = values(request.headers, b"origin")
    if len(origins) == 1 and origins[0] in policy.origins:
        return None
    if _FOREIGN_SITES.intersection(values(request.headers, b"sec-fetch-site")):
        return Refusal(403, "A page of another site sent this request.")
    if not origins or (len(origins) == 1 and host and _is_own(policy, request, origins[0], host)):
        return None
    shown = ", ".join(origins)[:200]
    return Refusal(
        403,
        f"A page of {shown!a} sent this request, and this Studio is {str(host or 'unnamed')!a}. "
        "If that page is the Studio's own, served over plain http, let the proxy send "
        "X-Forwarded-Proto or name the host with its port in STUDIO_ALLOWED_HOSTS. "
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS lets pages of other origins in.",
    )


def _is_own(policy: Policy, request: Request, value: str, host: Host) -> bool:
    try:
        origin = parse_origin(value)
    except ValueError:
        return False
    if origin.host != host:
        return False
    if origin.scheme == "https" or host.is_loopback:
        return True
    public = forwarded.public_scheme(request.headers, _peer(request), request.scheme)
    if public is None:
        return any(pattern.serves_http and pattern.matches(host) for pattern in policy.hosts)
    return public == "http"


def _for_mlflow(policy: Policy, request: Request, host: Host | None) -> Headers:
    """The headers as MLflow shall see them: one host it accepts, and no origin but a listed one.

    MLflow grants cross-origin reads, with credentials, to every page on any localhost port. It
    grants nothing when it sees no origin, and needs none: the check is done.
    """
    if host is None or policy.mode == "same-origin":
        host = Host("localhost", policy.port)
    headers = request.headers
    if not forwarded.is_loopback(_peer(request)):
        headers = forwarded.without_claims(headers)
    origins = values(headers, b"origin")
    listed = len(origins) == 1 and origins[0] in policy.origins
    kept = (
        (name, value)
        for name, value in headers
        if name != b"host" and (name != b"origin" or listed)
    )
    return ((b"host", str(host).encode("ascii")), *kept)
