"""`studioctl verify`: judge an image before it is used."""

import contextlib
import json
import os
import sys
from typing import Annotated

import typer

from deploy.cli.options import Json


def verify(
    context: typer.Context,
    image: Annotated[
        str | None,
        typer.Argument(metavar="IMAGE", help="Reference of an image, here or in its registry."),
    ] = None,
    local: Annotated[
        bool, typer.Option("--local", help="Judge the server that is installed here instead.")
    ] = False,
    mlflow: Annotated[
        bool | None,
        typer.Option(
            "--mlflow/--any",
            help="Ask it what MLflow Studio promises, or only what every custom Studio has to do. "
            "[default: by the image's label]",
            show_default=False,
        ),
    ] = None,
    start_limit: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Longest time for a start.")
    ] = 120,
    as_json: Json = False,
) -> None:
    """Run an image as the Platform would, and say what holds.

    That is one line a check. It runs with Docker on this machine, and leaves nothing behind. Exits
    with 1 if a check fails.
    """
    from deploy import launch, ui
    from deploy.cli.world import world
    from deploy.conformance import interrupts, judging, report

    if (image is None) == (not local):
        context.fail("name an image or give --local, not both")
    if local and sys.platform == "win32":
        raise typer.BadParameter("the server does not run on Windows", param_hint="--local")
    wish = judging.Wish(start_limit, mlflow, clock=world(context).clock)
    if image is None:
        found = judging.judge_here(launch.server_program(), wish, os.environ)
    else:
        found = judging.judge(image, wish, os.environ)
    results = []
    with interrupts.ended_by_sigterm_too(), contextlib.closing(found):
        for result in found:
            results.append(result)
            if not as_json:
                for line in report.lines(result, sys.stdout.encoding or "utf-8"):
                    ui.give(line)
    if as_json:
        ui.give(json.dumps(report.document(image or "this machine", results), indent=2))
    ui.say(report.summary(results))
    if not report.passes(results):
        raise typer.Exit(1)
