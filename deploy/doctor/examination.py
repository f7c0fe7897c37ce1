"""Run the checks side by side, and wait for none of them longer than for some seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from deploy import secret
from deploy.doctor import beforehand, here, servers
from deploy.doctor.subject import Subject
from deploy.errors import StudioctlError
from deploy.preflight import access
from deploy.preflight.findings import REFUSED, Finding, error, warning
from deploy.wait import spelt

LIMIT_S = 15


@dataclass(frozen=True, slots=True)
class Check:
    """A check by its name. One that is needed fails the examination when it comes to no end."""

    name: str
    run: Callable[[Subject], Iterable[Finding]]
    needed: bool = False


# In the order of the report.
CHECKS = (
    Check(here.STUDIOCTL, here.studioctl, needed=True),
    Check(access.PLATFORM, servers.platform, needed=True),
    Check(servers.WAVE, servers.wave),
    Check(here.TW, here.tw),
    Check(here.DOCKER, here.docker),
)


@dataclass(slots=True)
class Running:
    """A check in a thread of its own, which is left behind when it does not end."""

    check: Check
    found: list[Finding] = field(default_factory=list)
    failure: Exception | None = None
    thread: threading.Thread | None = None

    def start(self, subject: Subject) -> None:
        """Let it begin."""
        self.thread = threading.Thread(target=self._work, args=(subject,), daemon=True)
        self.thread.start()

    def _work(self, subject: Subject) -> None:
        try:
            for finding in self.check.run(subject):
                self.found.append(finding)
        except Exception as failure:
            self.failure = failure

    def ended(self, deadline: float, limit_s: float) -> list[Finding]:
        """Give what was found by the deadline; what is no failure of ours to expect goes on."""
        assert self.thread is not None, "it was started"
        self.thread.join(max(0.0, deadline - time.monotonic()))
        if self.thread.is_alive():
            return [*self.found, self._problem(f"no answer within {spelt(limit_s)}")]
        if isinstance(self.failure, StudioctlError):
            return [*self.found, self._problem(str(self.failure), self.failure.exit_code)]
        if self.failure is not None:
            raise self.failure
        return self.found

    def _problem(self, text: str, exit_code: int = REFUSED) -> Finding:
        if self.check.needed:
            return error(self.check.name, text, exit_code=exit_code)
        return warning(self.check.name, text)


def examine(
    subject: Subject, checks: Iterable[Check] = CHECKS, limit_s: float = LIMIT_S
) -> list[Finding]:
    """Give what every check has found, in a fixed order and without a secret."""
    profile, of_profile = here.profile(subject)
    subject = replace(subject, profile=profile)
    beforehand.load()
    runs = [Running(check) for check in checks]
    for each in runs:
        each.start(subject)
    deadline = time.monotonic() + limit_s
    found = [of_profile]
    for each in runs:
        found += each.ended(deadline, limit_s)
    secrets = secret.known(subject.env)
    return [
        replace(
            each,
            text=secret.redact(each.text, secrets),
            remedy=secret.redact(each.remedy, secrets),
        )
        for each in found
    ]
