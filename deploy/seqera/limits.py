"""What `tw` cannot do of what a Studio should be: there the Platform's API is used.

Where it is not known how tw takes a text, it counts as one that tw cannot: the API takes them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.secret import Secret

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.seqera.tw import Version

# The first release whose options are those of today; before it there were other names.
FIRST: Version = (0, 11, 1)
ENV_SSH_SPOT: Version = (0, 37)


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A key of the profile that tw cannot do as it is, and why."""

    field: str
    why: str

    def __str__(self) -> str:
        return f"{self.field}: {self.why}"


def supports(
    desired: Desired,
    version: Version,
    labels: Mapping[str, str] | None = None,
    *,
    secret_arguments: bool = False,
) -> tuple[Unsupported, ...]:
    """List what a release of tw cannot do, nothing if it can do all.

    With `secret_arguments` the user accepts that secrets stand in a command line, where other users
    of the machine can read them.
    """
    if version < FIRST:
        return (Unsupported("tw", f"its options changed with {_spelt(FIRST)}"),)
    found = [
        *_newer(desired, version),
        *_text("name", desired.name),
        *_text("description", desired.description or ""),
        *_labels(desired.all_labels if labels is None else labels),
        *(
            Unsupported("data-links", "tw separates their ids by commas")
            for link in desired.mounts
            if "," in link.id
        ),
    ]
    for name, entry in desired.environment.items():
        if isinstance(entry.value, Secret) or entry.local:
            if not secret_arguments:
                found.append(Unsupported(f"environment.{name}", _why_hidden(entry.value)))
        else:
            found += _letters(f"environment.{name}", entry.value)
    return tuple(found)


def supports_start(desired: Desired | None, version: Version) -> tuple[Unsupported, ...]:
    """List what a release of tw cannot say when it starts a Studio that is there."""
    if desired is None or desired.spot is None or version >= ENV_SSH_SPOT:
        return ()
    return (_since("session.spot", "--spot"),)


def _newer(desired: Desired, version: Version) -> Iterator[Unsupported]:
    if version >= ENV_SSH_SPOT:
        return
    needs = {
        "environment": ("--env", bool(desired.environment)),
        "session.ssh": ("--ssh", desired.ssh is not None),
        "session.spot": ("--spot", desired.spot is not None),
    }
    for key, (option, needed) in needs.items():
        if needed:
            yield _since(key, option)


def _since(key: str, option: str) -> Unsupported:
    return Unsupported(key, f"tw has {option} since {_spelt(ENV_SSH_SPOT)}")


def _text(key: str, text: str) -> Iterator[Unsupported]:
    """Find what makes a text unfit for tw's command line.

    A text that is an option's name, or begins with one and =, is refused by tw in every form; those
    that begin with a dash are rare enough to be treated alike.
    """
    if text.startswith("-"):
        yield Unsupported(key, "tw takes a text that begins with a dash for an option")
    yield from _letters(key, text)


def _letters(key: str, text: str) -> Iterator[Unsupported]:
    if not text.isascii():
        yield Unsupported(key, "tw reads such letters as the locale of this machine says")
    if "\0" in text:
        yield Unsupported(key, "no command line can hold a zero character")


def _labels(labels: Mapping[str, str]) -> Iterator[Unsupported]:
    for name, value in labels.items():
        key = f"labels.{name}"
        if any(odd in name + value for odd in ',="'):
            yield Unsupported(key, "tw separates labels by commas, and names from values by =")
        if not name.strip() or not value.strip():
            yield Unsupported(key, "tw takes no label without a name or a value")
        yield from _text(key, name + value)


def _why_hidden(value: str | Secret) -> str:
    what = "it is a secret" if isinstance(value, Secret) else "its value comes from this machine"
    return f"{what}, and other users can read the command line of tw"


def _spelt(version: Version) -> str:
    return ".".join(map(str, version))
