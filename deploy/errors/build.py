"""Why an image was not built, or is not where it should be: exit 5."""

from collections.abc import Sequence
from pathlib import Path

from deploy.errors.root import StudioctlError


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
