"""What is wrong with the profile or with a setting: exit 3."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.errors.root import StudioctlError

if TYPE_CHECKING:
    from deploy.profile.tree import Problem

MOST_PROBLEMS_SHOWN = 50


class InvalidSetting(StudioctlError):
    """A value from the options or the environment that cannot work."""

    exit_code = 3

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(f"{name}: {why}")


class ProfileMissing(StudioctlError):
    """There is no file where the profile should be."""

    exit_code = 3

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(
            f"there is no profile {file}.\n"
            "Name another one with --file PROFILE, or write a sample with: studioctl init"
        )


class ProfileInvalid(StudioctlError):
    """The profile cannot be used as it is; `problems` has them all."""

    exit_code = 3

    def __init__(self, file: Path, problems: "Sequence[Problem]") -> None:
        self.file = file
        self.problems = tuple(problems)
        many = len(problems)
        lines = [f"{file}:{problem}" for problem in problems[:MOST_PROBLEMS_SHOWN]]
        if many > MOST_PROBLEMS_SHOWN:
            lines.append(f"… {many - MOST_PROBLEMS_SHOWN} more")
        what = "a problem" if many == 1 else f"{many} problems"
        super().__init__("\n".join([f"the profile has {what}:", *lines]))


class ProfileExists(StudioctlError):
    """A file is there already that `init` would overwrite."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(
            f"{file} is there already; nothing was written.\n"
            "Write another one with --file PROFILE, or overwrite it with --force."
        )
