"""Carry out a plan: make the Studio as it should be, or leave it as it was.

What is done is a list of small steps, each with its undo. A failure, or Ctrl-C, undoes what was
begun; a second Ctrl-C leaves at once and says what is where.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from deploy.errors import LeftHalfWay, StudioctlError
from deploy.planning.changes import differences
from deploy.planning.desired import SPEC, inherited
from deploy.planning.plan import Seen
from deploy.rollout.acts import Acts
from deploy.rollout.aside import Aside
from deploy.rollout.cancelled import like_ctrl_c
from deploy.rollout.creating import Creation
from deploy.rollout.going_back import GoingBack
from deploy.rollout.halting import Halt
from deploy.rollout.means import Means
from deploy.rollout.replacing import Replacement
from deploy.rollout.starting import Start
from deploy.rollout.steps import Journal, Step
from deploy.rollout.updating import Update
from deploy.seqera.models import UNDER_WAY
from deploy.studios.readiness import Readiness

if TYPE_CHECKING:
    from deploy.planning.plan import Plan
    from deploy.seqera.models import Studio

__all__ = ["Means", "Outcome", "carry_out", "go_back"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `actions` and `warnings` are words for people."""

    studio: Studio
    actions: tuple[str, ...]
    ready: Readiness
    warnings: tuple[str, ...] = ()

    @property
    def url(self) -> str | None:
        """The address of the session, as the Platform describes it."""
        return self.studio.url

    def to_json(self) -> dict[str, Any]:
        """Give the values that programs read."""
        return {
            "studio": {
                "id": self.studio.id,
                "name": self.studio.name,
                "status": self.studio.status,
            },
            "url": self.url,
            "image": self.studio.image,
            "ready": str(self.ready),
            "actions": list(self.actions),
            "warnings": list(self.warnings),
        }


class _Change(Protocol):
    """A change that can be undone, and tell where it stands."""

    def steps(self) -> list[Step]: ...

    def where(self) -> list[str]: ...

    def by_hand(self) -> list[str]: ...


def carry_out(plan: Plan, means: Means) -> Outcome:
    """Do what a plan says; raise with the Studio as it was, or with words on what is where."""
    with like_ctrl_c():
        return _carry_out(plan, means)


def _carry_out(plan: Plan, means: Means) -> Outcome:
    desired, actual = plan.desired, plan.actual
    acts = Acts(means, Journal(), desired.name)
    if actual is None:
        creation = Creation(acts, desired)
        creation.run()
        return _done(acts, creation, plan)
    if plan.action == "nothing":
        return _as_it_is(actual, acts)
    seen = plan.seen or Seen.of(actual)
    if plan.action == "replace":
        new = Creation(acts, desired, inherited(actual), frozenset({actual.id}))
        replacement = Replacement(acts, Aside(acts, actual, seen), new)
        _run(replacement, acts)
        replacement.settle()
        return _done(acts, new, plan)
    wanted = desired.auto_start or actual.status in UNDER_WAY
    start = Start(acts, seen, desired, wanted)
    if plan.action == "update":
        _run(Update(acts, actual, seen, desired=desired, start=start), acts)
    else:
        start.run()
    return _done(acts, start, plan)


def go_back(name: str, present: Studio | None, kept: Studio, means: Means) -> Outcome:
    """Give a Studio that was put aside its name back, and let it run."""
    with like_ctrl_c():
        return _go_back(name, present, kept, means)


def _go_back(name: str, present: Studio | None, kept: Studio, means: Means) -> Outcome:
    acts = Acts(means, Journal(), name)
    aside = Aside(acts, present, Seen.of(present)) if present else None
    old = Halt(acts, kept, Seen.of(kept))
    start = Start(acts, old.seen)
    _run(GoingBack(acts, name, aside, old, start), acts)
    if aside is not None:
        acts.journal.note(f'kept "{aside.away}" ({aside.studio.id}), stopped')
    return _done(acts, start, None)


def _run(change: _Change, acts: Acts) -> None:
    acts.journal.where, acts.journal.by_hand = change.where, change.by_hand
    try:
        acts.journal.run(change.steps())
    except StudioctlError as error:
        if not isinstance(error, LeftHalfWay):
            acts.tidy()
        raise


def _as_it_is(studio: Studio, acts: Acts) -> Outcome:
    """Change nothing; what somebody else has just started is waited for."""
    part = Start(acts, Seen.of(studio), studio=studio)
    if studio.status in UNDER_WAY:
        part.run()
    return _outcome(acts, part.studio or studio, part.readiness)


def _done(acts: Acts, part: Creation | Start, plan: Plan | None) -> Outcome:
    """Read back what is there now: a setting that was not taken is said, never passed over."""
    acts.tidy()
    assert part.studio is not None
    studio = acts.described(part.studio.id)
    if plan is None:
        return _outcome(acts, studio, part.readiness)
    if plan.action != "start" and studio.label(SPEC) != plan.desired.spec:
        raise acts.conflict("it was changed again while it started")
    for each in differences(plan.desired, studio, secrets=acts.means.secrets):
        acts.journal.warn(
            f"the Platform did not take {each.field}: it is {each.old}, and should be {each.new}"
        )
    return _outcome(acts, studio, part.readiness)


def _outcome(acts: Acts, studio: Studio, readiness: Readiness) -> Outcome:
    journal = acts.journal
    return Outcome(studio, tuple(journal.done), readiness, tuple(journal.warnings))
