"""Check the image: it is there, the Platform can pull it, and it can run as a Studio.

Which registries a Platform can pull from: public ones, Amazon ECR and, newer ones, Azure ACR
(Seqera docs, "Custom environments"). The machines of Seqera Cloud pull a name once and keep what
they got (`ECS_IMAGE_PULL_BEHAVIOR=once`), so a name must never stand for two images.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from deploy import formats, image_labels
from deploy.planning import temporary
from deploy.preflight.findings import Finding, error, ok, warning
from deploy.preflight.look import Resolved
from deploy.preflight.session import UNLIMITED, effective_lifespan_h
from deploy.registry import Inspected, Reference, Unknown
from deploy.registry.inspection import meets
from deploy.seqera.models import ComputeEnv
from deploy.wait import spelt

CHECK = "image"
SOON_S = 600
ECR = re.compile(r"[0-9]+\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
ACR = re.compile(r"[a-z0-9]+\.azurecr\.io")
FREEZE = "Build one that stays: studioctl build --wave --freeze --repository REGISTRY/NAME"
PUSH = "studioctl build --docker --push --repository REGISTRY/NAME"


def image(
    reference: str | None,
    expires_at: float | None,
    found: Inspected | Unknown | None,
    resolved: Resolved,
    lifespan_h: int | None,
    now: float,
) -> tuple[Finding, ...]:
    """Say all about an image; `reference` None is one that is built first, `found` None not asked.

    Of one that is built first `found` tells why: the registry has the earlier one no more.
    `expires_at` and `now` are in seconds since 1970; `lifespan_h` is the profile's.
    """
    if reference is None:
        return (_gone(found) if isinstance(found, Unknown) else ok(CHECK, "it is built first"),)
    workspace_h = resolved.surroundings.lifespan_h if resolved.surroundings else None
    hours = effective_lifespan_h(workspace_h, lifespan_h)
    said = [
        *_lasting(reference, expires_at, hours, now),
        *_name(reference, found),
        *(_registry(reference, found, resolved.is_cloud) if found else ()),
        *(_content(found, resolved.compute_env) if isinstance(found, Inspected) else ()),
    ]
    if not any(finding.level == "error" for finding in said):
        said.insert(0, ok(CHECK, reference))
    return tuple(said)


def _gone(found: Unknown) -> Finding:
    """A session that runs goes on without its image; of a temporary one that is its usual end."""
    say = ok if temporary.is_temporary(found.reference) else warning
    return say(
        CHECK,
        f"{found.reference} is not in its registry any more ({found.text}); it is built again when"
        " the Studio has to start",
    )


def _lasting(reference: str, expires_at: float | None, hours: int, now: float) -> Iterator[Finding]:
    """A session keeps the image that it was started with; every later start needs it again."""
    if expires_at is None:
        if temporary.is_temporary(reference):
            yield warning(
                CHECK, "it is a temporary one of Wave's, which lives 36 h at most", FREEZE
            )
        return
    left_s = expires_at - now
    if left_s < SOON_S:
        when = f"expired {spelt(-left_s)} ago" if left_s < 0 else f"expires in {spelt(left_s)}"
        yield error(CHECK, f"{reference} {when}", "Build it again: studioctl build")
    elif hours == UNLIMITED or left_s < hours * 3600:
        yield warning(
            CHECK,
            f"it expires in {spelt(left_s)}, before the session ends; the Studio cannot be started"
            " again after that",
            FREEZE,
        )


def _name(reference: str, found: Inspected | Unknown | None) -> Iterator[Finding]:
    name = Reference.parse(reference)
    if name.moves:
        plain = reference.removesuffix(f":{name.tag}")
        exact = f"{plain}@{found.digest}" if isinstance(found, Inspected) else f"{plain}@sha256:…"
        yield error(
            CHECK,
            f'the tag "{name.tag}" of {reference} stands for one image today and another tomorrow,'
            " and machines that have pulled it once run the old one",
            f"Name exactly this one: {exact}",
        )


def _registry(reference: str, found: Inspected | Unknown, is_cloud: bool) -> Iterator[Finding]:
    """Tell whether the Platform will get it; an installation of one's own may know more logins."""
    worse = error if is_cloud else warning
    host = Reference.parse(reference).host
    has_role = bool(ECR.fullmatch(host) or ACR.fullmatch(host))
    if formats.is_loopback(urlsplit(f"//{host}").hostname or ""):
        yield warning(
            CHECK,
            f"the registry {host} is on this machine; the Platform has to reach it by this name",
            f"Push it elsewhere: {PUSH}",
        )
    if isinstance(found, Inspected):
        if not found.public and not has_role:
            yield worse(
                CHECK,
                f"{reference} is private, and the Platform has no login for {host}",
                "Make it public, or push it to Amazon ECR or Azure ACR.",
            )
        elif not found.public and ACR.fullmatch(host) and not is_cloud:
            yield warning(
                CHECK,
                f"older Platforms cannot pull from {host}: of private registries"
                " they know Amazon ECR alone",
            )
        return
    if found.reason == "no such image":
        yield error(
            CHECK,
            f"{reference} is not in its registry: {found.text}",
            f"Correct the name, or build and push it: {PUSH}",
        )
    elif found.reason == "no access" and not has_role:
        yield worse(
            CHECK,
            f"{reference} is not there, or private without a login of yours: {found.text}",
            f"Look with: docker login {host}. The Platform pulls public images, and from Amazon\n"
            "ECR and Azure ACR.",
        )
    else:
        yield warning(CHECK, f"{reference} could not be looked at ({found.reason}): {found.text}")


def _content(found: Inspected, env: ComputeEnv | None) -> Iterator[Finding]:
    wanted = env.machines if env else formats.DEFAULT_PLATFORM
    if not any(meets(each, wanted) for each in found.platforms):
        listed = ", ".join(found.platforms) or "no platform that it names"
        yield error(
            CHECK,
            f"{found.reference} is for {listed}, and the machines are {wanted}",
            f"Build it for them: studioctl build --platform {wanted}",
        )
        return
    yield from _connect(found.labels.get(image_labels.CONNECT))
    if found.user not in ("", "0", "root", "0:0", "root:root"):
        yield warning(
            CHECK,
            f"it runs as the user {found.user}; data links can be mounted by root alone",
            "Leave out USER in the Dockerfile.",
        )


def _connect(version: str | None) -> Iterator[Finding]:
    if not version:
        yield warning(
            CHECK,
            f"it has no label {image_labels.CONNECT}: what the Platform offers by the version of"
            " its client, such as SSH, is off",
        )
        return
    supported = image_labels.is_supported(version)
    if supported is None:
        yield warning(CHECK, f'its Connect client has an odd version, "{version}"')
    elif not supported:
        yield warning(
            CHECK,
            f"its Connect client is {version}; Seqera Cloud supports"
            f" {image_labels.OLDEST_CONNECT} and later",
            "Build it with a newer one; a Platform of your own may support older ones.",
        )
