"""`studioctl init`: write a commented profile to start from."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    file: Annotated[
        Path,
        typer.Option(
            "--file", "-f", metavar="PROFILE", help="Profile to write.", show_default=True
        ),
    ] = Path("studio.yaml"),
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite what is there already.")
    ] = False,
) -> None:
    """Write a profile in which every key is explained.

    Its JSON Schema, for editors, is written beside it.
    """
    from deploy import ui
    from deploy.profile import beginning

    for written in beginning.write(file, force=force):
        ui.say(f"wrote {written}")
    ui.say(beginning.next_steps(file))
