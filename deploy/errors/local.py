"""What goes wrong on this machine: a tool, a port, a folder, a file."""

from pathlib import Path

from deploy.errors.root import StudioctlError


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
