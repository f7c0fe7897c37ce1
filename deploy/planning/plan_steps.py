"""What a plan does, step by step, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.seqera.models import UNDER_WAY

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.seqera.models import Studio

UP = ("wait until it runs", "ask whether it is ready")


def of(action: str, desired: Desired, actual: Studio | None) -> tuple[str, ...]:
    """List the steps of an action; there are none where nothing is done."""
    name = f'"{desired.name}"'
    creation = (f"create {name} and start it", *UP) if desired.auto_start else (f"create {name}",)
    if action == "create":
        return creation
    if actual is None or action == "nothing":
        return ()
    down: tuple[str, ...] = (f"stop {name}", "wait until it is stopped")
    if actual.status == "stopping":
        down = down[1:]
    elif actual.idle:
        down = ()
    if action == "replace":
        aside = f'rename it to "{desired.name}-previous-<time>"'
        return (*down, aside, *creation, "keep the old Studio, stopped, for studioctl rollback")
    change = (f"change {name}",) if action == "update" else ()
    starts = desired.auto_start or actual.status in UNDER_WAY
    return (*down, *change, *((f"start {name}", *UP) if starts else ()))
