"""Deleting on a link, in the order that leaves every remaining state whole at any moment."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from studio.snapshots import layout, scan
from studio.snapshots.layout import State

GRACE_S = 600.0


class Disposal:
    """Deletes manifests at once, and packs ten minutes after nothing refers to them any more.

    A mount uploads and deletes in the background, in any order: nobody shall meet a manifest whose
    packs have gone. The methods are generators; each step is at most one file operation.
    """

    def __init__(self, link: Path, now: Callable[[], float]) -> None:
        self.deleted = 0
        self._link, self._now = link, now
        self._unneeded: dict[Path, float] = {}

    def manifest(self, state: State) -> Iterator[None]:
        """Delete a manifest."""
        yield from self._drop(layout.manifest_file(self._link, state))

    def packs(self, sid: str, names: Iterable[str]) -> Iterator[None]:
        """Take note of all packs of a session that no state needs; delete those long unneeded."""
        paths = {layout.pack_file(self._link, sid, name) for name in names}
        folder = layout.packs_dir(self._link, sid)
        for path in [p for p in self._unneeded if p.parent == folder and p not in paths]:
            del self._unneeded[path]
        for path in sorted(paths):
            if self._now() - self._unneeded.setdefault(path, self._now()) >= GRACE_S:
                yield from self._drop(path)
                del self._unneeded[path]

    def session(self, sid: str) -> Iterator[None]:
        """Delete what is left of a session without states; `session.json` last.

        Until then its name tells a later sweep that something is left.
        """
        yield from self._drop(layout.end_file(self._link, sid))
        yield from self._drop(layout.session_file(self._link, sid))
        home = layout.session_dir(self._link, sid)
        for folder in (*(home / name for name in ("packs", "manifests", "pinned")), home):
            yield
            with suppress(OSError):  # there is none, or something appeared in it: then it stays
                layout.drop_folder(folder)

    def _drop(self, path: Path) -> Iterator[None]:
        yield
        layout.drop(path)
        self.deleted += 1


def manifests(link: Path, sid: str) -> list[int]:
    """The numbers of a session's manifest files, in order."""
    found = map(layout.manifest_seq, scan.names(layout.manifests_dir(link, sid)))
    return sorted(seq for seq in found if seq is not None)


def packs(link: Path, sid: str) -> frozenset[str]:
    """The names of a session's packs."""
    found = (f"packs/{name}" for name in scan.names(layout.packs_dir(link, sid)))
    return frozenset(name for name in found if layout.is_pack_name(name))


def pins(link: Path, sid: str) -> tuple[frozenset[int], bool]:
    """The numbers of a session's pinned states; and whether there is a pin we cannot read."""
    found = [layout.pinned_seq(name) for name in scan.names(layout.pinned_dir(link, sid))]
    return frozenset(seq for seq in found if seq is not None), None in found
