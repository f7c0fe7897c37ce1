"""Compile the requirements of the image: `python -m deploy.lock` (needs uv on the path).

Everything MLflow asks for is resolved, then what the server never imports is dropped: the packages
of `requirements-left-out.txt` and those that only they need. So the versions are ones that fit the
whole of MLflow, and the image installs them with `--no-deps --require-hashes`.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.process import Command, ask

CONTEXT = Path(__file__).resolve().parent.parent / ".seqera"
PYTHON = "3.13"
PLATFORM = "x86_64-manylinux_2_28"

_PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==")
_VIA = re.compile(r"^    #(?: via)? *(?P<parent>.*)$")


def left_out(text: str) -> dict[str, str]:
    """Read `requirements-left-out.txt`: each name with the reason why the image lacks it.

    >>> left_out("# a comment\\nscipy  the client's\\n")
    {'scipy': "the client's"}
    """
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    parts = (line.partition(" ") for line in lines)
    return {name: reason.strip() for name, _, reason in parts}


def without(lock: str, names: Mapping[str, str]) -> tuple[str, list[str]]:
    """Drop `names`, and what only they need, from a compiled lock; also say what fell away.

    A name that the lock does not hold is an error: a list that nobody needs any more misleads.
    """
    blocks = dict(_blocks(lock))
    unknown = sorted(set(names) - set(blocks))
    if unknown:
        raise ValueError(f"nothing requires {', '.join(unknown)}; remove it from the left-out list")
    parents = {name: _parents(block) for name, block in blocks.items()}
    gone = set(names)
    while orphans := {n for n, above in parents.items() if above <= gone and n not in gone}:
        gone |= orphans
    kept = "".join(block for name, block in blocks.items() if name not in gone)
    return kept, sorted(gone - set(names))


def _blocks(lock: str) -> Iterator[tuple[str, str]]:
    """Each pin with the lines that belong to it: its hashes, and who asked for it."""
    name, lines = "", list[str]()
    for line in lock.splitlines(keepends=True):
        if pin := _PIN.match(line):
            if name:
                yield name, "".join(lines)
            name, lines = pin["name"], []
        lines.append(line)
    if name:
        yield name, "".join(lines)


def _parents(block: str) -> set[str]:
    lines = (_VIA.match(line) for line in block.splitlines())
    return {found["parent"] for found in lines if found and found["parent"]}


def _compile(source: str) -> str:
    """Resolve `source` against the package index; the pins of the present lock are preferred."""
    present = (CONTEXT / source).with_suffix(".txt")
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, present.name)
        if present.exists():
            shutil.copy(present, output)
        command = (
            "uv", "--directory", str(CONTEXT), "pip", "compile", source,
            "--output-file", str(output),
            "--quiet", "--no-config", "--no-header", "--generate-hashes", "--no-emit-index-url",
            "--python-version", PYTHON, "--python-platform", PLATFORM,
            *sys.argv[1:],
        )  # fmt: skip
        done = ask(Command(command, os.environ), timeout_s=900)
        if done.code:
            raise SystemExit(f"uv could not resolve {source}:\n{done.output}")
        return output.read_text(encoding="utf-8")


def main() -> None:
    """Write both locks; further arguments (such as --upgrade) go to uv."""
    names = left_out((CONTEXT / "requirements-left-out.txt").read_text(encoding="utf-8"))
    lock, fell_away = without(_compile("requirements.in"), names)
    made = "# Made by `python -m deploy.lock`; change {}.in instead.\n"
    head = (
        f"{made.format('requirements')}"
        f"# For Python {PYTHON} on {PLATFORM}.\n"
        f"# Left out, see requirements-left-out.txt: {', '.join(sorted(names))}.\n"
        f"# Only they need, so left out too: {', '.join(fell_away)}.\n"
    )
    (CONTEXT / "requirements.txt").write_text(head + lock, encoding="utf-8", newline="\n")
    build = made.format("requirements-build") + _compile("requirements-build.in")
    (CONTEXT / "requirements-build.txt").write_text(build, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
