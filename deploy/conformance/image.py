"""What can be seen of an image without running it: pure functions over `docker inspect`."""

from collections.abc import Iterator, Mapping
from typing import Any

from deploy import image_labels
from deploy.conformance.report import Check, Result, judged

CONNECT_CLIENT = "connect-client"
_STARTS = "--entrypoint"
LARGEST_BYTES = 10_000_000_000
PLATFORM = "linux/amd64"

ARCHITECTURE = Check(
    "architecture",
    f"it is for {PLATFORM}",
    f"Build it with --platform {PLATFORM}, which most compute environments run.",
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
    yield _entrypoint(config.get("Entrypoint") or [], _words(found))
    yield _user(str(config.get("User") or ""))
    size = int(found.get("Size") or 0)
    yield judged(SIZE, size <= LARGEST_BYTES, f"{size / 1e6:,.0f} MB")


def platform(found: Mapping[str, Any]) -> str:
    """Give what it is for, as Docker spells it."""
    return f"{found.get('Os')}/{found.get('Architecture')}"


def program(found: Mapping[str, Any]) -> list[str]:
    """What connect-client would start: all that follows its `--entrypoint`.

    >>> program({"Config": {"Entrypoint": ["/usr/bin/connect-client", "--entrypoint"],
    ...                     "Cmd": ["python", "-m", "studio"]}})
    ['python', '-m', 'studio']
    """
    words = _words(found)
    if not _is_connect(words):
        return words
    return words[2:] if _is_told_to_start(words) else words[1:]


def _label(labels: Mapping[str, str]) -> Result:
    version = labels.get(image_labels.CONNECT)
    if version is None:
        return judged(LABEL, False, f"there is no label {image_labels.CONNECT}")
    supported = image_labels.is_supported(version)
    if supported is None:
        return judged(LABEL, False, f"{version} is not a version")
    oldest = image_labels.OLDEST_CONNECT
    return judged(LABEL, supported, version if supported else f"{version} is older than {oldest}")


def _entrypoint(entrypoint: list[str], words: list[str]) -> Result:
    shown = " ".join(entrypoint) or "there is none"
    if not _is_connect(entrypoint):
        return judged(ENTRYPOINT, False, shown)
    if not _is_told_to_start(words):
        return judged(ENTRYPOINT, False, f"{shown}, and no {_STARTS} after it")
    has_program = len(words) > 2
    return judged(
        ENTRYPOINT, has_program, shown if has_program else f"{shown}, and no CMD after it"
    )


def _words(found: Mapping[str, Any]) -> list[str]:
    """Give the command line of the container."""
    config = found.get("Config") or {}
    return [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]


def _is_connect(words: list[str]) -> bool:
    return bool(words) and words[0].rpartition("/")[2] == CONNECT_CLIENT


def _is_told_to_start(words: list[str]) -> bool:
    return words[1:2] == [_STARTS]


def _user(user: str) -> Result:
    root = user.partition(":")[0] in ("", "0", "root")
    return judged(USER, root, f"USER {user}" if user else "no USER is set")
