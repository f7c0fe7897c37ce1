"""`studioctl wave`: what concerns Wave alone."""

import json
import os
from typing import Annotated

import typer

from deploy.cli.options import Json

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Go on with builds at Wave."""


@app.command()
def wait(
    context: typer.Context,
    build: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a request or of a build, as it was printed.")
    ],
    timeout: Annotated[
        float,
        typer.Option(min=1, metavar="SECONDS", help="Longest wait."),
    ] = 1500,
    as_json: Json = False,
) -> None:
    """Wait for an earlier build, and print the image's reference.

    The server is that of WAVE_ENDPOINT. The exit code is that of `studioctl build`: 5 if the build
    has failed.
    """
    from deploy import build as builds
    from deploy import ui
    from deploy.cli.world import world

    used = world(context)
    options = builds.Options(limit_s=timeout, clock=used.clock, patience=used.patience)
    image = builds.rejoin(build, options, os.environ)
    ui.give(json.dumps(image.to_json(), indent=2) if as_json else image.reference)
