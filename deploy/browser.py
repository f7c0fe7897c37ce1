"""Open the user's browser as soon as a Studio is ready: `python -m deploy.browser URL`.

`studioctl up --open` starts it beside the server and then becomes the server, so this one has to
end by itself: when the page is open, when its parent has gone, or after two minutes.
"""

import os
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Callable
from http.client import HTTPException

LIMIT_S = 120.0
PAUSE_S = 0.3


def is_ready(url: str) -> bool:
    """Ask the Studio itself, never through a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/studio/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False


def wait(
    ready: Callable[[], bool],
    wanted: Callable[[], bool],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Tell whether it became ready, while it was still wanted and within the limit."""
    end = clock() + LIMIT_S
    while wanted() and clock() < end:
        if ready():
            return True
        sleep(PAUSE_S)
    return False


def main(url: str) -> None:
    """Wait for the Studio at `url`, then open it."""
    parent = os.getppid()
    try:
        if wait(lambda: is_ready(url), lambda: os.getppid() == parent):
            webbrowser.open(url + "/")
    except KeyboardInterrupt:
        pass  # Ctrl-C reaches the whole group: the Studio is stopping, so there is nothing to open


if __name__ == "__main__":
    main(sys.argv[1])
