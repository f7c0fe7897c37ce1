"""Why a folder cannot be the build context of an image."""

from collections.abc import Sequence
from pathlib import Path

from deploy.errors.root import StudioctlError


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
