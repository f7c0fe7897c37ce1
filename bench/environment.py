"""An environment like the image's: the packages of this one, and what the image's build prepares.

A thin virtual environment borrows all packages, so that the precompressed UI and the template
database stand where the server looks for them (`sys.prefix`) without touching the environment that
the benchmark runs in. Both servers run from it. It is kept for the next time.
"""

import importlib.metadata
import json
import shutil
import site
import sqlite3
import subprocess
import sys
import venv
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the servers' Python is, and an empty migrated database for each kind of server."""

    python: Path
    our_database: Path
    stock_database: Path


def prepare(folder: Path) -> Environment:
    """Make the environment in `folder`, or reuse it when it is of the same MLflow and Python."""
    version = {
        "mlflow": importlib.metadata.version("mlflow"),
        "packages": site.getsitepackages(),
        "python": sys.version,
    }
    made = folder / "made.json"
    python = folder / "bin" / "python"
    share = folder / "share" / "mlflow-studio"
    stock = folder / "stock.db"
    if not made.is_file() or json.loads(made.read_text()) != version:
        print(f"preparing {folder} (a minute, once): the UI's files and the template database")
        shutil.rmtree(folder, ignore_errors=True)
        _borrow(folder)
        subprocess.run([python, "-P", "-m", "studio.assets"], cwd=folder, check=True)
        _like_stock(share / "template.db", stock)
        made.write_text(json.dumps(version))
    return Environment(python, share / "template.db", stock)


def _borrow(folder: Path) -> None:
    venv.create(folder, symlinks=True, with_pip=False)
    [packages] = folder.glob("lib/python3*/site-packages")
    # addsitedir, because editable installs are .pth files there.
    lines = [f"import site; site.addsitedir({place!r})" for place in site.getsitepackages()]
    (packages / "borrowed.pth").write_text("\n".join(lines) + "\n")


def _like_stock(template: Path, target: Path) -> None:
    """The same tables, as `mlflow server` would have left them: without write-ahead logging."""
    shutil.copyfile(template, target)
    with closing(sqlite3.connect(target)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
