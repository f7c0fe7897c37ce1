"""Options that several commands share: the same word has the same meaning everywhere."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from deploy.cli import completing

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        help="Name of the Studio. [default: the profile's]",
        show_default=False,
        autocompletion=completing.studios,
    ),
]
File = Annotated[
    Path | None,
    typer.Option(
        "--file",
        "-f",
        metavar="PROFILE",
        help="Profile to read. [default: studio.yaml]",
        show_default=False,
    ),
]
Stage = Annotated[
    str | None,
    typer.Option(
        "--stage",
        metavar="NAME",
        help="Stage of the profile to lay over its base.",
        autocompletion=completing.stages,
    ),
]
Workspace = Annotated[
    str | None,
    typer.Option(
        "--workspace",
        "-w",
        metavar="ORG/WS",
        help="Workspace, by name or number. [default: TOWER_WORKSPACE_ID, else the profile's]",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Image = Annotated[
    str | None,
    typer.Option(
        "--image",
        metavar="REF",
        help="Image to run, which is there already. [default: the profile's, else a build]",
        show_default=False,
    ),
]
Via = Annotated[
    Literal["auto", "tw", "api"],
    typer.Option(
        "--via",
        help="Create, start and stop through tw or the API; auto takes tw where it is there and "
        "can do all that is needed.",
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        min=1,
        metavar="SECONDS",
        help="Longest wait. [default: 1800 for a start, 900 for a stop]",
        show_default=False,
    ),
]
Wait = Annotated[
    bool,
    typer.Option(
        "--wait/--no-wait",
        help="Wait until it is done, or leave it to the Platform. [default: wait]",
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
