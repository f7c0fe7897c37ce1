"""Published states that cannot be read or got back."""

from collections.abc import Sequence
from pathlib import Path

from deploy.errors.root import StudioctlError

MOST_REASONS_SHOWN = 10


class NoStates(StudioctlError):
    """A folder holds no published state, or cannot be listed."""

    def __init__(self, folder: Path, why: str) -> None:
        self.folder = folder
        super().__init__(
            f"{folder} holds no published states: {why}.\n"
            "Name the folder of a mounted data link, or a copy of its mlflow-studio folder."
        )


class StateUnusable(StudioctlError):
    """None of the states that were asked for verifies."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        shown = [f"  {reason}" for reason in reasons[:MOST_REASONS_SHOWN]]
        if len(reasons) > MOST_REASONS_SHOWN:
            shown.append(f"  … {len(reasons) - MOST_REASONS_SHOWN} more")
        super().__init__(
            "\n".join(
                [
                    "no such state verifies; nothing was written:",
                    *shown,
                    "Try the others: studioctl snapshots verify FOLDER --all",
                ]
            )
        )


class FileThere(StudioctlError):
    """A file is there already that a command would overwrite."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(
            f"{file} is there already; nothing was written.\n"
            "Name another file with --output, or overwrite it with --force."
        )


class HomeInUse(StudioctlError):
    """A server runs on the home that a state should be restored to."""

    def __init__(self, home: Path) -> None:
        self.home = home
        super().__init__(f"a server is using {home}. Stop it, or name another folder with --home.")
