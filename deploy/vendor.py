"""Mirror `studio/` into `.seqera/studio`, or list how the two differ.

The build context has to stand alone: Wave, the Platform and `docker build .seqera` see nothing
else. So the runtime is kept there a second time, byte for byte; edit `studio/` only.

    python -m deploy.vendor           make the copy equal
    python -m deploy.vendor --check   list the differences, exit 1 if there are any
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.ui import complain, say

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "python -m deploy.vendor"


def files_below(folder: Path) -> dict[str, bytes]:
    """Give every source file's content by its path, without what Python or a desktop leaves."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and "__pycache__" not in path.relative_to(folder).parts
        and path.suffix not in {".pyc", ".pyo"}
        and path.name != ".DS_Store"
    }


def drift(source: Path, copy: Path) -> list[str]:
    """List in words each file in which the copy differs from its source."""
    wanted, present = files_below(source), files_below(copy)
    said = {
        **{name: f"{name}: missing in the copy" for name in wanted.keys() - present.keys()},
        **{name: f"{name}: only in the copy" for name in present.keys() - wanted.keys()},
        **{
            name: f"{name}: differs"
            for name in wanted.keys() & present.keys()
            if wanted[name] != present[name]
        },
    }
    return [said[name] for name in sorted(said)]


def mirror(source: Path, copy: Path) -> None:
    """Make the copy equal to its source; a file that is equal already keeps its time stamp."""
    wanted, present = files_below(source), files_below(copy)
    for name in present.keys() - wanted.keys():
        (copy / name).unlink()
    for name, content in wanted.items():
        if present.get(name) != content:
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    _remove_folders_without_sources(copy)


def _remove_folders_without_sources(copy: Path) -> None:
    for folder in sorted((path for path in copy.rglob("*") if path.is_dir()), reverse=True):
        if folder.is_dir() and not files_below(folder):
            shutil.rmtree(folder)


def main(argv: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Do what the command line asks, and give the exit code."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--check", action="store_true", help="only list the differences")
    check = parser.parse_args(argv).check
    source, copy = root / "studio", root / ".seqera" / "studio"
    if not source.is_dir() or not copy.parent.is_dir():
        complain(f"{root} is not a checkout: it has no studio/ and .seqera/ to compare.")
        return 1
    differences = drift(source, copy)
    if check and differences:
        listed = "\n".join(f"  {line}" for line in differences)
        complain(f".seqera/studio is not the copy of studio/ that it should be:\n{listed}")
        say(f"       Run: {COMMAND}")
        return 1
    if not check:
        mirror(source, copy)
        say(f".seqera/studio: {len(differences)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
