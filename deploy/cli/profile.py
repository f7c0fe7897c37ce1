"""`studioctl profile`: look at the profile, check it, and describe it to editors."""

import json
import os
from typing import TYPE_CHECKING, Any

import typer

from deploy.cli.options import File, Json, Stage, Workspace

if TYPE_CHECKING:
    from deploy.errors import StudioctlError

app = typer.Typer(
    help="Look at the profile, check it, and describe it to editors.", no_args_is_help=True
)


@app.command()
def validate(file: File = None, stage: Stage = None, as_json: Json = False) -> None:
    """Report all that is wrong with the profile, by line and column.

    Without --stage the base and every stage are checked; a variable that only a stage needs may
    then be unset.
    """
    from deploy import profile, resolve, ui
    from deploy.errors import InvalidSetting, ProfileInvalid, ProfileMissing

    path = file or profile.DEFAULT_FILE
    try:
        if stage is None:
            found = profile.check(path, os.environ)
        else:
            found = [profile.load(path, stage, os.environ)]
        for loaded in found:
            # Of the environment only what the profile names: it is the profile that is checked.
            resolve.build_settings(loaded, resolve.BuildFlags(), {})
    except (ProfileInvalid, ProfileMissing, InvalidSetting) as error:
        if as_json:
            ui.give(_document({"file": str(path), "valid": False, "problems": _listed(error)}))
        raise
    if as_json:
        ui.give(_document({"file": str(path), "valid": True, "problems": []}))
    ui.say(f"{path} is valid" + (f" in the stage {stage}" if stage else ""))


@app.command()
def show(
    file: File = None, stage: Stage = None, workspace: Workspace = None, as_json: Json = False
) -> None:
    """Print every value with its source; secrets are masked."""
    from deploy import profile, resolve, ui
    from deploy.profile import showing

    loaded = profile.load(file or profile.DEFAULT_FILE, stage, os.environ)
    found = showing.values(loaded, resolve.workspace(loaded, workspace, os.environ))
    if as_json:
        values = showing.document(found)
        ui.give(_document({"file": str(loaded.file), "stage": stage, "values": values}))
    else:
        for line in showing.lines(found):
            ui.give(line)


@app.command()
def schema() -> None:
    """Print the profile's JSON Schema, for editors and other tools.

    The sample names it as studio.schema.json, which `studioctl init` writes beside the profile.
    """
    from deploy import ui
    from deploy.profile import beginning

    ui.give(beginning.schema_text().rstrip("\n"))


def _listed(error: "StudioctlError") -> list[dict[str, Any]]:
    from deploy.errors import ProfileInvalid
    from deploy.profile.tree import spelt

    if not isinstance(error, ProfileInvalid):
        return [{"line": None, "column": None, "path": "", "message": str(error)}]
    return [
        {
            "line": problem.line,
            "column": problem.column,
            "path": spelt(problem.path),
            "message": problem.text,
        }
        for problem in error.problems
    ]


def _document(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2)
