"""`studioctl url`: the address of a Studio."""

import json

import typer

from deploy.cli.options import File, Json, Name, Stage, Workspace
from deploy.cli.studio import named


def url(
    context: typer.Context,
    name: Name = None,
    file: File = None,
    stage: Stage = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Print the address of the Studio, and nothing else on stdout.

    It answers while the Studio runs; whether it does is said on stderr.
    """
    from deploy import ui
    from deploy.errors import NoAddress
    from deploy.studios import explain

    about = named(context, name, file, stage, workspace)
    studio = about.needed()
    start = explain.command("start", studio.name, about.studios.workspace_id)
    if not studio.url:
        raise NoAddress(studio.name, studio.status, start)
    if studio.status != "running":
        ui.say(f'"{studio.name}" is {studio.status}; to start it: {start}')
    document = {"name": studio.name, "status": studio.status, "url": studio.url}
    ui.give(json.dumps(document, indent=2) if as_json else studio.url)
