"""`studioctl plan`: say what a deploy would do."""

import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.options import File, Image, Json, Stage, Via, Workspace

if TYPE_CHECKING:
    from deploy.planning.making import Planned, Request

CHANGES = 10


def plan(
    context: typer.Context,
    file: File = None,
    stage: Stage = None,
    workspace: Workspace = None,
    image: Image = None,
    via: Via = "auto",
    as_json: Json = False,
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode", help="End with 0 if there is nothing to do, with 10 otherwise."
        ),
    ] = False,
) -> None:
    """Print what a deploy would change, field by field, and why. Nothing is changed.

    It is the same as `studioctl deploy --dry-run`.
    """
    from deploy.planning.making import Request

    planned = prepared(context, Request(file, stage, workspace, image, via), as_json=as_json)
    show(planned, as_json=as_json)
    if detailed_exitcode and planned.plan.action != "nothing":
        raise typer.Exit(CHANGES)


def prepared(
    context: typer.Context, request: "Request", *, as_json: bool, build_it: bool = False
) -> "Planned":
    """Make the plan; what stands against it is an error, and with --json a document, too."""
    from deploy import ui
    from deploy.build import Options
    from deploy.cli.world import world
    from deploy.errors import PreflightFailed
    from deploy.planning import making as planning

    used = world(context)
    options = Options(clock=used.clock, patience=used.patience)
    try:
        planned = planning.prepare(request, options, os.environ, build_it=build_it)
    except PreflightFailed as error:
        if as_json:
            listed = [finding.to_json() for finding in error.findings]
            ui.give(json.dumps({"action": None, "findings": listed}, indent=2))
        raise
    for finding in planned.findings:
        if finding.level == "warning":
            ui.say(f"warning: {finding}".replace("\n", "\n         "))
    return planned


def show(planned: "Planned", *, as_json: bool) -> None:
    """Print the plan: it is the result."""
    from deploy import ui
    from deploy.planning import plan_text

    if as_json:
        ui.give(json.dumps(planned.plan.to_json(), indent=2))
    else:
        ui.give("\n".join(plan_text.lines(planned.plan)))
