"""What the Platform refused, or what became of a Studio."""

from collections.abc import Sequence

from deploy.errors.root import StudioctlError


class StudioGone(StudioctlError):
    """There is no such Studio, or not any more."""

    exit_code = 6

    def __init__(self, studio: str) -> None:
        self.studio = studio
        super().__init__(
            f"there is no Studio {studio} in this workspace; somebody may have deleted it.\n"
            "The Studios that are there: studioctl list"
        )


class NoAddress(StudioctlError):
    """The Platform has no address for a Studio."""

    exit_code = 6

    def __init__(self, studio: str, status: str, start: str) -> None:
        self.studio = studio
        super().__init__(
            f'the Platform gives no address for the Studio "{studio}", which is {status}.\n'
            f"It gets one when it starts: {start}"
        )


class NameTaken(StudioctlError):
    """Another Studio of the workspace has this name."""

    exit_code = 6

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f'the workspace has another Studio of the name "{name}".\n'
            "It may be private to somebody else. Choose another name, or have that one renamed."
        )


class StudioFailed(StudioctlError):
    """A Studio came to an end of its own, instead of running; `studio` is its name."""

    exit_code = 6

    def __init__(self, studio: str, status: str, lines: Sequence[str]) -> None:
        self.studio = studio
        self.status = status
        self.lines = tuple(lines)
        super().__init__("\n".join([f'the Studio "{studio}" did not start: {status}', *lines]))


class StudioBuildFailed(StudioctlError):
    """The Platform could not build the image of a Studio."""

    exit_code = 5

    def __init__(self, studio: str, lines: Sequence[str]) -> None:
        self.studio = studio
        self.lines = tuple(lines)
        what = f'the Platform did not build the image of the Studio "{studio}"'
        super().__init__("\n".join([what, *lines]))


class NotReady(StudioctlError):
    """A Studio runs, but its server says that it cannot do its work."""

    exit_code = 7

    def __init__(self, studio: str, limit: str, why: str, look: str) -> None:
        self.studio = studio
        self.why = why
        self._happened = (
            f'the Studio "{studio}" runs, but was not ready within {limit}. It says:\n  {why}'
        )
        super().__init__(f"{self._happened}\nLook at it again: {look}")

    @property
    def happened(self) -> str:
        """What it said: one that has been put away again cannot be looked at."""
        return self._happened


class ChangedMeanwhile(StudioctlError):
    """Somebody else has changed the Studio since the plan was made; nothing more was written."""

    exit_code = 6

    def __init__(self, studio: str, what: str, plan: str = "") -> None:
        self.studio = studio
        self.what = what
        now = f"\nThe plan would be now:\n{plan}" if plan else ""
        super().__init__(
            f'the Studio "{studio}" is not any more what the plan was made for: {what}.\n'
            f"Somebody else works on it; nothing of theirs was changed.{now}"
        )


class DataLeftBehind(StudioctlError):
    """A deploy would leave runs or artifacts behind, and nobody accepted that; `why` says which."""

    def __init__(self, studio: str, why: str) -> None:
        self.studio = studio
        super().__init__(
            f'this deploy of the Studio "{studio}" {why}.\n'
            "Nothing was changed. If that is meant, repeat the command with --accept-data-loss"
        )


class Declined(StudioctlError):
    """The person at the terminal said no."""

    def __init__(self) -> None:
        super().__init__("nothing was changed.")


class RolledBack(StudioctlError):
    """A change failed half-way and was undone; the exit code is that of the failure."""

    def __init__(self, cause: StudioctlError, undone: Sequence[str]) -> None:
        self.cause = cause
        self.undone = tuple(undone)
        self.exit_code = cause.exit_code
        done = "".join(f"\n  {line}" for line in undone)
        super().__init__(f"{cause.happened}\nTo go back, this was done:{done}")


class LeftHalfWay(StudioctlError):
    """A change failed half-way and undoing it failed, too: what is where, and how to finish."""

    exit_code = 6

    def __init__(
        self, cause: str, failure: str, where: Sequence[str], by_hand: Sequence[str]
    ) -> None:
        self.where = tuple(where)
        self.by_hand = tuple(by_hand)
        lines = [cause, f"Undoing it stopped: {failure}", "What is where:"]
        lines += [f"  {line}" for line in where]
        lines += ["To finish by hand:", *(f"  {line}" for line in by_hand)]
        super().__init__("\n".join(lines))


class NoPrevious(StudioctlError):
    """There is no Studio to go back to."""

    def __init__(self, studio: str) -> None:
        self.studio = studio
        super().__init__(
            f'no replaced Studio of "{studio}" is kept, so there is nothing to go back to.\n'
            "deploy keeps the old Studio after a replacement, unless --delete-previous is given."
        )
