"""Say who may show this Studio inside a frame.

The Platform shows Studios in frames that Connect serves, so `'self'` alone would be a blank page:
the parents of the Studio's own host are added. Never its siblings, which run other people's code.
"""

import re

from studio.middleware.headers import Headers
from studio.middleware.hosts import Host, parse_host
from studio.middleware.policy import Policy

# `mlflow.tracing.constant.TRACE_RENDERER_ASSET_PATH`: notebooks show it in frames of any origin.
# Written out, since importing MLflow here would load it into the launcher.
TRACE_RENDERER = "/static-files/lib/notebook-trace-renderer"

_KEYWORDS = ("self", "none")
_SOURCE = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<wild>\*\.)?(?P<host>[^/*?#'\"@]+)", re.IGNORECASE
)


def parse_frame_ancestors(text: str) -> tuple[str, ...]:
    """Read a list of hosts as CSP writes them, separated by commas or spaces.

    >>> parse_frame_ancestors("'self', https://cloud.example.com *.example.org:8443")
    ("'self'", 'https://cloud.example.com', '*.example.org:8443')
    """
    if any(character in text for character in ";\r\n") or not text.isprintable():
        raise ValueError("frame ancestors are hosts on one line, separated by commas or spaces")
    sources = tuple(dict.fromkeys(_source(item) for item in text.replace(",", " ").split()))
    if not sources:
        raise ValueError("no frame ancestor is named; write 'none' to forbid frames")
    if "'none'" in sources and len(sources) > 1:
        raise ValueError("'none' stands alone: it forbids all frames")
    return sources


def ancestors(host: Host | None) -> tuple[str, ...]:
    """`'self'` and the parent domains of our own host, down to those of two labels.

    A source without a port means the default one, so a host on another port lists both.

    >>> ancestors(Host("a1.connect.example.com"))
    ("'self'", 'connect.example.com', 'example.com')
    """
    if host is None or host.is_address:
        return ("'self'",)
    labels = host.name.split(".")
    parents = [".".join(labels[start:]) for start in range(1, len(labels) - 1)]
    ported = [f"{parent}:{host.port}" for parent in parents] if host.port else []
    return ("'self'", *parents, *ported)


def limits(policy: Policy, host: Host | None, path: str) -> Headers | None:
    """The headers that say who may frame this answer; None leaves MLflow's own as they are."""
    if _is_renderer(path) or policy.frame_options == "NONE":
        return None
    sources = policy.frame_ancestors or ancestors(host)
    legacy: Headers = ()
    if policy.frame_options is not None:
        sources = ("'none'",) if policy.frame_options == "DENY" else ("'self'",)
        legacy = ((b"x-frame-options", policy.frame_options.encode("ascii")),)
    return (
        (b"content-security-policy", f"frame-ancestors {' '.join(sources)}".encode("ascii")),
        *legacy,
    )


def applied(limits: Headers | None, headers: Headers) -> Headers:
    """Response headers with our limits in them.

    MLflow's X-Frame-Options goes: the old header knows no list of hosts, and a browser that heeds
    it would forbid what the new one allows. A policy that MLflow sends stays beside ours; browsers
    enforce both.
    """
    if limits is None:
        return headers
    return (*((n, v) for n, v in headers if n.lower() != b"x-frame-options"), *limits)


def _is_renderer(path: str) -> bool:
    # Flask resolves "..", so that a path below the renderer may still be another page.
    return path.startswith(f"{TRACE_RENDERER}/") and ".." not in path and "\\" not in path


def _source(item: str) -> str:
    word = item.strip("'").lower()
    if word in _KEYWORDS:
        if item.lower() != f"'{word}'":
            raise ValueError(f"write '{word}' with its quotes")
        return f"'{word}'"
    match = _SOURCE.fullmatch(item)
    if not match or item.endswith(":"):
        raise ValueError(f'"{item}" cannot be a frame ancestor: name hosts, not everything')
    try:
        host = parse_host(match["host"])
    except ValueError as error:
        raise ValueError(f'"{item}" cannot be a frame ancestor: {error}') from None
    if match["wild"] and "." not in host.name:
        raise ValueError(f'"{item}" cannot be a frame ancestor: that is nearly everything')
    return item.lower()
