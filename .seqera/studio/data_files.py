"""Wait for the files that hold secrets: one on a data link appears some seconds after the start."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from studio.settings import VARIABLES

WAIT_S = 60.0
_SAY_EVERY_S = 10.0


def wait_for_files(
    env: Mapping[str, str],
    log: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait up to a minute for `_FILE` twins below the data links' folder; others must be there."""
    data_dir = Path(env.get("STUDIO_DATA_DIR") or "/workspace/data")
    names = [f"{v.name}_FILE" for v in VARIABLES if v.secret]
    paths = [Path(env[name]) for name in names if env.get(name)]
    started = said = clock()
    for path in paths:
        while path.is_relative_to(data_dir) and not os.path.lexists(path):
            now = clock()
            if now - started >= WAIT_S:
                break
            if now - said >= _SAY_EVERY_S:
                said = now
                log(f"waiting for {path}: {now - started:.0f} s of at most {WAIT_S:g} s")
            sleep(0.2)
