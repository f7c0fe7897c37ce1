"""What can be seen of an image without running it: pure functions over `docker inspect`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.conformance.report import Check, Result

CONNECT_LABEL = "io.seqera.connect.version"
CONNECT_CLIENT = "connect-client"
# The Platform supports the current minor version and the two before (Seqera docs, custom-envs).
OLDEST_CONNECT = (0, 10)
LARGEST_BYTES = 10_000_000_000

ARCHITECTURE = Check(
    "architecture",
    "it is for linux/amd64",
    "Build it with --platform linux/amd64: compute environments run no other.",
)
LABEL = Check(
    "label",
    "it names its version of Connect, and that is a supported one",
    f'Write LABEL {CONNECT_LABEL}="0.12" into the Dockerfile, with the version of the\n'
    "connect-client that is copied into the image. Without it SSH and other features are off.",
)
ENTRYPOINT = Check(
    "entrypoint",
    "connect-client starts the Studio",
    'Write ENTRYPOINT ["/usr/bin/connect-client", "--entrypoint"] and the program as CMD:\n'
    "without it there are no data links, no checkpoints and no way through the proxy.",
)
USER = Check(
    "user",
    "it runs as root",
    "Leave USER out of the Dockerfile: connect-client mounts data links, which needs root.",
)
SIZE = Check(
    "size",
    f"it is no larger than {LARGEST_BYTES / 1e9:.0f} GB",
    "A session's disk is 30 GB by default, shared with data and checkpoints. Leave out what\n"
    "the Studio does not need.",
)
CHECKS = (ARCHITECTURE, LABEL, ENTRYPOINT, USER, SIZE)


def look(found: Mapping[str, Any]) -> Iterator[Result]:
    """Judge an image by what the engine knows of it."""
    config = found.get("Config") or {}
    yield _architecture(found)
    yield _label(config.get("Labels") or {})
    yield _entrypoint(config.get("Entrypoint") or [])
    yield _user(str(config.get("User") or ""))
    size = int(found.get("Size") or 0)
    yield _judged(SIZE, size <= LARGEST_BYTES, f"{size / 1e6:,.0f} MB")


def program(found: Mapping[str, Any]) -> list[str]:
    """What connect-client would start: the command, or what follows `--entrypoint` before it.

    >>> program({"Config": {"Entrypoint": ["/usr/bin/connect-client", "--entrypoint"],
    ...                     "Cmd": ["python", "-m", "studio"]}})
    ['python', '-m', 'studio']
    """
    config = found.get("Config") or {}
    entry, command = list(config.get("Entrypoint") or []), list(config.get("Cmd") or [])
    if entry and _is_connect(entry):
        return [word for word in entry[1:] if word != "--entrypoint"] + command
    return entry + command


def _architecture(found: Mapping[str, Any]) -> Result:
    platform = f"{found.get('Os')}/{found.get('Architecture')}"
    return _judged(ARCHITECTURE, platform == "linux/amd64", platform)


def _label(labels: Mapping[str, str]) -> Result:
    version = labels.get(CONNECT_LABEL)
    if version is None:
        return _judged(LABEL, False, f"there is no label {CONNECT_LABEL}")
    number = re.match(r"(\d+)\.(\d+)", version)
    if number is None:
        return _judged(LABEL, False, f"{version} is not a version")
    supported = (int(number[1]), int(number[2])) >= OLDEST_CONNECT
    oldest = ".".join(map(str, OLDEST_CONNECT))
    return _judged(LABEL, supported, version if supported else f"{version} is older than {oldest}")


def _entrypoint(entrypoint: list[str]) -> Result:
    shown = " ".join(entrypoint) or "none"
    return _judged(ENTRYPOINT, _is_connect(entrypoint), shown)


def _is_connect(entrypoint: list[str]) -> bool:
    return bool(entrypoint) and entrypoint[0].rpartition("/")[2] == CONNECT_CLIENT


def _user(user: str) -> Result:
    root = user.partition(":")[0] in ("", "0", "root")
    return _judged(USER, root, user or "no USER")


def _judged(check: Check, holds: bool, evidence: str) -> Result:
    return Result(check, "ok" if holds else "failed", evidence)
