"""`studioctl deploy`: make the Studio as the profile says, and print its address."""

import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.cli.options import File, Image, Json, Stage, Timeout, Via, Wait, Workspace, Yes
from deploy.cli.plan import CHANGES, prepared, show

if TYPE_CHECKING:
    from deploy.planning.making import Planned


def deploy(
    context: typer.Context,
    file: File = None,
    stage: Stage = None,
    workspace: Workspace = None,
    image: Image = None,
    via: Via = "auto",
    secret_arguments: Annotated[
        bool,
        typer.Option(
            "--secret-arguments",
            help="With --via tw, give it secrets as arguments: other users of this machine can "
            "read them.",
        ),
    ] = False,
    accept_data_loss: Annotated[
        bool,
        typer.Option("--accept-data-loss", help="Go on although runs or artifacts stay behind."),
    ] = False,
    delete_previous: Annotated[
        bool,
        typer.Option(
            "--delete-previous",
            help="After a replacement delete the old Studio once the new one runs, not keep it.",
        ),
    ] = False,
    wait: Wait = True,
    timeout: Timeout = None,
    yes: Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan, as studioctl plan does.")
    ] = False,
    detailed_exitcode: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode",
            help="With --dry-run end with 0 if there is nothing to do, with 10 otherwise.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the Studio as the profile says, and print its address.

    Nothing else is on stdout. The Studio is created, changed in place or replaced, whatever is
    needed; its image is built if it is missing. If that fails, the Studio is left as it was. What
    is so already is not done again.
    """
    from deploy import ui
    from deploy.cli.studio import options
    from deploy.planning.making import Request
    from deploy.rollout import deploying

    request = Request(file, stage, workspace, image, via, secret_arguments)
    planned = prepared(context, request, as_json=as_json)
    if dry_run:
        show(planned, as_json=as_json)
        if detailed_exitcode and planned.plan.action != "nothing":
            raise typer.Exit(CHANGES)
        return
    wishes = deploying.Wishes(
        via, secret_arguments, accept_data_loss, delete_previous, wait, timeout
    )
    deploying.refuse_loss(planned.plan, wishes)
    _ask(context, planned, yes=yes)
    if planned.plan.to_build:
        planned = prepared(context, request, as_json=as_json, build_it=True)
    outcome = deploying.deploy(planned, wishes, options(context), os.environ)
    ui.say(f"ready: {outcome.ready}")
    if as_json:
        ui.give(json.dumps(deploying.document(planned, outcome, os.environ), indent=2))
    elif outcome.url:
        ui.give(outcome.url)


def _ask(context: typer.Context, planned: "Planned", *, yes: bool) -> None:
    """Show the plan; whoever is there to be asked has to agree to a replacement."""
    from deploy import ui
    from deploy.cli.world import agreed, world
    from deploy.planning import plan_text

    for line in plan_text.lines(planned.plan):
        ui.say(line)
    if planned.plan.action == "replace" and world(context).is_terminal():
        agreed(context, "Replace it?", yes=yes)
