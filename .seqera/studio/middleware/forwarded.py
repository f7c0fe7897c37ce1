"""What forwarding headers say, and when they count.

Only the proxy on this machine is believed, and of a list only its last item, the one that proxy
wrote: everything further left came with the request and may be anybody's invention.
"""

import ipaddress

from studio.middleware.headers import Headers, last_item, values

# From the block kept for documentation: no machine has it, so nothing takes it for local.
SOMEONE_ELSE = ("192.0.2.1", 0)

_CLAIMS = (b"forwarded", b"x-real-ip")

# Not `is_global`: that also excludes the documentation blocks, which are harmless here.
_INTERNAL = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
        "::/127",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    )
)


def is_loopback(address: str | None) -> bool:
    parsed = _address(address or "")
    return parsed is not None and parsed.is_loopback


def public_scheme(headers: Headers, peer: str | None, scheme: str) -> str | None:
    """`http` or `https` as the browser sees it, or None where nobody trustworthy said."""
    if is_loopback(peer):
        stated = (last_item(headers, b"x-forwarded-proto") or "").lower()
        if stated in ("http", "https"):
            return stated
    return "https" if scheme == "https" else None


def client(
    headers: Headers, peer: tuple[str, int] | None, *, local: bool
) -> tuple[str, int] | None:
    """Who is really asking. Never loopback unless `local`.

    MLflow's assistant runs commands for whoever has a loopback address, and behind a proxy on the
    same machine everybody has.
    """
    if local or peer is None or not is_loopback(peer[0]):
        return peer
    for line in reversed(values(headers, b"x-forwarded-for")):
        for item in reversed(line.split(",")):
            address = _address(_without_port(item.strip(" \t")))
            if address is not None and not any(address in block for block in _INTERNAL):
                return (str(address), 0)
    return SOMEONE_ELSE


def is_forwarded(headers: Headers) -> bool:
    """Whether any header says that the request passed through a proxy."""
    return any(name == b"via" or _is_claim(name) for name, _ in headers)


def without_claims(headers: Headers) -> Headers:
    """The headers less everything that states where a request came from."""
    return tuple((name, value) for name, value in headers if not _is_claim(name))


def _is_claim(name: bytes) -> bool:
    return name in _CLAIMS or name.startswith(b"x-forwarded-")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _without_port(item: str) -> str:
    if item.startswith("["):
        return item[1:].partition("]")[0]
    return item.partition(":")[0] if item.count(":") == 1 else item
