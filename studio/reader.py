"""Take variables out of the environment, and collect everything that is wrong with them."""

import difflib
from collections.abc import Callable, Mapping
from typing import TypeVar

from studio import uris
from studio.variables import BY_NAME, VARIABLES

T = TypeVar("T")


class Reader:
    """Gives values by name; `problems` has a line for each that cannot be honoured."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []
        self.notes: list[str] = []

    def take(self, name: str, parse: Callable[[str], T], default: T = None) -> T:  # type: ignore[assignment]
        """The parsed value; the default when the variable is not set or empty."""
        text = self.env.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as exc:
            self.problem(name, str(exc))
            return default

    def problem(self, name: str, text: str) -> None:
        """Note what is wrong with a variable; no secret is shown."""
        value = self.env.get(name, "")
        shown = "***" if BY_NAME[name].secret else value
        line = f"{name}={shown}: {text}" if value else f"{name}: {text}"
        self.problems.append(uris.redact(line))

    def exclusive(self, one: str, other: str) -> None:
        """Two names of one thing may not both be set."""
        if self.env.get(one) and self.env.get(other):
            self.problem(other, f"{one} is set too; keep one of them")

    def refuse_foreign_names(self) -> None:
        """Refuse names that would have no effect, and misspelt ones of ours."""
        for name, value in self.env.items():
            variable = BY_NAME.get(name)
            if variable and variable.refused and value and not _harmless(name, value):
                self.problems.append(f"{name} cannot be set here: {variable.refused}")
            elif value and name.endswith("_FILE") and name.removesuffix("_FILE") in BY_NAME:
                self.problems.append(f"{name}: only the content of secrets can come from a file")
            elif variable is None and name.startswith("STUDIO_"):
                self._unknown(name)

    def _unknown(self, name: str) -> None:
        ours = [v.name for v in VARIABLES if v.group == "studio"]
        close = difflib.get_close_matches(name, ours, n=1, cutoff=0.8)
        if close:
            self.problems.append(f"{name} is not a setting; did you mean {close[0]}?")
        else:
            self.notes.append(f"{name} is not a setting of this server and has no effect")


def _harmless(name: str, value: str) -> bool:
    return name == "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE" and value.lower() in {"false", "0"}
