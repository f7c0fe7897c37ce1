"""Write a profile and see what studioctl makes of it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from deploy import profile
from deploy.errors import ProfileInvalid
from deploy.profile import Loaded


def loaded(text: str, stage: str | None = None, **env: str) -> Loaded:
    with TemporaryDirectory() as folder:
        file = Path(folder, "studio.yaml")
        file.write_text(text, encoding="utf-8", newline="")
        return profile.load(file, stage, env)


def problems(text: str | bytes, stage: str | None = None, **env: str) -> list[str]:
    """Every problem as `LINE:COLUMN: PATH: TEXT`; none for a valid profile."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "studio.yaml")
        file.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
        try:
            if stage is None:
                profile.check(file, env)
            profile.load(file, stage, env)
        except ProfileInvalid as error:
            return [str(problem) for problem in error.problems]
        return []


def problem(text: str | bytes, stage: str | None = None, **env: str) -> str:
    """The only problem."""
    (found,) = problems(text, stage, **env)
    return found
