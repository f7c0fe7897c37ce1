"""What an image that Docker builds is called.

Its own tag is made of all that goes into it, so an image that differs has another name: machines of
the Platform keep what they have once pulled under a name.
"""

import hashlib
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy import context, process
from deploy.builders import Request
from deploy.context.suspects import is_secret
from deploy.errors import InvalidSetting
from deploy.process import Command, Outcome

OUR_NAME = "mlflow-studio"
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
CONTEXT_LABEL = "studioctl.context.digest"
REVISION_LABEL = "org.opencontainers.image.revision"
OF_A_HOOK = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
Ask = Callable[..., Outcome]


def repository(request: Request) -> str:
    """Give the name without a tag: the one asked for, else one of this machine alone."""
    if request.repository:
        return request.repository
    folder = request.packed.folder
    if folder == context.locate():
        return OUR_NAME
    place = folder.absolute()
    name = place.parent.name if place.name == ".seqera" else place.name
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"studio-{plain}" if plain else "studio"


def unique_tag(request: Request, commit: str | None) -> str:
    """Give a tag that no other content has: digits of its digest, and of the commit if known.

    A secret counts with its name alone: a public tag must not help to guess it.
    """
    parts = [request.packed.digest, request.packed.dockerfile_name, request.platform]
    for name, value in sorted(request.arguments.items()):
        parts += [name, "" if is_secret(name, value) else value]
    digits = hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:12]
    return f"{digits}-{commit[:7]}" if commit else digits


def checked(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Give the tags that were asked for, if each can be one."""
    for tag in tags:
        if not TAG.fullmatch(tag):
            raise InvalidSetting(
                "--tag",
                f"{tag!r} is not a tag: letters, digits, '_', '.' and '-', at most 128 of them.\n"
                "The name in front of it is given by --repository.",
            )
    return tags


def labels(request: Request, commit: str | None) -> dict[str, str]:
    """Give the labels. No date among them: with it no two builds would be the same."""
    revision = {REVISION_LABEL: commit} if commit else {}
    return {CONTEXT_LABEL: request.packed.digest, **revision}


def commit_of(folder: Path, env: Mapping[str, str], ask: Ask = process.ask) -> str | None:
    """Give the last commit that changed a folder, if the folder is as that commit has it."""
    program = shutil.which("git", path=env.get("PATH"))
    if program is None or not folder.is_dir():
        return None

    # In a git hook they name the repository of the hook.
    plain = {name: value for name, value in env.items() if name not in OF_A_HOOK}

    def git(*words: str) -> Outcome:
        return ask(Command((program, "-C", str(folder), *words), plain), timeout_s=10)

    found = git("rev-list", "--max-count=1", "HEAD", "--", ".")
    if found.code or not re.fullmatch(r"[0-9a-f]{40,64}", found.output):
        return None
    changed = git("status", "--porcelain", "--", ".")
    return None if changed.code or changed.output else found.output
