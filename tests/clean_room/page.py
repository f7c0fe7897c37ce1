"""One section of the README, as somebody reads it who types what it says.

Standard library only, as it runs on a machine that has nothing yet.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A line to type, and the lines that the page shows below it."""

    line: str
    shown: tuple[str, ...]


class Section:
    """The commands of one section, in its order.

    >>> text = "## A\\n```console\\n$ make it    # quick\\nmade\\n...\\n$ see it\\n```\\n## B\\n"
    >>> section = Section(text, "A")
    >>> section.commands
    [Command(line='make it', shown=('made',)), Command(line='see it', shown=())]
    >>> section.command("see").line
    'see it'
    """

    def __init__(self, page: str, title: str) -> None:
        found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
        if not found:
            raise LookupError(f"the page has no section {title!r}")
        self.commands: list[Command] = []
        for block in re.findall(r"^```console\n(.*?)^```$", found[1], re.M | re.S):
            for typed in re.split(r"^\$ ", block, flags=re.M)[1:]:
                line, *shown = re.sub(r"\\\n", " ", typed).splitlines()
                self.commands.append(Command(_without_comment(line), _told(shown)))

    def command(self, start: str) -> Command:
        """The one command that begins with these words."""
        (found,) = (each for each in self.commands if each.line.startswith(start))
        return found


def _without_comment(line: str) -> str:
    return re.sub(r"\s{2,}#.*", "", line).strip()


def _told(lines: list[str]) -> tuple[str, ...]:
    """What is left out on the page, and comments on a line of their own, promise nothing."""
    return tuple(
        line for line in lines if line.strip() not in ("", "...", "…") and "# " not in line
    )
