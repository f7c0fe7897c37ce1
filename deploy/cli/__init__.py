"""The command line: parse, call, print. One file per verb or noun, gathered here.

Nothing heavy is imported at the top of these files: `--help` and completion must be quick.
"""

import os
import sys
import traceback
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from deploy import __version__, errors, ui
from deploy.cli import profile, snapshots, wave
from deploy.cli.build import build
from deploy.cli.delete import delete
from deploy.cli.deploy import deploy
from deploy.cli.doctor import doctor
from deploy.cli.init import init
from deploy.cli.listing import list_
from deploy.cli.plan import plan
from deploy.cli.rollback import rollback
from deploy.cli.start import start
from deploy.cli.status import status
from deploy.cli.stop import stop
from deploy.cli.up import up
from deploy.cli.url import url
from deploy.cli.verify import verify
from deploy.versions import own_context, pinned_mlflow


class Root(TyperGroup):
    """The one place that turns an exception into a message and an exit code.

    Its --verbose is given to every command below it, so that it may stand anywhere on the line.
    """

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        for option in self.params:
            if option.name == "verbose":
                _share(self.commands.values(), option)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a test through Typer's runner sees the same codes as a shell."""
        try:
            return super().invoke(ctx)
        except errors.StudioctlError as error:
            ui.complain(str(error))
            raise typer.Exit(error.exit_code) from error
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except Exception as error:
            traceback.print_exc()
            ui.complain(
                f"this is a bug in studioctl {__version__}; please report it with the lines above."
            )
            raise typer.Exit(errors.BUG) from error


def _share(commands: Iterable[Any], option: Any) -> None:
    for command in commands:
        command.params.append(option)
        _share(getattr(command, "commands", {}).values(), option)


app = typer.Typer(
    cls=Root,
    name="studioctl",
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
)
app.command()(init)
app.command()(up)
app.command()(build)
app.command()(plan)
app.command()(deploy)
app.command()(rollback)
app.command()(status)
app.command()(url)
app.command("list")(list_)
app.command()(start)
app.command()(stop)
app.command()(delete)
app.command()(doctor)
app.command()(verify)
app.add_typer(profile.app, name="profile")
app.add_typer(snapshots.app, name="snapshots")
app.add_typer(wave.app, name="wave")


def _version(wanted: bool) -> None:
    if wanted:
        ui.give(f"studioctl {__version__} (MLflow {pinned_mlflow()}, context {own_context()})")
        raise typer.Exit


def _verbose(context: typer.Context, wanted: bool) -> None:
    # While a shell completes a word, nothing may be said.
    if wanted and not context.resilient_parsing:
        ui.be_verbose(True)
        context.find_root().call_on_close(partial(ui.be_verbose, False))


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Show the version, MLflow's pin and the build context's digest.",
            callback=_version,
            is_eager=True,
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Say every request to a server, and every program that is started.",
            callback=_verbose,
            is_eager=True,
            expose_value=False,
        ),
    ] = False,
) -> None:
    """Build, ship and run the MLflow tracking server as a custom Seqera Studio."""


def main() -> None:
    """Run studioctl: the console script."""
    _open_what_is_closed()
    app(prog_name="studioctl")


def _open_what_is_closed() -> None:
    """Give each stream that the shell has closed (`2>&-`) a place to go.

    Python has None for it, and to print to None prints to stdout: the next program would read what
    is meant for people.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115  # to the end
            setattr(sys, name, nowhere)
