"""`studioctl rollback`: go back to the Studio that the last replacement has kept."""

import json
from typing import Annotated

import typer

from deploy.cli.options import File, Json, Name, Stage, Timeout, Via, Wait, Workspace, Yes
from deploy.cli.studio import means, named


def rollback(
    context: typer.Context,
    name: Name = None,
    file: File = None,
    stage: Stage = None,
    workspace: Workspace = None,
    via: Via = "auto",
    wait: Wait = True,
    timeout: Timeout = None,
    yes: Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Go back to the Studio that the last replacement has kept.

    It gets its name back and is started; the present one is kept in its place. If that fails, all
    is left as it was. Once more, and the present one is back.
    """
    from dataclasses import replace

    from deploy import rollout, ui
    from deploy.cli.world import agreed, world
    from deploy.rollout import deploying

    about = named(context, name, file, stage, workspace)
    kept, present = deploying.kept(about), about.read()
    ui.say(f'"{kept.name}" ({kept.id}, {kept.image}) becomes "{about.name}" and is started')
    if present is not None:
        ui.say(f'"{present.name}" ({present.id}, {present.image}) is stopped and kept')
    if dry_run:
        if as_json:
            studios = {"kept": kept, "present": present}
            shown = {
                key: studio and {"id": studio.id, "name": studio.name, "image": studio.image}
                for key, studio in studios.items()
            }
            ui.give(json.dumps({"name": about.name, **shown, "actions": []}, indent=2))
        return
    if world(context).is_terminal():
        agreed(context, "Go back?", yes=yes)
    used = replace(
        means(context, about, via, timeout, wait),
        published=deploying.publishing(kept, about.studios),
    )
    outcome = rollout.go_back(about.name, present, kept, used)
    ui.say(f"ready: {outcome.ready}")
    if as_json:
        ui.give(json.dumps(outcome.to_json(), indent=2))
    elif outcome.url:
        ui.give(outcome.url)
