"""What a change of a Studio leaves behind: pure, from where the runs are and where they will be."""

from __future__ import annotations

from deploy.planning.store import UNREAD, Store

CHECKPOINT = "LOSES all runs; they stay in the stopped old Studio"
ARTIFACTS = "LOSES all artifacts; they stay in the stopped old Studio"


def of(action: str, before: Store, after: Store, *, known: bool) -> tuple[str, tuple[str, ...]]:
    """Give what has to be accepted, empty if nothing is lost, and what to warn about.

    `known` tells that the present Studio was made by studioctl, so that its store is what the
    runtime's rules say. A Studio changed in place keeps its disk, a replacement begins with an
    empty one.
    """
    if action == "replace":
        return _replacement(before, after, known)
    if action == "update" and "none" not in (before.kind, after.kind):
        return _update(before, after)
    return "", ()


def _replacement(before: Store, after: Store, known: bool) -> tuple[str, tuple[str, ...]]:
    if before.kind == "none":
        return "", ()
    if after.kind == "unknown":
        # Another tool than ours: what it keeps on its own disk only its users know.
        return "", ("what it keeps on its own disk stays in the stopped old Studio",)
    if before.kind == "unknown" or not known:
        return "may LOSE all runs; what is not on a data link stays in the stopped old Studio", ()
    if before.kind == "checkpoint":
        remedy = (
            "to carry the runs over, give the Studio a writable data link first, with the image "
            "that it has (--image); when it has published there, replace it"
        )
        return CHECKPOINT, (remedy,)
    if before.place != after.place:
        return f"LEAVES all runs behind; they stay on {before.words}", ()
    if not before.artifacts_kept:
        return ARTIFACTS, ()
    if not before.artifacts:
        return (
            "may LOSE all artifacts; what is not on a data link stays in the stopped old Studio",
            (),
        )
    if before.artifacts != after.artifacts:
        return f"LEAVES all artifacts behind; they stay on {before.artifacts}", ()
    return "", ()


def _update(before: Store, after: Store) -> tuple[str, tuple[str, ...]]:
    if before == UNREAD and after.kind == "database":
        return "LEAVES all runs behind; where they are cannot be told now", ()
    if before == UNREAD and after.kind != "unknown":
        return "", (
            "artifacts of old runs may stay where they are not found: the Studio's data"
            " links cannot be read now",
        )
    if "unknown" in (before.kind, after.kind):
        return "", ()
    if "database" in (before.kind, after.kind) and before.place != after.place:
        place = "in its own checkpoint" if before.kind == "checkpoint" else f"on {before.words}"
        return f"LEAVES all runs behind; they stay {place}", ()
    if before.place != after.place and before.kind == "link":
        return "", (f"artifacts of old runs stay on {before.words}, where they are not found",)
    if before.artifacts != after.artifacts and before.artifacts:
        return "", (f"artifacts of old runs stay on {before.artifacts}, where they are not found",)
    return "", ()
