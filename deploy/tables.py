"""Write the README's tables from the code they describe, or list those that are out of date.

python -m deploy.tables           rewrite them
python -m deploy.tables --check   exit 1 if one differs
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.ui import complain
from studio.settings import VARIABLES, Variable

README = Path(__file__).resolve().parent.parent / "README.md"
COMMAND = "python -m deploy.tables"


def _honoured(group: str) -> str:
    rows = [v for v in VARIABLES if v.group == group and not v.refused]
    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    return "\n".join([*lines, *map(_row, rows)])


def _row(variable: Variable) -> str:
    default = variable.default
    shown = f"`{default}`" if re.fullmatch(r"[\w./:-]+", default) else default
    twin = " (or `…_FILE`)" if variable.secret else ""
    return f"| `{variable.name}`{twin} | {shown or 'none'} | {variable.meaning} |"


def _refused() -> str:
    rows = [v for v in VARIABLES if v.refused and v.group != "internal"]
    lines = ["| Variable | Instead |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{v.name}` | {v.refused} |" for v in rows)])


def tables() -> dict[str, str]:
    """Each table by the name that its markers carry in the README."""
    return {
        "variables: platform": _honoured("platform"),
        "variables: studio": _honoured("studio"),
        "variables: mlflow": _honoured("mlflow"),
        "variables: refused": _refused(),
    }


def rendered(text: str) -> str:
    """The text with each marked table replaced by what the code says."""
    for name, table in tables().items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"README.md has no table between {begin} and {end}")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def main(argv: Sequence[str] = ()) -> int:
    """Do what the command line asks, and give the exit code."""
    text = README.read_text(encoding="utf-8")
    wanted = rendered(text)
    if "--check" not in argv:
        README.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        complain(f"README.md's tables are not those of the code; run: {COMMAND}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
