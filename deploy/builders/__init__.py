"""Turn a packed context into an image: what a builder is asked for, and what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from deploy import formats, secret
from deploy.images import Image
from deploy.wave import ids

if TYPE_CHECKING:
    from deploy.context import Packed


@dataclass(frozen=True, slots=True)
class Request:
    """One build, resolved. What a builder cannot honour it refuses; it never leaves it out.

    `tags` are for an image that the local builder makes: Wave names an image after its content.
    """

    packed: Packed
    platform: str = formats.DEFAULT_PLATFORM
    arguments: Mapping[str, str] = field(default_factory=dict)
    repository: str | None = None
    cache_repository: str | None = None
    freeze: bool = False
    push: bool = False
    tags: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Name all that the image is made from, wherever it is kept.

        Nothing where a secret is part of that: the name must not help to guess it.
        """
        arguments = sorted(self.arguments.items())
        if any(secret.named(name) or secret.carried(value) for name, value in arguments):
            return ""
        return ids.digest_of(
            [
                ("context", self.packed.digest),
                ("dockerfile", self.packed.dockerfile),
                ("platform", self.platform),
                *((f"argument {name}", value) for name, value in arguments),
            ]
        )

    @property
    def content(self) -> str:
        """Name the source, and where the image is kept; nothing as for `source`."""
        source = self.source
        return source and ids.digest_of([("source", source), ("repository", self.repository)])


class Builder(Protocol):
    """A way to build."""

    def build(self, request: Request) -> Image:
        """Build, or find that it is built already; raise when there is no usable image."""
        ...

    def foresee(self, request: Request) -> Image:
        """Give what a build would give, without one; `cached` tells whether it is there."""
        ...

    def remembered(self, request: Request) -> Image | None:
        """Give the last image of such a build that others can use, too; nobody is asked."""
        ...
