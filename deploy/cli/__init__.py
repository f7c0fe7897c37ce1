"""The command line: parse, call, print. One file per verb or noun, gathered here.

Nothing heavy is imported at the top of these files: `--help` and completion must be quick.
"""

import traceback
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
from deploy.versions import pinned_mlflow


class Root(TyperGroup):
    """The one place that turns an exception into a message and an exit code."""

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


app = typer.Typer(
    cls=Root,
    name="studioctl",
    help="Build, ship and run the MLflow tracking server as a custom Seqera Studio.",
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
        ui.give(f"studioctl {__version__} (MLflow {pinned_mlflow()})")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and MLflow's pin.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Build, ship and run the MLflow tracking server as a custom Seqera Studio."""


def main() -> None:
    """Run studioctl: the console script."""
    app(prog_name="studioctl")
