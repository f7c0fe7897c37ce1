"""What a server refused or never answered, and the credentials that it asks for."""

from deploy.errors.root import StudioctlError


class RequestRefused(StudioctlError):
    """A server answered, but not with what was asked for.

    `again_after_s` is when to ask again, where that makes sense.
    """

    exit_code = 6
    again_after_s: float = 1

    def __init__(
        self, method: str, url: str, status: int, request_id: str | None, line: str
    ) -> None:
        self.method = method
        self.url = url
        self.status = status
        self.request_id = request_id
        self.line = line
        self.short = f"{method} {url} was answered with {status}: {line}"
        known_as = f"\nThe server knows this request as {request_id}." if request_id else ""
        super().__init__(self.short + known_as)


class NotAllowed(RequestRefused):
    """The token is good, but its user may not do this."""

    def __init__(self, refused: RequestRefused) -> None:
        super().__init__(
            refused.method, refused.url, refused.status, refused.request_id, refused.line
        )
        if refused.method == "GET":
            why = (
                "The user of this token may not see that. If it is the right workspace\n"
                "(--workspace, TOWER_WORKSPACE_ID), ask one of its owners for a role in it."
            )
        else:
            why = (
                "The user of this token may not do that. Studios are changed by those with\n"
                "the role Maintain, Admin or Owner in the workspace; ask one of its owners."
            )
        self.args = (f"{self}\n{why}",)


class Unreachable(StudioctlError):
    """A server gave no answer, or only half of one.

    `passing` tells whether that may change, `sent` whether the server may have heard us.
    """

    exit_code = 6

    def __init__(self, method: str, url: str, why: str, passing: bool, sent: bool = True) -> None:
        self.passing = passing
        self.sent = sent
        self.short = f"{method} {url} got no answer: {why}"
        super().__init__(self.short + ".")


class TurnedAway(Unreachable):
    """A change was surely not made: no connection, or a server that wants to be asked later."""

    def __init__(self, failure: "RequestRefused | Unreachable", again_after_s: float = 1) -> None:
        self.passing = getattr(failure, "passing", True)
        self.sent = False
        self.again_after_s = again_after_s
        self.short = failure.short
        StudioctlError.__init__(self, f"{failure}\nNothing was changed; try again.")


class AnswerLost(Unreachable):
    """A change was sent, and nobody knows whether it was made: look before sending it again."""

    def __init__(self, failure: "RequestRefused | Unreachable") -> None:
        self.passing = True
        self.sent = True
        self.short = failure.short
        StudioctlError.__init__(
            self, f"{failure}\nIt may have been done all the same: look before you repeat it."
        )


class StillCollecting(StudioctlError):
    """The Platform has not come to an end with a list, so nothing may be concluded from it."""

    exit_code = 6

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"the Platform is still collecting its list of {what}; try again later.")


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


class GaveUpWaiting(StudioctlError):
    """It was not done in time; it may still come."""

    exit_code = 7

    def __init__(self, what: str, limit: str, status: str, resume: str) -> None:
        self.what = what
        self._happened = f"{what} did not end within {limit}. Its last status was {status}."
        super().__init__(f"{self._happened}\nIt may still end well. To go on waiting:\n  {resume}")

    @property
    def happened(self) -> str:
        """That it took too long: what has been undone is not to be waited for."""
        return self._happened
