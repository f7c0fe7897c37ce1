"""Build with BuildKit, through the docker command and its buildx plugin.

The archive goes in as it is, on the standard input. The plain progress is read, which every version
prints: `#7 [2/3] RUN make`, `#7 1.5 its output`, `#7 DONE 2.0s`.
"""

import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy import process
from deploy.context.model import Packed
from deploy.context.suspects import is_secret
from deploy.docker.steps import Step, Steps
from deploy.errors import InvalidSetting
from deploy.process import Command

LINE = re.compile(r"#(\d+) (.*)")
TIMED = re.compile(r"\d+\.\d+ (.*)")
# A line of the Dockerfile: "[2/3] …", in a named stage "[stage 2/3] …".
NUMBERED = re.compile(r"\[[^\]]*\d+/\d+\] ")
DONE = re.compile(r"DONE (\S+)")
# Meant for the docker command itself: as a variable they would change what it does.
OWN_PREFIXES = ("DOCKER_", "BUILDX_", "BUILDKIT_", "COMPOSE_", "LD_", "XDG_", "GODEBUG")
OWN_NAMES = frozenset(
    {"PATH", "HOME", "USER", "USERPROFILE", "APPDATA", "TMPDIR", "TEMP", "TMP", "SSH_AUTH_SOCK"}
)


def is_there(env: Mapping[str, str], ask: Callable[..., process.Outcome] = process.ask) -> bool:
    """Whether the docker command and its plugin are there, and the user has not chosen otherwise.

    DOCKER_BUILDKIT=0 is how docker itself is told to use the old builder. Podman's stand-in for the
    docker command answers, too, but is another program.
    """
    if env.get("DOCKER_BUILDKIT") == "0":
        return False
    program = shutil.which("docker", path=env.get("PATH"))
    if program is None:
        return False
    answer = ask(Command((program, "buildx", "version"), env), timeout_s=30)
    return answer.code == 0 and "buildx" in answer.output.partition("\n")[0]


def command(
    packed: Packed,
    platform: str,
    tags: tuple[str, ...],
    labels: Mapping[str, str],
    arguments: Mapping[str, str],
    env: Mapping[str, str],
) -> Command:
    """Give the command that builds the archive on its input into an image of the engine.

    No attestation: it would make an index of two manifests out of the image. The values of build
    arguments travel in the environment, which other users of the machine cannot read.
    """
    given, passed = [], {}
    for name, value in sorted(arguments.items()):
        if not (name.startswith(OWN_PREFIXES) or name in OWN_NAMES):
            passed[name] = value
            given.append(f"--build-arg={name}")
        elif is_secret(name, value):
            raise InvalidSetting(
                name, "is a name that docker uses itself, so it cannot carry a secret. Rename it."
            )
        else:
            given.append(f"--build-arg={name}={value}")
    argv = (
        *("docker", "buildx", "build", "--load", "--progress=plain", f"--platform={platform}"),
        *(f"--tag={tag}" for tag in tags),
        *(f"--label={name}={value}" for name, value in sorted(labels.items())),
        *given,
        f"--file={packed.dockerfile_name}",
        "-",
    )
    return Command(argv, {**env, **passed, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"})


def build(planned: Command, packed: Packed, steps: Steps) -> None:
    """Build, and raise with the step that failed."""
    with _ready(planned, packed) as (ready, source):
        reading = Reading(steps)
        code = process.follow(ready, source, reading.line)
        if code:
            raise steps.failure(reading.failed or steps.step, *reading.reasons(code))
    steps.screen.clear()


@contextmanager
def _ready(planned: Command, packed: Packed) -> Iterator[tuple[Command, Path | None]]:
    """Unpack the archive where the rules hide the Dockerfile, as BuildKit's input cannot hide it.

    Beside the folder instead of in it, the Dockerfile is out of COPY's sight.
    """
    if not packed.dockerfile_hidden:
        yield planned, packed.path
        return
    with tempfile.TemporaryDirectory(prefix="studioctl-build-") as top:
        folder, dockerfile = Path(top) / "context", Path(top) / "Dockerfile"
        with tarfile.open(packed.path) as archive:
            # Not the stricter "data", which leaves the modes of folders to the umask. Python before
            # 3.11.4, Debian 12's among them, knows no filter, and so none as an argument.
            archive.extraction_filter = getattr(tarfile, "tar_filter", None)
            archive.extractall(folder)
        (folder / packed.dockerfile_name).replace(dockerfile)
        argv = (*planned.argv[:-2], f"--file={dockerfile}", str(folder))
        yield Command(argv, planned.env), None


class Reading:
    """Reads the lines that buildx prints, one after the other."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.known: dict[str, Step] = {}
        self.failed: Step | None = None
        self.said: list[str] = []

    def line(self, line: str) -> None:
        """Take one line."""
        found = LINE.fullmatch(line)
        if found is None:
            if line.startswith("ERROR: "):
                self.said.append(line.removeprefix("ERROR: "))
            return
        number, text = found.groups()
        step = self.known.get(number)
        if step is None:
            self.known[number] = self.steps.start(text)
        elif done := DONE.fullmatch(text):
            self._end(step, f"done in {done[1]}")
        elif text == "CACHED":
            self._end(step, "cached")
        elif text.startswith("ERROR: "):
            self.failed = step
            self.said.append(text.removeprefix("ERROR: "))
        elif timed := TIMED.fullmatch(text):
            self.steps.heard(step, timed[1])

    def _end(self, step: Step, how: str) -> None:
        # BuildKit's own steps come by the dozen and say nothing to anybody.
        if NUMBERED.match(step.name):
            self.steps.end(step, how)

    def reasons(self, code: int) -> tuple[str, ...]:
        """Give what buildx says about its failure, each sentence once."""
        said = (line.removeprefix("failed to solve: ") for line in self.said)
        return tuple(dict.fromkeys(said)) or (f"docker buildx ended with {code}",)
