"""What a server refused or never answered, and the credentials that it asks for."""

from deploy.errors.root import StudioctlError


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


class GaveUpWaiting(StudioctlError):
    """It was not done in time; it may still come."""

    exit_code = 7

    def __init__(self, what: str, limit: str, status: str, resume: str) -> None:
        self.what = what
        super().__init__(
            f"{what} did not end within {limit}. Its last status was {status}.\n"
            f"It may still end well. To go on waiting:\n  {resume}"
        )
