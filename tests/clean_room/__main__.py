"""Follow the README in a Debian that has Python, its venv, git and make, and nothing else.

`make clean-room`, with a Docker engine. What git has of this folder, changes and new files
included, is the repository that is cloned there. Needs the package index, and takes about as long
as the tests do. Words on the command line are passed on to pytest: `ARGS=tests/studio` makes it
short. `--cpus 0.5` leaves the rest of the machine to others.
"""

import argparse
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
IMAGE = "mlflow-studio-test:clean-room"
# Where a machine has an index or a base image of its own.
SETTINGS = ("PIP_INDEX_URL",)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make clean-room")
    parser.add_argument("--cpus", type=float)
    wish, arguments = parser.parse_known_args(words)
    base = os.environ.get("DEBIAN_IMAGE")
    chosen = [f"--build-arg=BASE_IMAGE={base}"] if base else []
    recipe = (HERE / "Dockerfile").read_bytes()
    _docker("build", "--quiet", f"--tag={IMAGE}", *chosen, "-", given=recipe)
    settings = [f"--env={name}" for name in SETTINGS if os.environ.get(name)]
    if wish.cpus:
        settings.append(f"--cpus={wish.cpus:g}")
    # --init: a terminal's left-overs are somebody's to reap.
    follow = ("python3", "-m", "tests.clean_room.follow", *arguments)
    room = _docker("create", "--init", "--workdir=/srv", *settings, IMAGE, *follow)
    try:
        _docker("cp", "-", f"{room}:/srv", given=_brought_along())
        return subprocess.run(["docker", "start", "--attach", room], check=False).returncode
    finally:
        _docker("rm", "--force", "--volumes", room)


def _docker(*argv: str, given: bytes | None = None) -> str:
    done = subprocess.run(["docker", *argv], input=given, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


def _brought_along() -> bytes:
    """What is in the room beforehand, as an archive: the repository, and who follows the README."""
    content = io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        tarfile.open(fileobj=content, mode="w") as archive,
    ):
        repository = Path(folder) / "mlflow-studio.git"
        _commit(repository)
        archive.add(repository, repository.name, filter=_of_root)
        for name in ("documented.py", "clean_room/follow.py", "clean_room/terminal.py"):
            archive.add(ROOT / "tests" / name, f"tests/{name}", filter=_of_root)
    return content.getvalue()


def _of_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Git serves no repository of somebody else."""
    member.uid = member.gid = 0
    return member


def _commit(repository: Path) -> None:
    """Make a repository with one commit of what git has here, or would take."""
    with tempfile.TemporaryDirectory() as folder:
        git = ["git", f"--git-dir={repository}", f"--work-tree={ROOT}"]
        author = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.com"]
        env = {**os.environ, "GIT_INDEX_FILE": str(Path(folder) / "index")}
        subprocess.run(["git", "init", "--quiet", "--bare", str(repository)], check=True)
        subprocess.run([*git, "add", "--all"], cwd=ROOT, env=env, check=True)
        commit = [*git, *author, "commit", "--quiet", "--message=The tree under test"]
        subprocess.run(commit, cwd=ROOT, env=env, check=True)


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as failed:
        raise SystemExit(
            f"{' '.join(map(str, failed.cmd[:3]))} … ended with {failed.returncode}"
        ) from None
