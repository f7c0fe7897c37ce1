"""What the command line costs, each time as a whole process: `studioctl` as a shell calls it."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from deploy import context
from deploy.wait import Clock
from tests.fakes.building import Pretended
from tests.fakes.wave import Wave

_FILES, _FILE_BYTES = 2000, 10_000
_DOCKERFILE = "FROM scratch\nCOPY . /\n"


def measure(folder: Path) -> dict[str, float]:
    """Seconds of the commands that are used all day, and of packing 2,000 files of 20 MB."""
    folder.mkdir(parents=True)
    files = folder / "context"
    files.mkdir()
    (files / "Dockerfile").write_text(_DOCKERFILE)
    noise = random.Random(1)
    for number in range(_FILES):
        (files / f"{number}.bin").write_bytes(noise.randbytes(_FILE_BYTES))
    began = time.perf_counter()
    with context.pack(files):
        pack_s = time.perf_counter() - began
    studioctl("init", cwd=folder)
    return {
        "help_s": studioctl("--help", cwd=folder),
        "show_s": studioctl("profile", "show", cwd=folder),
        "pack_s": pack_s,
        **_unchanged_build(folder),
    }


def _unchanged_build(folder: Path) -> dict[str, float]:
    """A build of what Wave has built already, against a Wave of our own on this machine."""
    small = folder / "small"
    small.mkdir()
    (small / "Dockerfile").write_text(_DOCKERFILE)
    with Wave(Clock(), Pretended(Clock(), takes_s=0)) as wave:
        env = {"WAVE_ENDPOINT": wave.url, "XDG_STATE_HOME": str(folder / "state")}
        arguments = ("build", "--wave", "--context", str(small))
        studioctl(*arguments, cwd=folder, **env)
        before = len(wave.calls)
        seconds = studioctl(*arguments, cwd=folder, **env)
        return {"hit_s": seconds, "hit_requests": len(wave.calls) - before}


def studioctl(*arguments: str, cwd: Path, **env: str) -> float:
    """The seconds that one call took."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "deploy.cli", *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )
    return time.perf_counter() - began
