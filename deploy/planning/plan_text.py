"""A plan as people read it: plain lines in black and white, in ASCII where the words are ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploy import ui

if TYPE_CHECKING:
    from deploy.planning.changes import Change
    from deploy.planning.plan import Plan


def lines(plan: Plan) -> Iterator[str]:
    """Give the lines; what comes from elsewhere cannot move the cursor of a terminal."""
    return map(ui.printable, _lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    desired = plan.desired
    known = f" ({plan.actual.id}, {plan.actual.status})" if plan.actual else ""
    where = f" in {plan.workspace}" if plan.workspace else ""
    yield f'Studio "{desired.name}"{where}{known}: {plan.title}'
    yield f"  why: {plan.why}"
    yield f"  compute environment: {desired.compute_env.name}"
    yield f"  image: {desired.image}{' (to be built first)' if plan.to_build else ''}"
    yield f"  store: {plan.store.words}"
    if plan.store.artifacts:
        yield f"  artifacts: {plan.store.artifacts}"
    yield from _block("changes", (_change(each) for each in plan.changes))
    yield from _block("steps", (f"{n}. {step}" for n, step in enumerate(plan.steps, 1)))
    if plan.via and plan.action != "nothing":
        yield f"  by: {plan.via} ({plan.via_why})"
    yield from _block("the same by hand", iter(plan.commands))
    for warning in plan.warnings:
        yield f"  warning: {warning}"
    if plan.loses_data:
        yield "  This has to be accepted: deploy with --accept-data-loss"


def _change(change: Change) -> str:
    how = "" if change.how == "in place" else f"  ({change.how})"
    return f"{change.field}: {change.old} -> {change.new}{how}"


def _block(title: str, rows: Iterator[str]) -> Iterator[str]:
    for number, row in enumerate(rows):
        if not number:
            yield f"  {title}:"
        yield f"    {row}"
