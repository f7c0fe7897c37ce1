"""Build an image as it was settled: pack the context, and choose the builder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deploy import context, ui
from deploy.builders import Builder, Request
from deploy.errors import InvalidSetting
from deploy.images import Image
from deploy.records import Records, folder
from deploy.wait import Clock
from deploy.web import Patience

if TYPE_CHECKING:
    from deploy.builders.wave import WaveBuilder
    from deploy.context import Packed
    from deploy.resolve import BuildSettings


@dataclass(frozen=True, slots=True)
class Remembered:
    """What earlier builds tell of one that is wanted.

    `content` names all that the image is made from, wherever it is pushed; None where a secret is
    part of that. `image` is the last one of just this build that can still be used.
    """

    content: str | None
    image: Image | None


@dataclass(frozen=True, slots=True)
class Options:
    """How to build, where that is no property of the image."""

    tags: tuple[str, ...] = ()
    retry_failed: bool = False
    limit_s: float | None = None
    clock: Clock = field(default_factory=Clock)
    patience: Patience = field(default_factory=Patience)


def build(settings: BuildSettings, options: Options, env: Mapping[str, str]) -> Image:
    """Give the image; one that the profile names is there already."""
    if settings.image is not None:
        ui.say(f"nothing to build: {settings.sources.get('image', 'an option')} names the image")
        return Image(settings.image, settings.platform, None)
    with _packed(settings, options) as packed:
        return _builder(settings, options, env).build(_request(settings, options, packed))


def foresee(settings: BuildSettings, options: Options, env: Mapping[str, str]) -> Image:
    """Say what a build would do and give; nothing is built and nothing is changed."""
    if settings.image is not None:
        return build(settings, options, env)
    with _packed(settings, options) as packed:
        request = _request(settings, options, packed)
        image = _builder(settings, options, env).foresee(request)
        ui.say(f"{image.reference} {'is there already' if image.cached else 'would be built'}")
        return image


def remember(settings: BuildSettings, options: Options, env: Mapping[str, str]) -> Remembered:
    """Look whether the image was built before; nobody is asked, and nothing is changed."""
    _check(settings, options)
    with context.pack(settings.context or context.locate()) as packed:
        request = _request(settings, options, packed)
        image = _builder(settings, options, env).remembered(request)
        return Remembered(request.source or None, image)


def printed(settings: BuildSettings, options: Options, env: Mapping[str, str]) -> dict[str, Any]:
    """Give the request that Wave would get, without the token."""
    if settings.method != "wave" or settings.image is not None:
        raise InvalidSetting("--print-request", "is for a build by Wave.")
    with _packed(settings, options) as packed:
        return _wave(settings, options, env).printed(_request(settings, options, packed))


def rejoin(id_: str, options: Options, env: Mapping[str, str]) -> Image:
    """Wait for a build that was submitted to Wave earlier."""
    from deploy.builders.wave import WaveBuilder
    from deploy.resolve import PLATFORM_API, WAVE, endpoint, token

    if not re.fullmatch(r"[A-Za-z0-9][\w-]{1,99}", id_, re.ASCII):
        raise InvalidSetting("ID", "is not the id of a build (bd-…_1) or of a request.")
    kept = Records(folder(env)).newest(lambda r: id_ in (r.request_id, r.image.build_id))
    asked = endpoint("WAVE_ENDPOINT", env, (kept and kept.wave_endpoint) or WAVE).value
    builder = WaveBuilder(
        env,
        asked,
        endpoint("TOWER_API_ENDPOINT", env, (kept and kept.tower_endpoint) or PLATFORM_API).value,
        token(env).value,
        limit_s=options.limit_s,
        clock=options.clock,
        patience=options.patience,
    )
    return builder.rejoin(id_)


def _packed(settings: BuildSettings, options: Options) -> Packed:
    _check(settings, options)
    place = settings.context or context.locate()
    packed = context.pack(place)
    for warning in packed.warnings:
        ui.say(f"warning: {warning}")
    ui.say(f"context {place}: {len(packed.files)} files, {packed.size:,} bytes, {packed.digest}")
    return packed


def _check(settings: BuildSettings, options: Options) -> None:
    if settings.method == "wave" and options.tags:
        raise InvalidSetting("--tag", "is for --docker; Wave names an image after its content.")
    for name, given in (("--retry-failed", options.retry_failed), ("--timeout", options.limit_s)):
        if given and settings.method != "wave":
            raise InvalidSetting(name, "is for a build by Wave.")


def _request(settings: BuildSettings, options: Options, packed: Packed) -> Request:
    return Request(
        packed,
        platform=settings.platform,
        arguments=settings.arguments,
        repository=settings.repository,
        cache_repository=settings.cache_repository,
        freeze=settings.freeze,
        push=settings.push,
        tags=options.tags,
    )


def _builder(settings: BuildSettings, options: Options, env: Mapping[str, str]) -> Builder:
    if settings.method == "wave":
        return _wave(settings, options, env)
    from deploy.builders.local import LocalBuilder

    return LocalBuilder(env, options.clock)


def _wave(settings: BuildSettings, options: Options, env: Mapping[str, str]) -> WaveBuilder:
    from deploy.builders.wave import WaveBuilder

    return WaveBuilder(
        env,
        settings.wave_endpoint,
        settings.tower_endpoint,
        settings.token,
        settings.workspace,
        options.retry_failed,
        options.limit_s,
        options.clock,
        options.patience,
    )
