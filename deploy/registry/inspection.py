"""What a registry knows of an image: is it there, for which machines, and what is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from deploy import answers
from deploy.answers import Answer
from deploy.errors import CredentialMissing, InvalidSetting, RequestRefused, Unreachable
from deploy.formats import DEFAULT_PLATFORM
from deploy.registry import logins
from deploy.registry.door import Door
from deploy.registry.reference import Reference
from deploy.seqera import members
from deploy.seqera.members import Document
from deploy.wait import Clock
from deploy.web import Patience

Reason = Literal["no such image", "no access", "unreachable", "not understood"]

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ACCEPT = ", ".join((*INDEXES, *MANIFESTS))
# A plan is waited for by a person: a registry that is away for a while is not waited out.
LONGEST_S = 10


@dataclass(frozen=True, slots=True)
class Inspected:
    """An image that is there.

    `platforms` are all that the name stands for, `digest` is what the name stands for now, and the
    rest is of the one platform that was asked for: nothing where it is not among them. `user` is
    empty for root. A `public` image is given to everybody.
    """

    reference: str
    digest: str
    platforms: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    public: bool = True


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why nothing is known of an image; `text` has the registry's own words."""

    reference: str
    reason: Reason
    text: str


class _Answered(Exception):
    """The registry's answer is a reason why nothing is known."""

    def __init__(self, reason: Reason, text: str) -> None:
        self.reason = reason
        self.text = text


def inspect(
    reference: str,
    env: Mapping[str, str],
    *,
    clock: Clock | None = None,
    patience: Patience | None = None,
    platform: str = DEFAULT_PLATFORM,
) -> Inspected | Unknown:
    """Ask the image's registry; never raises for what the registry says or does not say.

    It is asked as nobody first: whether everybody gets the image decides whether a Platform does.
    The user's own login comes second.
    """
    name = Reference.parse(reference)
    given = patience or Patience()
    quick = replace(
        given,
        answer_s=min(given.answer_s, LONGEST_S),
        repeat_s=min(given.repeat_s, LONGEST_S),
        lost_s=min(given.lost_s, LONGEST_S),
    )
    door = Door(name.base, name.repository, env, None, clock or Clock(), quick)
    found = _tried(door, name, reference, platform)
    if isinstance(found, Inspected) or found.reason not in ("no access", "no such image"):
        return found
    try:
        login = logins.find(name.host, env)
    except CredentialMissing as error:
        return Unknown(reference, "no access", str(error).splitlines()[0])
    if login is None:
        return found
    again = _tried(replace(door, login=login), name, reference, platform)
    return replace(again, public=False) if isinstance(again, Inspected) else again


def _tried(door: Door, name: Reference, reference: str, platform: str) -> Inspected | Unknown:
    try:
        return _inspected(door, name, reference, platform)
    except _Answered as answer:
        return Unknown(reference, answer.reason, answer.text)
    except Unreachable as error:
        return Unknown(reference, "unreachable", error.short)
    except RequestRefused as error:
        busy = error.status == 429 or error.status >= 500
        return Unknown(reference, "unreachable" if busy else "not understood", error.line)
    except InvalidSetting as error:
        return Unknown(reference, "unreachable", str(error))


def _inspected(door: Door, name: Reference, reference: str, platform: str) -> Inspected:
    top, digest = _manifest(door, name.digest or name.tag or "latest")
    if "manifests" not in top:
        return _described(door, reference, digest, top)
    # Attestations are listed beside the images, for a processor that is not known.
    listed = {_spelt(members.part(row, "platform")): row for row in members.rows(top, "manifests")}
    platforms = tuple(each for each in listed if "unknown" not in each)
    chosen = next((each for each in platforms if meets(each, platform)), None)
    if chosen is None:
        return Inspected(reference, digest, platforms)
    manifest, _ = _manifest(door, members.key(listed[chosen], "digest"))
    return _described(door, reference, digest, manifest, platforms)


def _described(
    door: Door, reference: str, digest: str, manifest: Document, platforms: tuple[str, ...] = ()
) -> Inspected:
    """Read an image's own description, which its manifest names."""
    named = members.key(members.part(manifest, "config"), "digest")
    if not named:
        raise _Answered("not understood", "its manifest names no configuration")
    image = _document(door, door.get(f"blobs/{named}", "*/*"))
    config = members.part(image, "config")
    return Inspected(
        reference,
        digest,
        platforms or (_spelt(image),),
        {name: str(value) for name, value in members.part(config, "Labels").items()},
        members.text(config, "User") or "",
    )


def _manifest(door: Door, wanted: str) -> tuple[Document, str]:
    """Give a manifest and its digest; one that was asked for by digest has to have it."""
    answer = door.get(f"manifests/{wanted}", ACCEPT)
    document = _document(door, answer)
    digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
    if wanted.startswith("sha256:") and wanted != digest:
        raise _Answered("not understood", "the registry gives something else under this digest")
    return document, digest


def _document(door: Door, answer: Answer) -> Document:
    line = door.line(answer)
    if answer.status == 404:
        raise _Answered("no such image", line)
    if answer.status in (401, 403):
        raise _Answered("no access", line)
    if answer.status != 200:
        raise _Answered("not understood", f"{answer.status}: {line}")
    document = answers.parsed(answer.text)
    if document is None:
        raise _Answered("not understood", f"not a JSON object, but {line}")
    return document


def _spelt(platform: Document) -> str:
    """Write a platform as Docker does.

    >>> _spelt({"os": "linux", "architecture": "arm64", "variant": "v8"})
    'linux/arm64/v8'
    """
    given = (members.text(platform, name) for name in ("os", "architecture", "variant"))
    return "/".join(part for part in given if part) or "unknown"


def meets(platform: str, wanted: str) -> bool:
    """Tell whether an image's platform is the wanted one; variants are not told apart.

    >>> meets("linux/arm64/v8", "linux/arm64"), meets("linux/amd64", "linux/arm64")
    (True, False)
    """
    return platform.split("/")[:2] == wanted.split("/")[:2]
