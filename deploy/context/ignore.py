"""Which files of a folder belong to its build context: the rules of .dockerignore.

The matching is a library's port of Docker's own matcher. The Docker SDK has one, too, but that
ignores case, knows no backslash, and compares a rule with one parent folder instead of with all.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.errors import ContextInvalid

if TYPE_CHECKING:
    from e2b_dockerfile_utils import PatternMatcher

NAME = ".dockerignore"
# The repository's own folder differs from clone to clone. Docker would send it; whoever needs it
# says so with `!.git`, since the last rule that matches wins.
FIRST = ("**/.git",)
# Never sent, whatever the rules say: they change by themselves. pip makes byte code of the context
# that lies in an installed studioctl.
NEVER_FOLDERS = frozenset({"__pycache__"})
NEVER_FILES = frozenset({".DS_Store"})


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force for one context. `source` is the file that they come from."""

    matcher: PatternMatcher
    source: str = NAME

    def exclude(self, name: str) -> bool:
        """Whether the rules leave out a file or a folder, by its name from the top."""
        parts = name.split("/")
        if parts[-1] in NEVER_FILES or not NEVER_FOLDERS.isdisjoint(parts):
            return True
        return self.matcher.matches(name)

    def prune(self, name: str) -> bool:
        """Whether nothing below a folder can belong to the context, so nobody need look."""
        if not NEVER_FOLDERS.isdisjoint(name.split("/")):
            return True
        return self.matcher.matches(name) and not self.matcher.may_match_under(name)


def read(folder: Path, dockerfile: str) -> Rules:
    """Read the rules: those beside the Dockerfile under its own name come first, as in BuildKit."""
    for name in (f"{dockerfile}{NAME}", NAME):
        path = folder / name
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            continue
        except UnicodeDecodeError as error:
            raise ContextInvalid(folder, f"{name} is not UTF-8 text.") from error
        except OSError as error:
            raise ContextInvalid(folder, f"{name} cannot be read: {error.strerror}.") from error
        return parse(text, folder, name)
    return parse("", folder)


def parse(text: str, folder: Path = Path(), source: str = NAME) -> Rules:
    """Make rules of the text of an ignore file.

    >>> rules = parse("*.md\\n!README.md")
    >>> rules.exclude("NOTES.md"), rules.exclude("README.md"), rules.exclude("docs/NOTES.md")
    (True, False, False)
    """
    from e2b_dockerfile_utils import PatternMatcher

    # Python warns of `[[` and `&&` in a set, which mean themselves there as they do in Go.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            return Rules(PatternMatcher([*FIRST, *text.split("\n")]), source)
        except ValueError as error:
            raise ContextInvalid(folder, f"{source}: {error}.") from error
