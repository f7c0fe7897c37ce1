"""`studioctl status`: how a Studio stands."""

import json
import os

import typer

from deploy.cli.options import File, Json, Name, Stage, Workspace
from deploy.cli.studio import named, options


def status(
    context: typer.Context,
    name: Name = None,
    file: File = None,
    stage: Stage = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Say whether the Studio runs, and what differs from the profile.

    Also why it does not run, how long it may, and what its image and data links are.
    """
    from deploy import ui
    from deploy.planning.making import Request
    from deploy.studios import status_text
    from deploy.studios.status import look

    about = named(context, name, file, stage, workspace)
    # Another name than the profile's is another Studio, with which nothing is compared.
    request = Request(file, stage, workspace) if name is None else None
    found = look(about, request, options(context), os.environ)
    ui.give(
        json.dumps(found.to_json(), indent=2) if as_json else "\n".join(status_text.lines(found))
    )
