"""Run a client of the Studio in a process of its own, as users do: plain MLflow and a URL."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.running import CLEAN

CLIENTS = Path(__file__).parent / "clients"

# Names below .localhost are this machine (RFC 6761), but not every resolver knows that.
_START = """
import runpy, socket, sys
ask = socket.getaddrinfo
def getaddrinfo(host, *args, **options):
    return ask("127.0.0.1" if str(host).endswith(".localhost") else host, *args, **options)
socket.getaddrinfo = getaddrinfo
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_client(
    script: str,
    folder: Path,
    url: str,
    *args: str,
    root: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Any:
    """What the client printed as its last line, read as JSON.

    `folder` is its home and working directory, `root` the certificate it trusts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    given = {"MLFLOW_TRACKING_URI": url, "HOME": str(folder), "PYTHONUTF8": "1"}
    if root:
        given["REQUESTS_CA_BUNDLE"] = str(root)
    answer = subprocess.run(
        [sys.executable, "-P", "-c", _START, str(CLIENTS / script), *args],
        env={**CLEAN, **given, **(env or {})},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, f"{script} failed:\n{answer.stdout}{answer.stderr}"
    return json.loads(answer.stdout.splitlines()[-1])
