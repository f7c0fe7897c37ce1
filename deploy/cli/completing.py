"""What the shell is offered to complete a word with; never an error."""

import contextlib
import os
from pathlib import Path

import typer


def studios(context: typer.Context, incomplete: str) -> list[str]:
    """Give the names of Studios that begin so."""
    with contextlib.suppress(Exception):
        from deploy.studios import completion

        workspace = context.params.get("workspace")
        names = completion.studios(workspace, _file(context), os.environ)
        return [name for name in names if name.startswith(incomplete)]
    return []


def stages(context: typer.Context, incomplete: str) -> list[str]:
    """Give the names of stages that begin so."""
    with contextlib.suppress(Exception):
        from deploy.studios import completion

        return [name for name in completion.stages(_file(context)) if name.startswith(incomplete)]
    return []


def _file(context: typer.Context) -> Path:
    return Path(context.params.get("file") or "studio.yaml")
