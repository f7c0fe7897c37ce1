"""What the commands on one Studio share: which one is meant, and what acts on it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from deploy.build import Options
    from deploy.rollout import Means
    from deploy.seqera.ways import Via
    from deploy.studios.named import Named
    from deploy.web import Web


def options(context: typer.Context) -> "Options":
    """Give the clock and the patience of this call."""
    from deploy.build import Options
    from deploy.cli.world import world

    used = world(context)
    return Options(clock=used.clock, patience=used.patience)


def named(
    context: typer.Context,
    name: str | None,
    file: Path | None,
    stage: str | None,
    workspace: str | None,
) -> "Named":
    """Settle which Studio is meant."""
    from deploy.studios.named import Asked, find

    return find(Asked(name, file, stage, workspace), options(context), os.environ)


def means(
    context: typer.Context,
    about: "Named",
    via: "Via" = "api",
    timeout: float | None = None,
    wait: bool = True,
) -> "Means":
    """Give what starts, stops and deletes a Studio."""
    from deploy.rollout import Means
    from deploy.seqera import tw, ways
    from deploy.web import Web

    used = options(context)
    web = about.studios.web

    def reach(base: str) -> "Web":
        return Web(base, os.environ, clock=used.clock, patience=used.patience)

    def look() -> tw.Tw | tw.Missing:
        return tw.look(os.environ, web.base, web.bearer)

    return Means(
        about.studios,
        ways.choose(via, None, about.studios, look).way,
        reach,
        used.clock,
        limit_s=timeout,
        wait=wait,
    )
