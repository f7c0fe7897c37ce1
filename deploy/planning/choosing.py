"""Choose the image that a Studio is to run: one that is named, one built before, or a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deploy import build
from deploy.errors import InvalidSetting
from deploy.planning import temporary
from deploy.planning.changes import same_place
from deploy.planning.desired import CONTEXT, context_label
from deploy.records import Records, folder
from deploy.resolve import BuildFlags, build_settings

if TYPE_CHECKING:
    from deploy.build import Options
    from deploy.profile.loading import Loaded
    from deploy.resolve import BuildSettings
    from deploy.seqera.models import Studio


@dataclass(frozen=True, slots=True)
class Choice:
    """The image for a Studio; without a `reference` it has to be built first.

    `content` names all that it is made from. `ours` tells that it runs MLflow with our runtime, as
    far as that can be told without a look into it. `expired` is the image that the Studio has, of
    this content, which cannot be started any more: its time is over, or it was removed.
    """

    settings: BuildSettings
    reference: str | None
    content: str | None
    expires_at: float | None
    ours: bool
    expired: str | None = None


def settled(
    profile: Loaded, image: str | None, workspace: str | None, env: Mapping[str, str]
) -> BuildSettings:
    """Settle how the image is got; one that Docker builds has to be pushed."""
    flags = BuildFlags(image=image, workspace=workspace)
    settings = build_settings(profile, flags, env)
    if settings.image is not None or settings.method != "docker":
        return settings
    if settings.repository is None:
        raise InvalidSetting(
            "image.repository",
            "the Platform pulls the image from a registry: name the place to which Docker pushes\n"
            "it, or build with wave.",
        )
    return replace(settings, push=True)


def choose(
    settings: BuildSettings, actual: Studio | None, options: Options, env: Mapping[str, str]
) -> Choice:
    """Give the image; what a Studio runs already, or what was built here, is not built again."""
    records = Records(folder(env))
    if settings.image is not None:
        named = settings.image
        record = records.newest(lambda each: each.image.reference == named)
        content = record.source or None if record else None
        ends_at = temporary.ends(named, records)
        return Choice(settings, named, content, ends_at, True)
    found = build.remember(settings, options, env)
    ours = settings.context is None or (settings.context / "studio" / "__main__.py").is_file()
    expired = None
    if actual is not None and _fits(actual, found.content, settings):
        ends_at = temporary.ends(actual.image, records)
        if not temporary.expired(actual, ends_at, options.clock.now()):
            return Choice(settings, actual.image, found.content, ends_at, ours)
        expired = actual.image
    if found.image is not None:
        image = found.image
        return Choice(settings, image.reference, found.content, image.expires_at, ours, expired)
    return Choice(settings, None, found.content, None, ours, expired)


def without(choice: Choice, actual: Studio | None) -> Choice:
    """Give up an image that its registry does not have any more: it has to be built again."""
    is_its = actual is not None and actual.image == choice.reference
    expired = choice.reference if is_its else choice.expired
    return replace(choice, reference=None, expires_at=None, expired=expired)


def _fits(actual: Studio, content: str | None, settings: BuildSettings) -> bool:
    """Tell whether a Studio's image has the content, and is kept where it should be."""
    if content is None or actual.label(CONTEXT) != context_label(content):
        return False
    if settings.method == "wave" and not settings.freeze:
        return temporary.is_temporary(actual.image)
    return settings.repository is not None and same_place(actual.image, f"{settings.repository}:x")
