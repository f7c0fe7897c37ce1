"""What differs between a Studio as it should be and as it is: field by field, secrets masked.

Fields are named as in the profile. What the Platform does not tell (spot, and values that it leaves
out) is compared by the label in which the last deploy left the digest of all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from deploy.planning.desired import CONTEXT, KEPT, OURS, SPEC, context_label, label_value, revealed
from deploy.planning.temporary import is_temporary
from deploy.profile import exposure
from deploy.registry.reference import Reference
from deploy.secret import MASK, Secret

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.profile.loading import Variable
    from deploy.seqera.models import Configuration, Studio

How = Literal["in place", "replace", "at start"]
NONE = "not set"
UNREADABLE = "not readable"
ANOTHER = f"{MASK} (another value)"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference, in words that can be shown. `how` tells what it takes to make it."""

    field: str
    old: str
    new: str
    how: How = "in place"


def differences(
    desired: Desired, actual: Studio, *, movable: bool = False, secrets: tuple[str, ...] = ()
) -> tuple[Change, ...]:
    """List what has to change, in the profile's order.

    `movable` tells that the compute environment can be changed for another, which the Platform
    allows where both have the same work directory. `secrets` are values not to be shown.
    """
    unlike = actual.label(SPEC) != desired.spec
    return (
        *_about(desired, actual, movable),
        *_resources(desired, actual.configuration, unlike),
        *_session(desired, actual, unlike),
        *_data_links(desired, actual),
        *_environment(desired, actual.configuration, secrets),
        *_labels(desired, actual),
    )


def same_image(desired: Desired, actual: Studio) -> bool:
    """Tell whether a Studio runs the image: by its name, or made from the same content.

    What has moved from a temporary place to one that stays, or back, is another image.
    """
    if actual.image == desired.image:
        return True
    if desired.context_digest is None or not same_place(actual.image, desired.image):
        return False
    return actual.label(CONTEXT) == context_label(desired.context_digest)


def same_place(one: str, other: str) -> bool:
    """Tell whether two images are kept in the same repository, or both for a while by Wave.

    >>> same_place("ghcr.io/a/x:1", "ghcr.io/a/x:2"), same_place("ghcr.io/a/x:1", "ghcr.io/b/x:1")
    (True, False)
    """
    if is_temporary(one) or is_temporary(other):
        return is_temporary(one) and is_temporary(other)
    return _repository(one) == _repository(other)


def _repository(reference: str) -> tuple[str, str]:
    found = Reference.parse(reference)
    return found.host, found.repository


def _about(desired: Desired, actual: Studio, movable: bool) -> Iterator[Change]:
    if desired.description is not None and desired.description != (actual.description or ""):
        yield Change("description", _text(actual.description), _text(desired.description))
    if desired.compute_env.id != actual.compute_env_id:
        old = actual.compute_env_name or actual.compute_env_id
        how: How = "in place" if movable else "replace"
        yield Change("compute-env", old, desired.compute_env.name, how)
    if not same_image(desired, actual):
        yield Change("image", actual.image or NONE, desired.image, "replace")


def _resources(desired: Desired, there: Configuration | None, unlike: bool) -> Iterator[Change]:
    for name, unit in (("cpu", ""), ("memory", " MiB"), ("gpu", "")):
        new = getattr(desired, name)
        old = getattr(there, name) if there else None
        # 0 leaves it to the compute environment, whose own value may be what is read back.
        differs = unlike if old is None or (not new and name != "gpu") else True
        if differs and old != new:
            yield Change(f"resources.{name}", _amount(old, unit), _amount(new, unit))


def _session(desired: Desired, actual: Studio, unlike: bool) -> Iterator[Change]:
    there = actual.configuration
    lifespan_h = there.lifespan_h if there else None
    if _differs(desired.lifespan_h, lifespan_h, unlike):
        yield Change("session.lifespan", _hours(lifespan_h), _hours(desired.lifespan_h))
    if desired.private != actual.private:
        yield Change("session.private", _flag(actual.private), _flag(desired.private), "replace")
    if _differs(desired.spot, None, unlike):
        yield Change("session.spot", UNREADABLE, _flag(desired.spot), "at start")
    ssh = there.ssh if there else None
    if _differs(desired.ssh, ssh, unlike):
        yield Change("session.ssh", _flag(ssh), _flag(desired.ssh))


def _differs(wanted: int | None, there: int | None, unlike: bool) -> bool:
    if wanted is None:
        return False
    return unlike if there is None else wanted != there


def _data_links(desired: Desired, actual: Studio) -> Iterator[Change]:
    mounts = actual.configuration.mounts if actual.configuration else ()
    if {(link.id, None) for link in desired.mounts} == {(each.id, each.path) for each in mounts}:
        return
    names = {link.id: link.name for link in (*actual.mounted, *desired.mounts)}
    old = [names.get(each.id, each.id) + (f"/{each.path}" if each.path else "") for each in mounts]
    new = [link.name for link in desired.mounts]
    yield Change("data-links", ", ".join(sorted(old)) or "none", ", ".join(sorted(new)) or "none")


def _environment(
    desired: Desired, there: Configuration | None, secrets: tuple[str, ...]
) -> Iterator[Change]:
    before = there.environment if there else {}
    for name in sorted({*before, *desired.environment}):
        old, new = before.get(name), desired.environment.get(name)
        if new is None and name in KEPT:
            continue
        if new is not None and old == revealed(new):
            continue
        hidden = new is not None and (new.local or isinstance(new.value, Secret))
        if old is not None and (hidden or exposure.hidden(name, old, secrets)):
            yield Change(f"environment.{name}", MASK, ANOTHER if hidden else _new(new))
        else:
            yield Change(f"environment.{name}", _text(old), MASK if hidden else _new(new))


def _new(variable: Variable | None) -> str:
    return _text(None if variable is None else revealed(variable))


def _labels(desired: Desired, actual: Studio) -> Iterator[Change]:
    # Of ours only the name: the others tell of the last deploy, and change with the next.
    wanted = {**desired.labels, OURS: label_value(desired.name)}
    for name, value in wanted.items():
        if actual.label(name) != value:
            yield Change(f"labels.{name}", actual.label(name) or NONE, value)


def _text(value: str | None) -> str:
    """A value of several lines, or of none, is written as JSON has it."""
    if value is None:
        return NONE
    plain = value and value.isprintable() and value == value.strip()
    return value if plain else json.dumps(value, ensure_ascii=False)


def _amount(value: int | None, unit: str) -> str:
    if value is None:
        return UNREADABLE
    return f"{value}{unit}" if value or not unit else "the compute environment's own"


def _hours(value: int | None) -> str:
    if value is None:
        return NONE
    return "unlimited" if value == 0 else f"{value} h"


def _flag(value: bool | None) -> str:
    return NONE if value is None else "true" if value else "false"
