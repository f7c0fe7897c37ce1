"""`studioctl build`: make the image, and print its reference."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.options import File, Json, Stage, Workspace


def build(
    context: typer.Context,
    wave: Annotated[
        bool, typer.Option("--wave", help="Build with Wave. [default: the profile, else Wave]")
    ] = False,
    docker: Annotated[
        bool, typer.Option("--docker", help="Build with Docker on this machine.")
    ] = False,
    freeze: Annotated[
        bool | None,
        typer.Option(
            "--freeze/--temporary",
            help="Let Wave push a lasting image to --repository, or make one that lives 36 h. "
            "[default: the profile, else temporary]",
            show_default=False,
        ),
    ] = None,
    push: Annotated[
        bool, typer.Option("--push", help="Push the image that Docker has built to --repository.")
    ] = False,
    repository: Annotated[
        str | None,
        typer.Option(metavar="REPO", help="Repository for the image, without a tag."),
    ] = None,
    cache_repository: Annotated[
        str | None,
        typer.Option(
            metavar="REPO", help="Repository in which Wave keeps layers for later builds."
        ),
    ] = None,
    platform: Annotated[
        str | None,
        typer.Option(
            metavar="OS/ARCH",
            help="Platform of the image. [default: the profile, else linux/amd64]",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--context",
            exists=True,
            file_okay=False,
            metavar="DIR",
            help="Folder with a Dockerfile to build. [default: the profile, else studioctl's own]",
            show_default=False,
        ),
    ] = None,
    build_arg: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="Build argument; with a name alone, the variable's value."
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="TAG", help="Tag for the image that Docker builds, beside its own."),
    ] = None,
    file: File = None,
    stage: Stage = None,
    workspace: Workspace = None,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Build again what has failed at Wave a moment ago."),
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(
            min=1,
            metavar="SECONDS",
            help="Longest wait for Wave. [default: 900, with --freeze 1500: Wave's own limits]",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and say what would be built.")
    ] = False,
    print_request: Annotated[
        bool,
        typer.Option("--print-request", help="Print what Wave would be sent, without the token."),
    ] = False,
) -> None:
    """Build the image, and print its reference.

    Nothing else is on stdout. What is built already is not built again. With Wave neither Docker
    nor Java is needed here.
    """
    from deploy import build, ui
    from deploy.build import Options
    from deploy.cli.world import world
    from deploy.profile import load_if_there
    from deploy.resolve import BuildFlags, build_settings

    if wave and docker:
        context.fail("choose one of --wave and --docker")
    flags = BuildFlags(
        method="wave" if wave else "docker" if docker else None,
        freeze=freeze,
        push=push,
        repository=repository,
        cache_repository=cache_repository,
        platform=platform,
        context=folder,
        arguments=_arguments(build_arg or []),
        workspace=workspace,
    )
    settings = build_settings(load_if_there(file, stage, os.environ), flags, os.environ)
    used = world(context)
    options = Options(tuple(tag or ()), retry_failed, timeout, used.clock, used.patience)
    if print_request:
        ui.give(json.dumps(build.printed(settings, options, os.environ), indent=2))
        return
    image = (build.foresee if dry_run else build.build)(settings, options, os.environ)
    ui.give(json.dumps(image.to_json(), indent=2) if as_json else image.reference)


def _arguments(given: list[str]) -> dict[str, str]:
    """Read NAME=VALUE; a name alone takes its value from the environment, as Docker's does."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name:
            raise typer.BadParameter("write NAME=VALUE, or NAME alone", param_hint="--build-arg")
        if not equals and name not in os.environ:
            raise typer.BadParameter(
                f"write NAME=VALUE; there is no variable {name!r}", param_hint="--build-arg"
            )
        found[name] = value if equals else os.environ[name]
    return found
