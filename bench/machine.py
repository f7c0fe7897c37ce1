"""The machine and the versions that a result belongs to."""

import importlib.metadata
import os
import platform
import time
from pathlib import Path

_PACKAGES = ("mlflow", "gunicorn", "uvicorn", "starlette", "sqlalchemy", "uvloop")


def facts() -> dict[str, object]:
    """What somebody needs to know before comparing these figures with others."""
    import sqlite3

    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
