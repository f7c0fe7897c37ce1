"""Put a `tw` of some release into a folder, as a program that a PATH can find."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent.parent
NEWEST = "0.38.0"
# The last without --env, --ssh and --spot.
OLDER = "0.36.2"

# -S: the standard library is enough, and the program starts in half the time.
SCRIPT = """#!{python} -S
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tests.fakes.tw.program import main
sys.exit(main({version!r}, Path({log!r})))
"""


@dataclass(frozen=True)
class Installed:
    """A fake tw on the disk, and what it was started with so far."""

    folder: Path
    version: str

    @property
    def program(self) -> Path:
        return self.folder / "tw"

    @property
    def log(self) -> Path:
        return self.folder / "tw.log"

    @property
    def starts(self) -> list[dict[str, Any]]:
        """Each start's `argv`, and the names of its `variables`; questions for the version too."""
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    @property
    def commands(self) -> list[list[str]]:
        """The arguments of each start that was more than a question for the version."""
        return [start["argv"] for start in self.starts if start["argv"] != ["--version"]]


def install(folder: Path, version: str = NEWEST) -> Installed:
    """Write it into a folder."""
    if os.name == "nt":
        pytest.skip("the stand-in is a script with #!")
    folder.mkdir(parents=True, exist_ok=True)
    tw = Installed(folder, version)
    tw.program.write_text(
        SCRIPT.format(python=sys.executable, root=str(ROOT), version=version, log=str(tw.log)),
        encoding="utf-8",
    )
    tw.program.chmod(0o755)
    return tw
