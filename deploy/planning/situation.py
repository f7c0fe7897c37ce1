"""Find out what a decision rests on: where the runs are and will be, and what can be changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy import preflight
from deploy.errors import RequestRefused, StillCollecting, Unreachable
from deploy.planning import previous, store, temporary
from deploy.planning.desired import revealed, unshown
from deploy.planning.plan import Circumstances
from deploy.planning.store import Mounted
from deploy.records import Records, folder
from deploy.secret import known
from deploy.seqera import links, surroundings
from deploy.seqera.explorer import SESSIONS, Explorer

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.preflight import Resolved
    from deploy.seqera.calls import Calls
    from deploy.seqera.models import ComputeEnv, Link, Studio


@dataclass(frozen=True, slots=True)
class Mounts:
    """The data links that a Studio mounts, and the ids of those that nothing is known of now."""

    links: tuple[Link, ...] = ()
    unread: tuple[str, ...] = ()


def look(
    desired: Desired,
    actual: Studio | None,
    resolved: Resolved,
    calls: Calls,
    env: Mapping[str, str],
    *,
    ours: bool,
    expired: str | None = None,
) -> Circumstances:
    """Read what is still to be known.

    `ours` tells that the image has our runtime in it. `expired` is an image that is known to be one
    that cannot be started any more.
    """
    aside = () if actual else tuple(previous.of(desired.name, resolved.studios))
    if not ours:
        after = before = store.UNKNOWN
    else:
        before = store.UNKNOWN if actual is None else store_of(actual, calls, resolved)
        there = {name: revealed(each) for name, each in desired.environment.items()}
        mounted = _mounted(desired.mounts, desired.compute_env, calls, there)
        last = before.link.name if before.link else None
        after = store.decide(there, mounted, last, (*known(env), *unshown(desired.environment)))
    if actual is None:
        return Circumstances(after, before, previous=aside, secrets=known(env))
    ends_at = temporary.ends(actual.image, Records(folder(env)))
    return Circumstances(
        store=after,
        store_before=before,
        expired=actual.image == expired
        or temporary.expired(actual, ends_at, calls.web.clock.now()),
        movable=_movable(actual, desired.compute_env, calls),
        secrets=known(env),
    )


def store_of(
    studio: Studio,
    calls: Calls,
    resolved: Resolved | None = None,
    mounted: Mounts | None = None,
) -> store.Store:
    """Tell where a Studio of ours keeps its runs.

    What is `resolved`, or known to be `mounted`, is not asked again.
    """
    if studio.configuration is None:
        return store.UNKNOWN
    env = resolved.compute_env if resolved else None
    if env is None or env.id != studio.compute_env_id:
        env = described(studio.compute_env_id, calls)
    there = studio.configuration.environment
    if mounted is None:
        mounted = mounts(studio, calls, resolved.links if resolved else ())
    found = _mounted(mounted.links, env, calls, there)
    return store.decide(there, found, whole=not mounted.unread)


def mounts(studio: Studio, calls: Calls, known_links: Iterable[Link] = ()) -> Mounts:
    """Give the data links that a Studio mounts; only those that are not known are asked for.

    The Platform describes a Studio before it has fetched them, and leaves out what the user may not
    see. The Studio mounts them all the same.
    """
    found = {link.id: link for link in (*known_links, *studio.mounted)}
    wanted = [mount.id for mount in studio.configuration.mounts] if studio.configuration else []
    found |= _looked_up([id_ for id_ in wanted if id_ not in found], calls)
    return Mounts(
        tuple(found[id_] for id_ in wanted if id_ in found),
        tuple(id_ for id_ in wanted if id_ not in found),
    )


def _looked_up(ids: Iterable[str], calls: Calls) -> dict[str, Link]:
    wishes = [links.Wish("id", id_) for id_ in ids]
    try:
        matches = links.find(calls, wishes).matches
    except (RequestRefused, Unreachable, StillCollecting):
        return {}
    return {link.id: link for met in matches for link in met}


def _mounted(
    there: Iterable[Link], env: ComputeEnv | None, calls: Calls, environment: Mapping[str, str]
) -> list[Mounted]:
    """Tell which links can be written to; which of several is in use already is looked up."""
    found = [Mounted(link, preflight.writable(link, env) if env else None) for link in there]
    unsure = [each for each in found if each.writable is not False]
    if len(unsure) < 2 or environment.get("STUDIO_DATA_LINK"):
        return found
    return [
        each
        if each.writable is False
        else Mounted(each.link, each.writable, _is_used(each.link, calls))
        for each in found
    ]


def _is_used(link: Link, calls: Calls) -> bool | None:
    """Tell whether a Studio has published on a link; None where it cannot be read from here."""
    try:
        return bool(Explorer(calls, link.id).names(SESSIONS))
    except RequestRefused as error:
        return False if error.status == 404 else None
    except (Unreachable, StillCollecting):
        return None


def _movable(actual: Studio, wanted: ComputeEnv, calls: Calls) -> bool:
    """Tell whether the Studio can be given to another compute environment.

    The Platform allows it where both have the same work directory: its checkpoints are there.
    """
    if wanted.id == actual.compute_env_id:
        return True
    env = described(actual.compute_env_id, calls)
    return env is not None and env.work_dir is not None and env.work_dir == wanted.work_dir


def described(id_: str, calls: Calls) -> ComputeEnv | None:
    """Describe a compute environment; one that is gone, or hidden from us, is not known."""
    try:
        return surroundings.compute_env(calls, id_)
    except RequestRefused:
        return None
