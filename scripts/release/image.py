#!/usr/bin/env python3
"""Build a release's image, verify it, then publish it under the version: all by `studioctl`.

Nothing has the version as its tag before `studioctl verify` has passed on the very image. Docker
keeps the image on this machine until then. Wave pushes what it builds, so there it is verified
under the tag of its content, which nobody is told, and the version's tag is set on it afterwards.

Prints `reference=`, `repository=` and `digest=`, one a line, as a workflow's $GITHUB_OUTPUT wants
them. Exits with the code of the command that failed. Needs `studioctl` and `docker`.
"""

import argparse
import json
import subprocess
import sys
from typing import Any


class StepFailed(Exception):
    """A command that failed; it has said why."""

    def __init__(self, command: list[str], code: int) -> None:
        super().__init__(f"{' '.join(command[:2])} ended with {code}")
        self.code = code


def run(*command: str) -> str:
    """Run a command that has to succeed, and give its stdout; its stderr is for the log."""
    print(f"$ {' '.join(command)}", file=sys.stderr, flush=True)
    done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise StepFailed(list(command), done.returncode)
    return done.stdout


def build(*options: str) -> dict[str, Any]:
    """Build by studioctl; what is there already is not built again."""
    image = json.loads(run("studioctl", "build", "--json", *options))
    assert isinstance(image, dict)
    return image


def verify(reference: str) -> None:
    """Judge the image as the Platform would run it; the report goes to the log."""
    sys.stderr.write(run("studioctl", "verify", reference))


def with_docker(repository: str, version: str, further: list[str]) -> str:
    """Build here, verify, push; give the digest in the registry."""
    options = ("--docker", "--repository", repository, "--tag", version, *further)
    verify(build(*options)["reference"])
    return str(build(*options, "--push")["digest"] or "")


def with_wave(repository: str, version: str, further: list[str]) -> str:
    """Let Wave build and push, verify what is in the registry, then give it its name."""
    image = build("--wave", "--freeze", "--repository", repository, *further)
    digest = str(image["digest"] or "")
    exact = f"{repository}@{digest}" if digest else image["reference"]
    verify(exact)
    # Without the last option a single image gets an index around it, and so another digest
    # (https://github.com/docker/buildx/issues/2481; buildx 0.15 or newer).
    create = ("docker", "buildx", "imagetools", "create", "--prefer-index=false")
    run(*create, "--tag", f"{repository}:{version}", exact)
    return digest


def main() -> int:
    words = sys.argv[1:]
    end = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        epilog="What follows -- goes to studioctl build, such as --context DIR.",
    )
    parser.add_argument("builder", choices=("wave", "docker"), help="Who builds the image.")
    parser.add_argument("--repository", required=True, help="Where to, without a tag.")
    parser.add_argument("--version", required=True, help="The tag it gets.")
    given = parser.parse_args(words[:end])
    # A registry takes no capital letters, which a forge's names may have.
    repository = given.repository.lower()
    publish = with_wave if given.builder == "wave" else with_docker
    try:
        digest = publish(repository, given.version, words[end + 1 :])
    except StepFailed as failed:
        print(f"error: {failed}: {repository}:{given.version} is not published", file=sys.stderr)
        return failed.code
    if not digest:
        print("error: the image is there, but its digest is not known", file=sys.stderr)
        return 1
    print(f"reference={repository}:{given.version}@{digest}")
    print(f"repository={repository}")
    print(f"digest={digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
