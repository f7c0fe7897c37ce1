"""What can be seen of an image without running it: pure functions over `docker inspect`."""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy import image_labels
from deploy.conformance.report import Check, Result, judged

CONNECT_CLIENT = "connect-client"
LARGEST_BYTES = 10_000_000_000
PLATFORM = "linux/amd64"

ARCHITECTURE = Check(
    "architecture",
    f"it is for {PLATFORM}",
    f"Build it with --platform {PLATFORM}: compute environments run no other.",
)
LABEL = Check(
    "label",
    "it names its version of Connect, and that is a supported one",
    f'Write LABEL {image_labels.CONNECT}="0.12" into the Dockerfile, with the version of the\n'
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
    yield judged(ARCHITECTURE, platform(found) == PLATFORM, platform(found))
    yield _label(config.get("Labels") or {})
    yield _entrypoint(config.get("Entrypoint") or [], program(found))
    yield _user(str(config.get("User") or ""))
    size = int(found.get("Size") or 0)
    yield judged(SIZE, size <= LARGEST_BYTES, f"{size / 1e6:,.0f} MB")


def platform(found: Mapping[str, Any]) -> str:
    """Give what it is for, as Docker spells it."""
    return f"{found.get('Os')}/{found.get('Architecture')}"


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


def _label(labels: Mapping[str, str]) -> Result:
    version = labels.get(image_labels.CONNECT)
    if version is None:
        return judged(LABEL, False, f"there is no label {image_labels.CONNECT}")
    supported = image_labels.is_supported(version)
    if supported is None:
        return judged(LABEL, False, f"{version} is not a version")
    oldest = image_labels.OLDEST_CONNECT
    return judged(LABEL, supported, version if supported else f"{version} is older than {oldest}")


def _entrypoint(entrypoint: list[str], program: list[str]) -> Result:
    shown = " ".join(entrypoint) or "there is none"
    if not _is_connect(entrypoint):
        return judged(ENTRYPOINT, False, shown)
    return judged(ENTRYPOINT, bool(program), shown if program else f"{shown}, and no CMD after it")


def _is_connect(entrypoint: list[str]) -> bool:
    return bool(entrypoint) and entrypoint[0].rpartition("/")[2] == CONNECT_CLIENT


def _user(user: str) -> Result:
    root = user.partition(":")[0] in ("", "0", "root")
    return judged(USER, root, f"USER {user}" if user else "no USER is set")
