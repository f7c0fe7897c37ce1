"""Commit numbered steps until killed, and note each: `python load.py DB LEDGER FIRST RATE`.

A step stands in the ledger only once its commit has returned: the server has acknowledged it.
"""

import os
import sqlite3
import sys
import time
from pathlib import Path


def main(db: Path, ledger: Path, first: int, rate: float) -> None:
    connection = sqlite3.connect(db, isolation_level=None, timeout=20)
    connection.execute("PRAGMA synchronous=FULL")
    noted = os.open(ledger, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    began, step = time.monotonic(), first
    while True:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO runs VALUES (?, 'a run', 0)", (f"{step:032x}",))
        connection.execute(
            "INSERT INTO metrics VALUES ('loss', ?, ?, ?, ?, 0)",
            (step / 7, step, f"{step:032x}", step),
        )
        connection.execute("COMMIT")
        os.write(noted, f"{step} {time.time():.6f}\n".encode())
        step += 1
        time.sleep(max(0.0, began + (step - first) / rate - time.monotonic()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
