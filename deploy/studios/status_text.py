"""A Studio's status, and a list of Studios, as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from deploy import images, ui
from deploy.planning.desired import OURS
from deploy.studios import explain
from deploy.wait import spelt

if TYPE_CHECKING:
    from deploy.seqera.models import Studio
    from deploy.studios.status import Status

HEADS = ("NAME", "STATUS", "ID", "COMPUTE ENV", "IMAGE")
WRITABLE = {True: "writable", False: "read-only", None: "whether it is writable cannot be told"}


def lines(status: Status) -> Iterator[str]:
    """Give the lines of one Studio."""
    return map(ui.printable, _lines(status))


def table(studios: Sequence[Studio]) -> Iterator[str]:
    """Give the lines of a list; a star marks the Studios that studioctl has made."""
    rows = [
        (
            studio.name + ("" if studio.label(OURS) is None else " *"),
            studio.status,
            studio.id,
            studio.compute_env_name,
            studio.image,
        )
        for studio in sorted(studios, key=lambda studio: studio.name)
    ]
    widths = [max(map(len, column)) for column in zip(HEADS, *rows, strict=True)]
    for row in (HEADS, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield ui.printable("  ".join(cells)).rstrip()


def _lines(status: Status) -> Iterator[str]:
    studio = status.studio
    since = f" since {images.written(studio.status_at)}" if studio.status_at else ""
    yield f'Studio "{studio.name}" ({studio.id}): {studio.status}{since}'
    if studio.status != "running":
        yield from (f"  {line}" for line in explain.failure(studio))
    yield f"  url: {studio.url or 'none yet'}"
    yield f"  image: {studio.image}"
    yield from _image(status)
    yield f"  compute environment: {studio.compute_env_name}"
    if studio.configuration:
        there = studio.configuration
        yield f"  resources: {there.cpu} CPUs, {there.memory} MiB, {there.gpu} GPUs"
    yield f"  lifespan: {_lifespan(status)}"
    for link, writable in status.links:
        yield f'  data link "{link.name}" ({link.uri}): {WRITABLE[writable]}'
    yield f"  store: {status.store.words}"
    yield from _drift(status)


def _image(status: Status) -> Iterator[str]:
    if status.expired:
        yield "    it was temporary and has expired: the Studio cannot be started again with it"
    elif status.image_ends is not None:
        yield f"    it is temporary and expires at {images.written(status.image_ends)}"
    elif status.temporary:
        yield "    it is temporary and expires at most 36 h after it was built"


def _lifespan(status: Status) -> str:
    if status.lifespan_h is None:
        return "not known"
    if status.lifespan_h == 0:
        return "unlimited"
    left = "" if status.left_s is None else f", {spelt(status.left_s)} left"
    return f"{status.lifespan_h} h{left}"


def _drift(status: Status) -> Iterator[str]:
    if status.drift is None:
        first, *rest = status.drift_why.splitlines()
        yield f"  profile: not compared: {first}"
        yield from (f"    {line}" for line in rest)
    elif not status.drift:
        yield "  profile: it is as the profile says"
    else:
        yield "  profile: it differs; studioctl plan says what a deploy would do"
        for change in status.drift:
            yield f"    {change.field}: {change.old} -> {change.new}"
