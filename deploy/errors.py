"""Every expected failure of studioctl, each with the exit code that a caller can react to.

The classes carry the facts; the words are made here and nowhere else, so that they can be read, and
mended, in one place. Whatever is not a `StudioctlError` is a bug of ours and ends with 70.
"""

from pathlib import Path

BUG = 70
INTERRUPTED = 130


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
