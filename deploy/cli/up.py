"""`studioctl up`: run the Studio on this machine."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer


def _absolute(folder: Path | None) -> Path | None:
    """Make a path absolute without following links: the last name is the data link's name."""
    # ruff's advice, Path.resolve, would follow them.
    return None if folder is None else Path(os.path.abspath(folder))  # noqa: PTH100


def up(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            metavar="PORT",
            help="Port on localhost. [default: STUDIO_PORT, else 5000]",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            metavar="DIR",
            help="Folder to use as the data link: artifacts and published snapshots go there.",
        ),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            metavar="DIR",
            help="Folder for the Studio's own files, the live database among them. "
            "[default: STUDIO_HOME, else ./.studio; with --docker a volume]",
            show_default=False,
        ),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the Studio in the browser when it is ready.")
    ] = False,
    docker: Annotated[
        bool, typer.Option("--docker", help="Run the image, as the Platform does, not a process.")
    ] = False,
    image: Annotated[
        str | None,
        typer.Option(help="Image to run with --docker, instead of building one.", metavar="REF"),
    ] = None,
) -> None:
    """Run the Studio on this machine until Ctrl-C.

    The runtime's MLFLOW_* and STUDIO_* variables are honoured; those of MLflow's clients are left
    out. The exit code is the runtime's own: 0 stopped, 1 crashed too often, 64 a setting is
    invalid, 69 database not reachable, 73 home or port not usable, 75 refused by
    STUDIO_ON_CONFLICT, 77 login to the database refused, 78 stored data cannot be used.
    """
    from deploy import launch, ui
    from deploy.local import Options

    if image is not None and not docker:
        context.fail("--image goes with --docker")
    if sys.platform == "win32" and not docker:
        ui.say("on Windows the Studio runs from its image: --docker is assumed")
        docker = True
    options = Options(port, _absolute(data), _absolute(home), image, docker, open_browser)
    if options.data is not None and not options.data.name:
        raise typer.BadParameter("the root folder cannot be a data link", param_hint="--data")
    launch.start(options, os.environ, Path.cwd())
