"""Where the programs of a container listen, by what its kernel says of its sockets."""

import ipaddress
from collections.abc import Iterator

# proc(5); a kernel without IPv6 lacks the second.
TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTENS = "0A"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def elsewhere(tables: str, port: int) -> str:
    r"""Name the places where something listens, if it does so only where nobody asks.

    Empty if it listens to everybody at `port`, or if nothing is known.

    >>> head = "  sl  local_address rem_address   st ..."
    >>> fixed = "   0: 00000000:1F90 00000000:0000 0A ..."
    >>> alone = "   1: 0100007F:223D 00000000:0000 0A ..."
    >>> good = "   2: 00000000:223D 00000000:0000 0A ..."
    >>> elsewhere(f"{head}\n{fixed}\n{alone}", 8765), elsewhere(f"{head}\n{alone}\n{good}", 8765)
    ('0.0.0.0:8080, 127.0.0.1:8765', '')
    """
    found = list(dict.fromkeys(_listening(tables)))
    if any(at == port and not address.is_loopback for address, at in found):
        return ""
    return ", ".join(
        f"[{address}]:{at}" if address.version == 6 else f"{address}:{at}" for address, at in found
    )


def _listening(tables: str) -> Iterator[tuple[Address, int]]:
    for line in tables.splitlines():
        fields = line.split()
        if len(fields) > 3 and fields[3] == _LISTENS:
            address, _, port = fields[1].partition(":")
            yield _address(bytes.fromhex(address)), int(port, 16)


def _address(raw: bytes) -> Address:
    """Turn each word of 32 bits round: the kernel prints them as its processor has them."""
    words = (raw[start : start + 4][::-1] for start in range(0, len(raw), 4))
    return ipaddress.ip_address(b"".join(words))
