"""`studioctl doctor`: look at everything that is needed, and say what to mend."""

import json
import os
import sys

import typer

from deploy.cli.options import File, Json, Stage, Workspace


def doctor(
    context: typer.Context,
    file: File = None,
    stage: Stage = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Look at everything that is needed, and say what to mend.

    That is token, Platform, workspace, Wave, tw, Docker, clock and profile; nothing is changed.
    What is missing but not needed is a note. The exit code is 0 if nothing that is needed fails.
    """
    from deploy import ui
    from deploy.cli.world import world
    from deploy.doctor import Subject, examine, exit_code, lines, to_json

    used = world(context)
    found = examine(Subject(os.environ, file, stage, workspace, used.clock, used.patience))
    if as_json:
        ui.give(json.dumps(to_json(found), indent=2))
    else:
        ui.give("\n".join(lines(found, sys.stdout.encoding)))
    raise typer.Exit(exit_code(found))
