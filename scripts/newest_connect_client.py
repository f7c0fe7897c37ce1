#!/usr/bin/env python3
"""Print the newest release of connect-client that its registry has, as `version=0.12`.

The registry and the repository are those of the Dockerfile. For the weekly build, which tells
whether the next release fits before the pin is moved. Needs `studioctl` installed.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from deploy.registry import Reference
from deploy.registry.door import Door

DOCKERFILE = Path(__file__).resolve().parents[1] / ".seqera" / "Dockerfile"
MOST_PAGES = 50
_RELEASE = re.compile(r"\d+(\.\d+)+")


def newest(tags: Iterable[str]) -> str | None:
    """Give the highest release among tags, by its numbers; other tags do not count.

    >>> newest(["latest", "0.9", "0.12", "0.12.1-rc1", "sha-1"])
    '0.12'
    """
    releases = filter(_RELEASE.fullmatch, tags)
    return max(releases, key=lambda tag: [int(part) for part in tag.split(".")], default=None)


def tags_of(image: Reference) -> Iterator[str]:
    """Ask the registry for all tags, page by page."""
    door, last = Door(image.base, image.repository, os.environ), ""
    for _ in range(MOST_PAGES):
        answer = door.get(f"tags/list?n=1000{last}", "application/json")
        if answer.status != 200:
            raise answer.refusal("the tags cannot be read")
        tags = answer.document().get("tags") or []
        yield from tags
        if not (tags and answer.header("link")):
            return
        last = f"&last={quote(tags[-1])}"


def main() -> int:
    (default,) = re.findall(r"^ARG CONNECT_IMAGE=(.*):", DOCKERFILE.read_text(), re.MULTILINE)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--image", default=default, help=f"Its image. [default: {default}]")
    given = parser.parse_args()
    found = newest(tags_of(Reference.parse(given.image)))
    if found is None:
        print(f"error: {given.image} has no release among its tags", file=sys.stderr)
        return 1
    print(f"version={found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
