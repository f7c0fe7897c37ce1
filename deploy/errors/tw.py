"""What the `tw` command did not do."""

from collections.abc import Sequence

from deploy.errors.root import StudioctlError


class TwFailed(StudioctlError):
    """`tw` ended with an error, and what it was to do is not done."""

    exit_code = 6

    def __init__(self, what: str, code: int, said: Sequence[str]) -> None:
        self.code = code
        self.said = tuple(said)
        quoted = "".join(f"\n  {line}" for line in said) or " without a word"
        super().__init__(
            f"{what} failed: tw ended with {code}.{quoted}\n"
            "studioctl can do the same through the Platform's API: --via api"
        )


class TwCannot(StudioctlError):
    """`tw` was asked for by name, and cannot make the Studio as it should be."""

    exit_code = 4

    def __init__(self, version: str, limits: Sequence[str]) -> None:
        self.limits = tuple(limits)
        listed = "".join(f"\n  {limit}" for limit in limits)
        super().__init__(
            f"tw {version} cannot make this Studio as the profile wants it:{listed}\n"
            "The Platform's API can: --via api, or leave the choice to --via auto."
        )
