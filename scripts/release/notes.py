#!/usr/bin/env python3
"""Print the notes of a release: its section of CHANGELOG.md, or why there cannot be one.

The tag has to be `v` and the version in pyproject.toml, and the changelog must have a section of
that version with something in it. The release workflow asks this first, so nothing is built for a
wrong tag. Needs no package.
"""

import argparse
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class NoRelease(Exception):
    """A tag that must not be released, with the reason and what to do."""


def section(changelog: str, version: str) -> str:
    """Give what the changelog says of a version, without its heading; raise if it says nothing.

    The heading is `## VERSION`; a date or anything else may follow it.
    """
    found: list[str] | None = None
    for line in changelog.splitlines():
        if line.startswith("## "):
            if found is not None:
                break
            if line.split()[1].strip("[]") == version:
                found = []
        elif found is not None:
            found.append(line)
    text = "\n".join(found or ()).strip()
    if not any(line and not line.startswith("#") for line in text.splitlines()):
        raise NoRelease(
            f"CHANGELOG.md says nothing about {version}.\n"
            f'Rename its section "Unreleased" to "{version}", commit that, and tag that commit.'
        )
    return text


def version_of(tag: str, pyproject: str) -> str:
    """Give the version that a tag stands for; raise if the project has another one."""
    version = str(tomllib.loads(pyproject)["project"]["version"])
    if tag != f"v{version}":
        raise NoRelease(
            f"The tag is {tag}, but pyproject.toml has the version {version}.\n"
            f"Tag the commit as v{version}, or change the version first."
        )
    return version


def notes(folder: Path, tag: str, image: str = "") -> str:
    """Give the notes as Markdown, with the image's reference at the end if there is one."""
    version = version_of(tag, (folder / "pyproject.toml").read_text(encoding="utf-8"))
    text = section((folder / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    return f"{text}\n\nImage: `{image}`\n" if image else f"{text}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tag", help="The release's tag: v and the version.")
    parser.add_argument("--image", default="", help="Reference of the image that belongs to it.")
    parser.add_argument("--output", type=Path, help="Write to this file instead of stdout.")
    parser.add_argument("--folder", type=Path, default=ROOT, help="The project. [default: ours]")
    given = parser.parse_args()
    try:
        text = notes(given.folder, given.tag, given.image)
    except NoRelease as why:
        print(f"error: {why}", file=sys.stderr)
        return 1
    if given.output:
        given.output.write_text(text, encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
