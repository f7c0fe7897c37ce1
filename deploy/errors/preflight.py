"""What the checks before a deploy have found."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deploy.errors.root import StudioctlError

if TYPE_CHECKING:
    from deploy.preflight import Finding


class PreflightFailed(StudioctlError):
    """The deploy cannot work; `findings` has every reason. Nothing was changed.

    The exit code is that of the reasons where they agree, else that of a wrong setting.
    """

    def __init__(self, findings: "Sequence[Finding]", exit_code: int = 3) -> None:
        self.findings = tuple(findings)
        self.exit_code = exit_code
        many = len(findings)
        what = "a check has" if many == 1 else f"{many} checks have"
        lines = [str(finding).replace("\n", "\n    ") for finding in findings]
        super().__init__(
            "\n".join([f"{what} failed, nothing was changed:", *(f"- {line}" for line in lines)])
        )
