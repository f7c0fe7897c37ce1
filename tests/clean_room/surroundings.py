"""The tests' fakes of the Platform and of Wave, for one person who has the profile of the README.

Prints where they are as one line of JSON, and serves until its stdin is closed. Run in a clone:
`.venv/bin/python -m tests.clean_room.surroundings`.
"""

import json
import sys

from deploy.wait import Clock
from tests.fakes.building import Pretended
from tests.fakes.platform import TOKEN, Platform, Started, Stopping, Workspace
from tests.fakes.sessions import LOGIN_PAGE
from tests.fakes.wave import Wave

WORKSPACE = Workspace(71, "acme", "research")
LINK = "mlflow-runs"


def main() -> None:
    clock = Clock()
    with Platform(clock) as platform, Wave(clock, Pretended(clock, takes_s=4)) as wave:
        platform.house.workspaces[:] = [WORKSPACE]
        platform.lives.usual_start = Started(starting_s=6)
        platform.lives.usual_stop = Stopping(1)
        # Connect asks whoever has not logged in.
        platform.sessions.usual = LOGIN_PAGE
        platform.add_compute_env("aws-eu", platform="aws-cloud", allowBuckets=["s3://acme-runs"])
        platform.add_link(LINK, "s3://acme-runs")
        wave.paired = {platform.endpoint}
        wave.tokens = {platform.endpoint: {TOKEN}}
        told = {
            "TOWER_API_ENDPOINT": platform.endpoint,
            "WAVE_ENDPOINT": wave.url,
            "token": TOKEN,
            "link": LINK,
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
