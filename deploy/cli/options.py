"""Options that several commands share: the same word has the same meaning everywhere."""

from pathlib import Path
from typing import Annotated

import typer

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
    typer.Option("--stage", metavar="NAME", help="Stage of the profile to lay over its base."),
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
