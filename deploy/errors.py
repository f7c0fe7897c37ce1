"""Every expected failure of studioctl, each with the exit code that a caller can react to.

The classes carry the facts; the words are made here and nowhere else, so that they can be read, and
mended, in one place. Whatever is not a `StudioctlError` is a bug of ours and ends with 70.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploy.profile.tree import Problem

BUG = 70
INTERRUPTED = 130
MOST_PROBLEMS_SHOWN = 50


class StudioctlError(Exception):
    """What happened, to what, and what to do next: a short paragraph for someone tired."""

    exit_code = 1


class HomeUnusable(StudioctlError):
    """The folder for the Studio's own files cannot be made or written."""

    def __init__(self, home: Path, why: str) -> None:
        self.home = home
        super().__init__(
            f"the folder for the Studio's own files, {home}, cannot be used: {why}.\n"
            "Choose another one with --home DIR."
        )


class PortTaken(StudioctlError):
    """Something on this machine already listens on the port."""

    def __init__(self, port: int, why: str) -> None:
        self.port = port
        super().__init__(
            f"port {port} on 127.0.0.1 cannot be used: {why}.\n"
            "Choose another one with --port, or stop what listens there. A Studio that was\n"
            f"started with --docker stops with: docker stop mlflow-studio-{port}"
        )


class InvalidSetting(StudioctlError):
    """A value from the options or the environment that cannot work."""

    exit_code = 3

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(f"{name}: {why}")


class ProfileMissing(StudioctlError):
    """There is no file where the profile should be."""

    exit_code = 3

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(
            f"there is no profile {file}.\n"
            "Name another one with --file PROFILE, or write a sample with: studioctl init"
        )


class ProfileInvalid(StudioctlError):
    """The profile cannot be used as it is; `problems` has them all."""

    exit_code = 3

    def __init__(self, file: Path, problems: "Sequence[Problem]") -> None:
        self.file = file
        self.problems = tuple(problems)
        many = len(problems)
        lines = [f"{file}:{problem}" for problem in problems[:MOST_PROBLEMS_SHOWN]]
        if many > MOST_PROBLEMS_SHOWN:
            lines.append(f"… {many - MOST_PROBLEMS_SHOWN} more")
        what = "a problem" if many == 1 else f"{many} problems"
        super().__init__("\n".join([f"the profile has {what}:", *lines]))


class ProfileExists(StudioctlError):
    """A file is there already that `init` would overwrite."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(
            f"{file} is there already; nothing was written.\n"
            "Write another one with --file PROFILE, or overwrite it with --force."
        )


class FileNotWritten(StudioctlError):
    """A file that was asked for cannot be written."""

    def __init__(self, file: Path, why: str) -> None:
        self.file = file
        super().__init__(f"{file} cannot be written: {why}.")


class ToolMissing(StudioctlError):
    """A program or a Python package that this command needs is not there."""

    exit_code = 4

    def __init__(self, tool: str, why: str, remedy: str) -> None:
        self.tool = tool
        super().__init__(f"{why}\n{remedy}")


class BuildFailed(StudioctlError):
    """The image was not built."""

    exit_code = 5

    def __init__(self, context: Path, code: int) -> None:
        self.context = context
        self.code = code
        super().__init__(
            f"the image was not built from {context}: docker build ended with {code}.\n"
            "The failing step is above. Behind a proxy or a mirror, set BASE_IMAGE, CONNECT_IMAGE\n"
            "or PIP_INDEX_URL; they are passed on as build arguments."
        )


class RequestRefused(StudioctlError):
    """A server answered, but not with what was asked for."""

    exit_code = 6

    def __init__(
        self, method: str, url: str, status: int, request_id: str | None, line: str
    ) -> None:
        self.status = status
        self.line = line
        self.short = f"{method} {url} was answered with {status}: {line}"
        known_as = f"\nThe server knows this request as {request_id}." if request_id else ""
        super().__init__(self.short + known_as)


class Unreachable(StudioctlError):
    """A server gave no answer, or only half of one; `passing` tells whether that may change."""

    exit_code = 6

    def __init__(self, method: str, url: str, why: str, passing: bool) -> None:
        self.passing = passing
        self.short = f"{method} {url} got no answer: {why}"
        super().__init__(self.short + ".")


class RateLimited(StudioctlError):
    """A server was asked too often, by us or by others with the same address."""

    exit_code = 6

    def __init__(self, said: str, anonymous: bool) -> None:
        self.anonymous = anonymous
        remedy = (
            "With a token of the Platform (TOWER_ACCESS_TOKEN) the limits are much higher."
            if anonymous
            else "Try again later; builds of unchanged content do not count as builds."
        )
        super().__init__(f"{said}\n{remedy}")


class CredentialMissing(StudioctlError):
    """A token or a registry's credential is not there, or is not accepted any more."""

    exit_code = 4

    def __init__(self, what: str, why: str, remedy: str) -> None:
        self.what = what
        super().__init__(f"{why}\n{remedy}")


class WaveCannotBuild(StudioctlError):
    """This Wave has no build service: a Wave Lite installation."""

    exit_code = 6

    def __init__(self, endpoint: str, line: str) -> None:
        self.endpoint = endpoint
        super().__init__(
            f"the Wave at {endpoint} does not build images (Wave Lite): {line}\n"
            "Build with Docker instead:\n"
            "  studioctl build --docker --push --repository REGISTRY/NAME"
        )


class BuildUnknown(StudioctlError):
    """Wave has forgotten a build or a request, or never knew it."""

    exit_code = 6

    def __init__(self, id_: str, endpoint: str) -> None:
        self.id = id_
        super().__init__(
            f"the Wave at {endpoint} knows nothing about {id_}.\n"
            "It forgets a request after 36 hours, and a build after some days. For another server\n"
            "set WAVE_ENDPOINT; to build again is safe: what is built already is not built twice."
        )


class ImageNotBuilt(StudioctlError):
    """Wave's build ended without an image; the last lines of its log say why."""

    exit_code = 5

    def __init__(
        self,
        build: str,
        why: str,
        log: tuple[str, ...] = (),
        link: str | None = None,
        hint: str = "",
    ) -> None:
        self.build = build
        self.log = log
        lines = [f"the image was not built (build {build}): {why}"]
        if log:
            lines += ["The last lines of the build's log:", *(f"  {line}" for line in log)]
        if link:
            lines.append(f"The whole build: {link}")
        super().__init__("\n".join([*lines, *([hint] if hint else [])]))


class WrongPlatform(StudioctlError):
    """An image was built, but for another processor than the one asked for."""

    exit_code = 5

    def __init__(self, reference: str, wanted: str, found: str) -> None:
        self.wanted = wanted
        self.found = found
        super().__init__(
            f"the image {reference} is for {found}, not for {wanted}.\n"
            "The usual cause is FROM with --platform, or a base image for one processor only."
        )


class GaveUpWaiting(StudioctlError):
    """It was not done in time; it may still come."""

    exit_code = 7

    def __init__(self, what: str, limit: str, status: str, resume: str) -> None:
        self.what = what
        super().__init__(
            f"{what} did not end within {limit}. Its last status was {status}.\n"
            f"It may still end well. To go on waiting:\n  {resume}"
        )


class ContextInvalid(StudioctlError):
    """The build context cannot be packed as it is."""

    exit_code = 3

    def __init__(self, context: Path, problem: str) -> None:
        self.context = context
        self.problem = problem
        super().__init__(f"the build context {context} cannot be packed: {problem}")


class ContextChanged(StudioctlError):
    """A file of the build context changed while it was read."""

    def __init__(self, context: Path, name: str) -> None:
        self.context = context
        self.name = name
        super().__init__(
            f"{name} in the build context {context} changed while it was packed, so the image\n"
            "would hold a mixture. Repeat the command when nothing writes there."
        )


class ContextTooLarge(StudioctlError):
    """More than the builder takes."""

    exit_code = 3

    def __init__(self, size: str, limit: str, biggest: Sequence[str]) -> None:
        listed = "".join(f"\n  {line}" for line in biggest)
        super().__init__(
            f"the build context is {size} when compressed; Wave takes {limit} at most.\n"
            "Name what the image does not need in .dockerignore, or build with --docker.\n"
            f"The biggest files:{listed}"
        )


class DockerfileTooLong(StudioctlError):
    """Longer than Wave takes."""

    exit_code = 3

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"the Dockerfile has {size:,} bytes, build arguments included; Wave takes {limit:,}.\n"
            "Move long RUN steps into a script in the build context, or build with --docker."
        )


class StepFailed(StudioctlError):
    """A step of the Dockerfile ended with an error."""

    exit_code = 5

    def __init__(self, step: str, lines: Sequence[str], remedy: str = "") -> None:
        self.step = step
        self.lines = tuple(lines)
        quoted = "".join(f"\n  {line}" for line in lines)
        last = f"\n{remedy}" if remedy else ""
        super().__init__(f"the image was not built: {step} failed.{quoted}{last}")


class PushFailed(StudioctlError):
    """The image was built, but the registry does not have it."""

    exit_code = 5

    def __init__(self, reference: str, said: str) -> None:
        super().__init__(
            f"the image was built, but not pushed as {reference}: {said}\n"
            "It is on this machine; repeating the command builds nothing again."
        )
