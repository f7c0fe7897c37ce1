"""Turn a packed context into an image: what a builder is asked for, and what it promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from deploy import secret
from deploy.images import Image
from deploy.wave import ids

if TYPE_CHECKING:
    from deploy.context import Packed


@dataclass(frozen=True, slots=True)
class Request:
    """One build, resolved. What a builder cannot honour it refuses; it never leaves it out.

    `labels` and `tags` are the ones of an image that the local builder makes: Wave names an image
    after its content, and a label more would be another content.
    """

    packed: Packed
    platform: str = "linux/amd64"
    arguments: Mapping[str, str] = field(default_factory=dict)
    repository: str | None = None
    cache_repository: str | None = None
    freeze: bool = False
    push: bool = False
    tags: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

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


class Builder(Protocol):
    """What `studioctl build` needs of a way to build."""

    def build(self, request: Request) -> Image:
        """Build, or find that it is built already; raise when there is no usable image."""
        ...
