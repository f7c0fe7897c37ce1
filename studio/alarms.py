"""Say in the log when publishing has stopped working, when that gets serious, and when it is over.

The publisher cannot say it alone: a write to a dead mount may never return. So the small parent
reads its status file now and then, from local disk.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from studio import keeping
from studio.home import read_json
from studio.snapshots import status as publishing

_LOOK_EVERY_S = 5.0
Log = Callable[[str], None]


class Alarms:
    """One line for each change of the level, whatever happens in between."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._level = "ok"

    def hear(self, publisher: dict[str, object], now: float) -> None:
        """Take note of the publisher's status file as it is now."""
        trouble = keeping.trouble_of(publisher, now)
        level = trouble[0] if trouble else "ok"
        if level == self._level:
            return
        self._level = level
        if trouble:
            self._log(f"{level}: {trouble[1]}")
        else:
            self._log("publishing works again")


def watch(home: Path, log: Log) -> None:
    """Listen in the background for as long as this process lives."""
    threading.Thread(target=_listen, args=(home, Alarms(log)), daemon=True).start()


def _listen(home: Path, alarms: Alarms) -> None:
    while True:
        alarms.hear(read_json(publishing.path(home)), time.time())
        time.sleep(_LOOK_EVERY_S)
