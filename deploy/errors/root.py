"""The root of every expected failure, and the exit codes that no class has."""

BUG = 70
INTERRUPTED = 130


class StudioctlError(Exception):
    """What happened, to what, and what to do next: a short paragraph for someone tired."""

    exit_code = 1

    @property
    def happened(self) -> str:
        """What happened, for one who is told what to do next by somebody else."""
        return str(self)
