"""`studioctl snapshots`: the published states on a data link, without a server."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.cli.options import Json

if TYPE_CHECKING:
    from deploy.snapshots.taking import Taken

app = typer.Typer(
    help="Look at the published states on a data link, and get them back.", no_args_is_help=True
)

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER", help="A mounted data link, or a copy of the mlflow-studio folder on it."
    ),
]
State = Annotated[
    str,
    typer.Argument(
        metavar="STATE",
        help="One of <session>/<number>, a session for its newest, or what a start would take.",
    ),
]
NEWEST = "newest"


@app.command("list")
def list_(
    folder: Folder,
    session: Annotated[
        str | None, typer.Option(metavar="SESSION", help="List every state of one session.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="List every state, not each session's newest alone.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the points in time, the newest first.

    Only manifests are read; `verify` proves that a state can be restored.
    """
    from deploy import ui
    from deploy.snapshots import points

    store = points.open_store(folder)
    sessions = store.sessions if session is None else (store.session(session),)
    found = store.points(sessions, every=every or session is not None)
    if as_json:
        ui.give(json.dumps(points.document(store, found), indent=2))
        return
    for line in points.table(store, found):
        ui.give(line)
    older = sum(len(each.seqs) for each in sessions) - len(found)
    if older:
        states = "state is" if older == 1 else "states are"
        ui.say(f"{older:,} older {states} not shown; --all lists them.")
    if len(store.ends) > 1:
        ui.say(
            f"There are {len(store.ends)} ends: two Studios have used this data link at the same "
            "time, or one is\na clone of the other. All of them are kept: look into each with "
            "`studioctl snapshots export`."
        )


@app.command()
def verify(
    folder: Folder,
    state: State = NEWEST,
    every: Annotated[
        bool, typer.Option("--all", help="Rehearse every state, the newest first.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Rehearse a restore, and say whether it would work.

    Every hash is checked, and SQLite checks the database. Nothing is written on the data link.
    Exits with 1 if a state fails.
    """
    from deploy import ui
    from deploy.snapshots import points, taking

    store = points.open_store(folder)
    if every:
        states = tuple(p.state for p in store.points(store.sessions, every=True))
    else:
        states = store.chosen(state)[:1]
    results: list[dict[str, Any]] = []
    for each in states:
        reason = taking.rehearse(store, each)
        results.append({"state": str(each), "ok": reason is None, "reason": reason})
        if not as_json:
            ui.give(f"{each}  " + ("ok" if reason is None else f"FAILS: {reason}"))
    if as_json:
        ui.give(json.dumps({"folder": str(store.link), "states": results}, indent=2))
    if not all(result["ok"] for result in results):
        raise typer.Exit(1)


@app.command()
def export(
    folder: Folder,
    state: State = NEWEST,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")
    ] = Path("mlflow.db"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    as_json: Json = False,
) -> None:
    """Get a state back as an ordinary SQLite file, and print its path.

    Any MLflow opens it: mlflow ui --backend-store-uri sqlite:///mlflow.db. Where the newest state
    was asked for and cannot be used, the next older one is taken, and said.
    """
    from deploy.snapshots import points, taking

    store = points.open_store(folder)
    _tell(taking.export(store, store.chosen(state), output, force=force), as_json)


@app.command()
def restore(
    context: typer.Context,
    folder: Folder,
    state: State = NEWEST,
    home: Annotated[
        Path, typer.Option(metavar="DIR", help="Home of the Studio on this machine.")
    ] = Path(".studio"),
    as_json: Json = False,
) -> None:
    """Make a state the database of a Studio on this machine.

    Its path is printed. A database that is there is kept beside it, in `diverged`. To start a
    Studio on the Platform from a state, set STUDIO_RESTORE_FROM=<session>/<number> instead.
    """
    from deploy import ui
    from deploy.cli.world import world
    from deploy.snapshots import points, taking
    from studio.snapshots import layout

    store = points.open_store(folder)
    now = world(context).clock.now()
    taken = taking.into_home(store, store.chosen(state), home, now)
    _tell(taken, as_json)
    artifacts = layout.root(store.link) / "artifacts"
    ui.say(
        "To serve it with its artifacts:\n"
        f"  MLFLOW_ARTIFACTS_DESTINATION={shlex.quote(str(artifacts))} "
        f"studioctl up --home {shlex.quote(str(home))}"
    )


def _tell(taken: "Taken", as_json: bool) -> None:
    from deploy import ui

    state, manifest = taken.verified.state, taken.verified.manifest
    for rejected in taken.rejected:
        ui.say(f"warning: {rejected.state} cannot be used: {rejected.reason}")
    if taken.set_aside:
        ui.say(f"the database that was here is now {taken.set_aside}")
    rows = manifest.rows
    ui.say(f"{state}: {_counted(rows.runs, 'run')}, {_counted(rows.metrics, 'metric')}")
    if as_json:
        document = {
            "file": str(taken.place),
            "state": str(state),
            "schema": manifest.alembic_rev,
            "rejected": [{"state": str(r.state), "reason": r.reason} for r in taken.rejected],
            "set_aside": str(taken.set_aside) if taken.set_aside else None,
        }
        ui.give(json.dumps(document, indent=2))
    else:
        ui.give(str(taken.place))


def _counted(number: int | None, noun: str) -> str:
    """Write how many there are; a database without such a table has none."""
    return f"{number or 0:,} {noun}" + ("" if number == 1 else "s")
