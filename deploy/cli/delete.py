"""`studioctl delete`: delete a Studio, and say what stays."""

import json
from typing import Annotated

import typer

from deploy.cli.options import File, Json, Name, Stage, Timeout, Workspace, Yes
from deploy.cli.studio import means, named


def delete(
    context: typer.Context,
    name: Name = None,
    file: File = None,
    stage: Stage = None,
    workspace: Workspace = None,
    yes: Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be gone and what stays.")
    ] = False,
    timeout: Timeout = None,
    as_json: Json = False,
) -> None:
    """Delete the Studio; what is on data links stays.

    It says what is gone and what stays, asks, and stops the Studio first. If there is no such
    Studio, all is well.
    """
    from deploy import ui
    from deploy.cli.world import agreed
    from deploy.studios import life

    about = named(context, name, file, stage, workspace)
    studio = about.read()
    if studio is None:
        ui.say(f'there is no Studio "{about.name}"')
        done = life.Ended(None, ())
    else:
        ui.say(f'the Studio "{studio.name}" ({studio.id}) is {studio.status}')
        for line in life.kept(about, studio):
            ui.say(f"  {line}")
        done = life.Ended(studio, ())
        if not dry_run:
            agreed(context, "Delete it?", yes=yes)
            done = life.delete(studio, means(context, about, timeout=timeout))
    if as_json:
        ui.give(json.dumps(done.to_json(), indent=2))
