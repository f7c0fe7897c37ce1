"""Decide what a deploy would do: pure, from the Studio as it should be and as it is.

Nothing here reads or changes anything, so `plan` and `deploy --dry-run` are "decide and print".
What is in a `Plan` can be shown: secrets are masked when the differences are found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from deploy.planning import losses, plan_steps
from deploy.planning.changes import Change, differences, same_image
from deploy.planning.desired import CONTEXT, OURS, SPEC
from deploy.planning.store import UNKNOWN, Store
from deploy.planning.temporary import is_temporary
from deploy.seqera.models import UNDER_WAY

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.seqera.models import Studio

Action = Literal["nothing", "start", "create", "update", "replace"]
_FIXED = {"compute-env": "compute-env (to one with another work directory)"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a plan was made for: where this differs later, somebody else has been at work."""

    id: str
    status: str
    spec: str | None
    last_updated: float | None

    @classmethod
    def of(cls, studio: Studio) -> Seen:
        """Take it from a Studio as it was read."""
        return cls(studio.id, studio.status, studio.label(SPEC), studio.last_updated)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision needs beside the two Studios.

    `store` is where the new session will keep its runs, `store_before` where the present one does.
    `expired` tells that the image of the present Studio cannot be started any more. `movable` is
    explained by `changes.differences`. `previous` were put aside by replacements, newest first.
    """

    store: Store = UNKNOWN
    store_before: Store = UNKNOWN
    expired: bool = False
    movable: bool = False
    previous: tuple[Studio, ...] = ()
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that would happen, in words that can be shown.

    `loss` says what the new session would not have any more of the old one's; it is empty where
    nothing is left behind. `to_build` tells that the image is only foreseen, not there yet.
    """

    action: Action
    desired: Desired
    actual: Studio | None
    changes: tuple[Change, ...]
    why: str
    store: Store
    loss: str = ""
    warnings: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    via: str = ""
    via_why: str = ""
    to_build: bool = False
    workspace: str = ""
    seen: Seen | None = None
    findings: tuple[Mapping[str, str], ...] = field(default=())

    @property
    def loses_data(self) -> bool:
        """Tell whether it has to be accepted first, by --accept-data-loss."""
        return bool(self.loss)

    @property
    def restarts(self) -> bool:
        """Tell whether the Studio runs in the end."""
        return self.desired.auto_start or bool(self.actual and self.actual.status in UNDER_WAY)

    @property
    def title(self) -> str:
        """The action as people read it.

        It is shown first, and names the loss if there is one.
        """
        what = "update in place" if self.action == "update" else self.action
        return f"{what} ({self.loss})" if self.loss else what

    def to_json(self) -> dict[str, Any]:
        """Give the document for programs: the keys are a contract, all are always there."""
        desired, actual = self.desired, self.actual
        return {
            "action": self.action,
            "why": self.why,
            "name": desired.name,
            "workspace": self.workspace,
            "workspace_id": desired.workspace_id,
            "studio": {"id": actual.id, "status": actual.status} if actual else None,
            "profile": asdict(desired.origin),
            "compute_env": desired.compute_env.name,
            "image": {
                "reference": desired.image,
                "context_digest": desired.context_digest,
                "to_build": self.to_build,
            },
            "spec": desired.spec,
            "changes": [asdict(change) for change in self.changes],
            "store": {
                "kind": self.store.kind,
                "words": self.store.words,
                "artifacts": self.store.artifacts,
            },
            "loses_data": self.loses_data,
            "loss": self.loss,
            "warnings": list(self.warnings),
            "steps": list(self.steps),
            "via": self.via,
            "via_why": self.via_why,
            "commands": list(self.commands),
            "findings": list(self.findings),
        }


def decide(
    desired: Desired, actual: Studio | None, around: Circumstances = Circumstances()
) -> Plan:
    """Say what makes the Studio as it should be, with the least that does it."""
    if actual is None:
        return _creation(desired, around)
    desired = _knowing(desired, actual)
    changes = differences(desired, actual, movable=around.movable, secrets=around.secrets)
    action, why = _action(desired, actual, changes, around)
    if action == "replace" and not any(change.how == "replace" for change in changes):
        changes = (*changes, Change("image", actual.image, desired.image, "replace"))
    loss, warned = losses.of(action, around.store_before, around.store, known=_known(actual))
    return Plan(
        action=action,
        desired=desired,
        actual=actual,
        changes=changes,
        why=why,
        store=around.store if action != "nothing" else around.store_before,
        loss=loss,
        warnings=(*_about(actual, action), *warned),
        steps=plan_steps.of(action, desired, actual),
        seen=Seen.of(actual),
    )


def _creation(desired: Desired, around: Circumstances) -> Plan:
    why = "there is no Studio of this name in the workspace"
    warnings: tuple[str, ...] = ()
    if around.previous:
        # Its successor was deleted, or never came about: nobody can tell.
        aside = f'"{around.previous[0].name}" ({around.previous[0].id})'
        back = "to have that one back instead: studioctl rollback"
        warnings = (f"a replacement has put {aside} aside; {back}",)
    steps = plan_steps.of("create", desired, None)
    return Plan("create", desired, None, (), why, around.store, "", warnings, steps)


def _knowing(desired: Desired, actual: Studio) -> Desired:
    """What an image was made from is remembered where the profile names it only by reference."""
    label = actual.label(CONTEXT)
    if desired.context_digest is None and label and actual.image == desired.image:
        return replace(desired, context_digest=label)
    return desired


def _known(actual: Studio) -> bool:
    return actual.label(OURS) is not None


def _action(
    desired: Desired, actual: Studio, changes: tuple[Change, ...], around: Circumstances
) -> tuple[Action, str]:
    fixed = [change.field for change in changes if change.how == "replace"]
    if fixed:
        listed = _listed([_FIXED.get(field, field) for field in fixed])
        return "replace", f"{listed} cannot be changed in a Studio"
    waits = actual.status not in UNDER_WAY
    starts = desired.auto_start if waits else bool(changes)
    if starts and around.expired and actual.image != desired.image and same_image(desired, actual):
        why = "temporary image has expired" if is_temporary(actual.image) else "image is gone"
        return "replace", f"its {why}, so it cannot be started again"
    if changes:
        stop = "" if actual.idle else ": it is stopped for that"
        starting = " and started again" if stop and (not waits or desired.auto_start) else ""
        fields = _listed([change.field for change in changes])
        return "update", f"{fields} can be changed in the Studio{stop}{starting}"
    if waits and desired.auto_start:
        return "start", f"it is as the profile says, but {actual.status}"
    state = actual.status if not waits else f"{actual.status}, and the profile does not start it"
    return "nothing", f"it is as the profile says, and {state}"


def _about(actual: Studio, action: Action) -> tuple[str, ...]:
    if _known(actual) or action == "nothing":
        return ()
    by = f" It was made by {actual.creator}." if actual.creator else ""
    return (
        f'the Studio "{actual.name}" ({actual.id}) was not made by studioctl, which takes it over '
        f"with this.{by}",
    )


def _listed(fields: list[str]) -> str:
    """Name some fields, and no more than a line has room for.

    >>> _listed(["image"]), _listed(["a", "b"]), _listed(["a", "b", "c", "d", "e"])
    ('image', 'a and b', 'a, b and 3 more')
    """
    if len(fields) == 1:
        return fields[0]
    if len(fields) > 4:
        return f"{', '.join(fields[:2])} and {len(fields) - 2} more"
    return f"{', '.join(fields[:-1])} and {fields[-1]}"
