"""`studioctl list`: the Studios of a workspace."""

import json
import os

import typer

from deploy.cli.options import File, Json, Stage, Workspace
from deploy.cli.studio import options


def list_(
    context: typer.Context,
    file: File = None,
    stage: Stage = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """List the Studios of the workspace.

    A star marks those that studioctl has made.
    """
    from deploy import ui
    from deploy.studios import status_text
    from deploy.studios.named import Asked, everything
    from deploy.studios.status import entry

    found = everything(Asked(None, file, stage, workspace), options(context), os.environ).all()
    if as_json:
        ui.give(json.dumps([entry(studio) for studio in found], indent=2))
    elif found:
        ui.give("\n".join(status_text.table(found)))
    else:
        ui.say("there are no Studios in this workspace")
