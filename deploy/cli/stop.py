"""`studioctl stop`: stop a Studio that runs."""

import json

import typer

from deploy.cli.options import File, Json, Name, Stage, Timeout, Via, Workspace
from deploy.cli.studio import means, named


def stop(
    context: typer.Context,
    name: Name = None,
    file: File = None,
    stage: Stage = None,
    workspace: Workspace = None,
    via: Via = "auto",
    timeout: Timeout = None,
    as_json: Json = False,
) -> None:
    """Stop the Studio, and wait until it has. Its disk stays, and `start` goes on with it.

    One that does not run is left alone.
    """
    from deploy import ui
    from deploy.studios import life

    about = named(context, name, file, stage, workspace)
    done = life.stop(about, means(context, about, via, timeout))
    if as_json:
        ui.give(json.dumps(done.to_json(), indent=2))
