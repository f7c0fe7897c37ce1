"""The command lines of a plan: those of `tw`, or the API's call where tw has none.

They are what would do the same by hand, step by step, each to be given when the one before is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploy.planning.desired import inherited
from deploy.seqera import tw
from deploy.seqera.limits import ENV_SSH_SPOT, supports

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.planning.plan import Plan
    from deploy.seqera.models import Studio


def of(plan: Plan) -> tuple[str, ...]:
    """Give the lines of a shell, without secrets; one that begins with # is no command."""
    desired, actual = plan.desired, plan.actual
    if plan.action == "create":
        return (_creation(desired, None),)
    if actual is None or plan.action == "nothing":
        return ()
    return tuple(_lines(plan, desired, actual))


def _lines(plan: Plan, desired: Desired, actual: Studio) -> Iterator[str]:
    workspace = desired.workspace_id
    call = f"# through the API, PUT {_address(desired, f'/studios/{actual.id}')}"
    if plan.action != "start" and not actual.idle and actual.status != "stopping":
        yield str(tw.stop(workspace, actual.id))
    if plan.action == "replace":
        yield f"{call}: rename it to {desired.name}-previous-<time>"
        yield _creation(desired, actual)
        return
    if plan.action == "update":
        yield f"{call}: change {', '.join(change.field for change in plan.changes)}"
    if plan.restarts:
        yield str(tw.start(workspace, actual.id, desired))


def _creation(desired: Desired, old: Studio | None) -> str:
    labels = inherited(old) | desired.all_labels
    # The line names variables instead of secrets: whoever types it accepts them in arguments.
    limits = supports(desired, ENV_SSH_SPOT, labels, secret_arguments=True)
    if limits:
        start = str(desired.auto_start).lower()
        call = _address(desired, "/studios", f"autoStart={start}")
        return f"# through the API, POST {call}: tw cannot do it ({'; '.join(map(str, limits))})"
    return str(tw.add(desired, labels))


def _address(desired: Desired, path: str, *query: str) -> str:
    own = [] if desired.workspace_id is None else [f"workspaceId={desired.workspace_id}"]
    asked = "&".join([*own, *query])
    return f"{path}?{asked}" if asked else path
