"""How values are written: each function gives the value, or says in words what to write instead.

None of the messages repeats the text: it may hold a secret in the wrong place.
"""

import re
from ipaddress import ip_address
from typing import Literal, get_args
from urllib.parse import urlsplit

Method = Literal["wave", "docker"]
DEFAULT_METHOD: Method = "wave"
Platform = Literal["linux/amd64", "linux/arm64"]
PLATFORMS: tuple[str, ...] = get_args(Platform)
DEFAULT_PLATFORM: Platform = "linux/amd64"

SMALLEST_MEMORY_MIB = 128
LONGEST_NUMBER = 18
LONGEST_WORKSPACE = 300
LARGEST = 2**31 - 1
LONGEST_LIFESPAN_H = 120
UNLIMITED = "unlimited"

# These, as text, are also the patterns of the profile's JSON schema.
WORKSPACE = r"\d{1,18}|[^/\s]([^/]*[^/\s])?\s*/\s*[^/\s]([^/]*[^/\s])?"
REPOSITORY = r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+"
REFERENCE = (
    r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:[0-9]+(?=/))?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
MEMORY = r"[0-9]{1,10}(\.[0-9]{1,10})? ?(MiB|GiB|TiB)"
LIFESPAN = r"[0-9]{1,10} ?h|unlimited"
BUCKET = r"[a-z][a-z0-9+.-]*://[^\s/]+(/.*)?"
VARIABLE_NAME = r"[A-Za-z_][A-Za-z0-9_]*"

_UNITS = {"MiB": 1, "GiB": 1024, "TiB": 1024 * 1024}


def workspace(text: str) -> str:
    """Read a workspace: `Org/Workspace`, spaces around the slash left out, or its number.

    >>> workspace(" Acme / ml ")
    'Acme/ml'
    """
    text = text.strip()
    if len(text) > LONGEST_WORKSPACE or not re.fullmatch(WORKSPACE, text):
        raise ValueError("write Organization/Workspace, or the workspace's number")
    return "/".join(part.strip() for part in text.split("/"))


def repository(text: str) -> str:
    """Read a repository: where an image is pushed, without a tag.

    >>> repository("ghcr.io/acme/mlflow-studio")
    'ghcr.io/acme/mlflow-studio'
    """
    if "://" in text:
        raise ValueError("write it without a protocol: registry.example.com/path/name")
    if "@" in text or re.search(r":[^/]*$", text):
        raise ValueError("write it without a tag or digest; every image gets a tag of its own")
    if not re.fullmatch(REPOSITORY, text, re.ASCII):
        raise ValueError("write registry.example.com/path/name, in lower case")
    return text


def reference(text: str) -> str:
    """Read the name of an image that is there already.

    >>> reference("ghcr.io/acme/mlflow-studio:0.1.0")
    'ghcr.io/acme/mlflow-studio:0.1.0'
    """
    if "://" in text:
        raise ValueError("write it without a protocol: registry.example.com/path/name:tag")
    if not re.fullmatch(REFERENCE, text, re.ASCII):
        raise ValueError("write registry.example.com/path/name:tag, or …/name@sha256:…")
    return text


def bucket(text: str) -> str:
    """Read the URI of a bucket, or of a folder in one.

    >>> bucket("s3://acme-runs/mlflow")
    's3://acme-runs/mlflow'
    """
    if not re.fullmatch(BUCKET, text):
        raise ValueError("write it like s3://bucket/path")
    return text


def memory(given: int | str) -> int:
    """Read an amount of memory as MiB, the Platform's own unit.

    >>> memory("8 GiB"), memory("1.5 GiB"), memory(4096)
    (8192, 1536, 4096)
    """
    if isinstance(given, int):
        mib = given
    elif re.fullmatch(MEMORY, given, re.ASCII):
        number, unit = re.fullmatch(r"([0-9.]+) ?(\w+)", given).groups()  # type: ignore[union-attr]
        whole, _, fraction = number.partition(".")
        scaled = int(whole + fraction) * _UNITS[unit]
        mib, rest = divmod(scaled, 10 ** len(fraction))
        if rest:
            raise ValueError("write an amount that is a whole number of MiB")
    else:
        raise ValueError('write a number of MiB, or text like "512 MiB" or "8 GiB"')
    if 0 < mib < SMALLEST_MEMORY_MIB:
        raise ValueError(f'{mib} MiB is too little for a Studio; did you mean "{mib} GiB"?')
    if not 0 <= mib <= LARGEST:
        raise ValueError("write an amount from 128 MiB on, or 0 for the compute environment's own")
    return mib


def lifespan(given: int | str) -> int:
    """Read a lifespan as hours; 0 is without a limit, the Platform's own way to say so.

    >>> lifespan("8h"), lifespan(120), lifespan("unlimited")
    (8, 120, 0)
    """
    if given == UNLIMITED:
        return 0
    if isinstance(given, str):
        if not re.fullmatch(LIFESPAN, given, re.ASCII):
            raise ValueError('write hours, like "8h", or unlimited')
        given = int(given.rstrip(" h"))
    if not 1 <= given <= LONGEST_LIFESPAN_H:
        raise ValueError(f"write 1 to {LONGEST_LIFESPAN_H} hours, or unlimited")
    return given


def endpoint(text: str) -> str:
    """Read the address of a server; without encryption only this machine is trusted.

    >>> endpoint("https://wave.seqera.io/")
    'https://wave.seqera.io'
    """
    try:
        address = urlsplit(text.strip())
        host, _ = address.hostname or "", address.port
    except ValueError:
        raise ValueError("is not the address of a server; write https://HOST") from None
    if address.username or address.password:
        raise ValueError("has a user name in it; the token goes in TOWER_ACCESS_TOKEN")
    if address.scheme not in ("http", "https") or not host or address.query or address.fragment:
        raise ValueError("is not the address of a server; write https://HOST")
    if address.scheme == "http" and not is_loopback(host):
        raise ValueError("has to start with https://: tokens are sent there")
    return text.strip().rstrip("/")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself.

    >>> is_loopback("localhost"), is_loopback("::1"), is_loopback("localhost.example.com")
    (True, True, False)
    """
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
