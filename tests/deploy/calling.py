"""Call studioctl in a folder of its own: as a shell does, or quicker, without a process."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from deploy.cli import app

ROOT = Path(__file__).parent.parent.parent


def studioctl(
    *arguments: str | Path, cwd: Path, path: str = "", limit_s: float = 60, **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", *map(str, arguments)],
        cwd=cwd,
        env={"PATH": path or os.environ["PATH"], "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )


def called(*arguments: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Do the same in this process; its environment, too, is the one that is given alone."""
    words = list(map(str, arguments))
    given = {**dict.fromkeys(os.environ), "PATH": os.environ["PATH"], **env}
    with contextlib.chdir(cwd):
        done = CliRunner().invoke(app, words, env=given, prog_name="studioctl")
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)
