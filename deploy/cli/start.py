"""`studioctl start`: start a Studio that is stopped."""

import json

import typer

from deploy.cli.options import File, Json, Name, Stage, Timeout, Via, Wait, Workspace
from deploy.cli.studio import means, named


def start(
    context: typer.Context,
    name: Name = None,
    file: File = None,
    stage: Stage = None,
    workspace: Workspace = None,
    via: Via = "auto",
    wait: Wait = True,
    timeout: Timeout = None,
    as_json: Json = False,
) -> None:
    """Start the Studio, and print its address when it is ready.

    It is started as it is; to make it as the profile says: studioctl deploy. One that runs already
    is left alone.
    """
    from deploy import ui
    from deploy.studios import life

    about = named(context, name, file, stage, workspace)
    done = life.start(about, means(context, about, via, timeout, wait))
    if done.ready:
        ui.say(f"ready: {done.ready}")
    if as_json:
        ui.give(json.dumps(done.to_json(), indent=2))
    elif done.studio and done.studio.url:
        ui.give(done.studio.url)
