"""Hosts, host patterns and origins: parsed once, compared as values.

Everything that decides about a name goes through `parse_host`, so that `EXAMPLE.com.`,
`example.com:443` and `example.com` are one host here, whatever a header or a setting spells.
Nothing is resolved, and nothing here knows about requests.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

DEFAULT_PORTS = {"http": 80, "https": 443}
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_PORT = re.compile(r"[0-9]{1,5}")
_ORIGIN = re.compile(r"(https?)://([^/?#]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Host:
    """A name or address in its one spelling, and its port unless that is 80 or 443."""

    name: str
    port: int | None = None

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        return self.name in LOOPBACK_NAMES

    @property
    def is_address(self) -> bool:
        return self.name.startswith("[") or self.name.rpartition(".")[2].isdigit()


@dataclass(frozen=True, slots=True)
class HostPattern:
    """A host the user listed. Without a port it means the default ports, not any port.

    `*.connect.example.com` stands for one label in front of the rest, so that a whole Connect
    domain can be listed without also admitting `a.b.connect.example.com`.
    """

    name: str
    port: int | None = None

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}:{self.port}"

    @property
    def serves_http(self) -> bool:
        """Whether plain `http` was meant: the user wrote a port, and not that of https."""
        return self.port not in (None, DEFAULT_PORTS["https"])

    @property
    def host(self) -> Host:
        """The pattern as a host in its one spelling (the name may still begin with `*.`)."""
        return Host(self.name, _unless_default(self.port))

    def matches(self, host: Host) -> bool:
        if host.port != _unless_default(self.port):
            return False
        if self.name.startswith("*."):
            label, _, parent = host.name.partition(".")
            return bool(label) and parent == self.name[2:]
        return host.name == self.name


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a web page comes from, as browsers write it in the `Origin` header."""

    scheme: str
    host: Host

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}"


def parse_host(text: str) -> Host:
    """Read the value of a `Host` header.

    >>> str(parse_host("A1.Connect.Example.COM.:443"))
    'a1.connect.example.com'
    >>> str(parse_host("[0:0::1]:5000"))
    '[::1]:5000'
    """
    name, port = _split(text)
    return Host(name, _unless_default(port))


def parse_origin(text: str) -> Origin:
    """Read the value of an `Origin` header; `null` and anything with a path is a ValueError.

    >>> str(parse_origin("https://A1.example.com:443"))
    'https://a1.example.com'
    """
    match = _ORIGIN.fullmatch(text)
    if not match:
        raise ValueError(
            f'"{text}" is not an origin: write scheme://host, with a port if it has one'
        )
    scheme = match[1].lower()
    name, port = _split(match[2])
    return Origin(scheme, Host(name, None if port == DEFAULT_PORTS[scheme] else port))


def parse_hosts(text: str) -> tuple[HostPattern, ...]:
    """Read a comma separated list of hosts and patterns, as in STUDIO_ALLOWED_HOSTS.

    >>> [str(pattern) for pattern in parse_hosts("Studio.example.com:8443, *.connect.example.com")]
    ['studio.example.com:8443', '*.connect.example.com']
    """
    return _each(text, _parse_pattern)


def parse_origins(text: str) -> tuple[str, ...]:
    """Read a comma separated list of exact origins, as in MLFLOW_SERVER_CORS_ALLOWED_ORIGINS.

    Wildcards are refused: sibling Studios run other people's code, and every one of them would
    match. The result is spelt as browsers spell it.
    """
    return _each(text, _parse_listed_origin)


def _each(text: str, parse: Callable[[str], T]) -> tuple[T, ...]:
    items = [item.strip() for item in text.split(",")]
    return tuple(dict.fromkeys(parse(item) for item in items if item))


def _parse_pattern(text: str) -> HostPattern:
    if "://" in text or "/" in text:
        raise ValueError(f'"{text}" is not a host: leave out the scheme and the path')
    if "*" not in text:
        return HostPattern(*_split(text))
    parent = text.removeprefix("*.")
    if parent == text or "*" in parent:
        raise ValueError(
            f'"{text}": a "*" may only stand for the whole first label, '
            'as in "*.connect.example.com"; a bare "*" would let any web page in'
        )
    name, port = _split(parent)
    if "." not in name or Host(name).is_address:
        raise ValueError(f'"{text}" is too wide: the part after "*." needs a domain of two labels')
    return HostPattern(f"*.{name}", port)


def _parse_listed_origin(text: str) -> str:
    if "*" in text:
        raise ValueError(
            f'"{text}": origins cannot have a "*", since sibling Studios run other people\'s code; '
            "list each origin"
        )
    if text.endswith("/") and _ORIGIN.fullmatch(text.rstrip("/")):
        raise ValueError(f'"{text}": an origin has no path; write "{text.rstrip("/")}"')
    return str(parse_origin(text))


def _split(text: str) -> tuple[str, int | None]:
    """Name in its one spelling, and the port as written."""
    if len(text) > 255:
        raise ValueError("a host has at most 255 characters")
    if not text.isascii():
        raise ValueError(f'{text!a} is not a host: write international names in their "xn--" form')
    name, port = text.lower(), ""
    if name.startswith("["):
        name, bracket, rest = name.partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"{text!a} is not a host: the brackets do not match")
        name, port = _ipv6(name[1:], text), rest[1:]
    else:
        name, _, port = name.partition(":")
        name = name.removesuffix(".")
        if not _NAME.fullmatch(name):
            raise ValueError(f"{text!a} is not a host")
    if not port:
        return name, None
    if not _PORT.fullmatch(port) or not 0 < int(port) < 65536:
        raise ValueError(f"{text!a} has no valid port")
    return name, int(port)


def _ipv6(address: str, text: str) -> str:
    try:
        if "%" in address:
            raise ValueError
        return f"[{ipaddress.IPv6Address(address).compressed}]"
    except ValueError:
        raise ValueError(f"{text!a} is not an IPv6 address") from None


def _unless_default(port: int | None) -> int | None:
    return None if port in DEFAULT_PORTS.values() else port
