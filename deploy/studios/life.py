"""Start, stop and delete a Studio; asking for what is so already is no error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploy import ui
from deploy.planning import previous, situation, temporary
from deploy.planning.desired import OURS
from deploy.planning.plan import Seen
from deploy.planning.store import UNREAD_LINKS
from deploy.rollout.acts import Acts
from deploy.rollout.starting import Start
from deploy.rollout.steps import Journal
from deploy.seqera.models import UNDER_WAY
from deploy.studios.status import entry

if TYPE_CHECKING:
    from deploy.rollout import Means
    from deploy.seqera.models import Studio
    from deploy.studios.named import Named


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of it, in words, and the Studio as it is now; None if there is none."""

    studio: Studio | None
    actions: tuple[str, ...]
    ready: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the document for programs: the keys are a contract, all are always there."""
        return {
            "studio": entry(self.studio) if self.studio else None,
            "actions": list(self.actions),
            "ready": self.ready,
        }


def start(named: Named, means: Means) -> Ended:
    """Start a Studio and wait until it runs; one that runs is left alone."""
    studio = named.needed()
    acts = Acts(means, Journal(), named.name)
    part = Start(acts, Seen.of(studio), studio=studio)
    if studio.status in UNDER_WAY:
        ui.say(f'"{studio.name}" is {studio.status} already')
    elif temporary.expired(studio, None, means.clock.now()):
        ui.say(f"its temporary image has expired ({studio.image}); studioctl deploy replaces it")
    part.run()
    now = acts.described(studio.id)
    return Ended(now, tuple(acts.journal.done), str(part.readiness))


def stop(named: Named, means: Means) -> Ended:
    """Stop a Studio and wait until it has; its disk and its URL stay."""
    studio = named.needed()
    acts = Acts(means, Journal(), named.name)
    if studio.idle:
        ui.say(f'"{studio.name}" is {studio.status} already')
        return Ended(studio, ())
    now = acts.stop(studio)
    return Ended(now, tuple(acts.journal.done))


def delete(studio: Studio, means: Means) -> Ended:
    """Delete a Studio, which is stopped first."""
    acts = Acts(means, Journal(), studio.name)
    acts.delete(studio.id)
    acts.tidy()
    return Ended(None, tuple(acts.journal.done))


def kept(named: Named, studio: Studio) -> tuple[str, ...]:
    """Say what is gone with a Studio, and what stays: lines for whoever decides."""
    calls = named.studios.calls
    mounted = situation.mounts(studio, calls)
    lines = ["gone for good: its disk, its checkpoints and its URL"]
    if studio.label(OURS) is None:
        lines.append("it was not made by studioctl, so where it keeps its data is not known")
    else:
        store = situation.store_of(studio, calls, mounted=mounted)
        fate = {"checkpoint": "LOST with it: all runs", "unknown": "may be LOST with it: all runs"}
        lines.append(f"{fate.get(store.kind, 'kept: its runs')} ({store.words})")
        if not store.artifacts_kept:
            lines.append(f"LOST with it: all artifacts ({store.artifacts})")
        elif store.kind == "database" and not store.artifacts:
            lines.append(f"may be LOST with it: all artifacts ({UNREAD_LINKS})")
    for link in mounted.links:
        lines.append(f'kept: all that is on the data link "{link.name}" ({link.uri})')
    for id_ in mounted.unread:
        lines.append(f"kept: all that is on the data link {id_}, which cannot be read now")
    for other in previous.of(named.name, named.studios.all()):
        lines.append(f'kept: the Studio that it replaced, "{other.name}" ({other.id})')
    return tuple(lines)
