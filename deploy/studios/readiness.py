"""Ask a Studio itself whether it can do its work: running is not enough.

The question goes to the session's own address, without any credential: that host runs what users
put there. Where a browser login stands before it, nobody can ask from here, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from deploy import answers, ui
from deploy.errors import StudioctlError, Unreachable
from deploy.studios.explain import plain
from deploy.wait import Clock, pauses, spelt
from deploy.web import LATER, Web

if TYPE_CHECKING:
    from deploy.answers import Answer
    from deploy.seqera.models import Studio

READY_LIMIT_S = 180
# The first start may meet a name that is not known yet, or a proxy that does not know the session.
REACH_LIMIT_S = 30
PATH = "/studio/ready"


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a Studio said of itself, or why it was not asked."""

    state: Literal["ready", "not ready", "not checked"]
    why: str = ""

    def __str__(self) -> str:
        return f"{self.state} ({self.why})" if self.why else self.state


LOGIN = Readiness("not checked", "login page")


def ready(
    studio: Studio, reach: Callable[[str], Web], clock: Clock, limit_s: float = READY_LIMIT_S
) -> Readiness:
    """Ask until the Studio is ready, or says for `limit_s` that it is not."""
    address = urlsplit(studio.url or "")
    if address.scheme not in ("http", "https") or not address.hostname:
        return Readiness("not checked", "the Platform gave no address")
    web = reach((studio.url or "").rstrip("/"))
    begun, said = clock.steady(), ""
    for pause in pauses(1, 10, 1.5):
        elapsed = clock.steady() - begun
        try:
            answer = web.call("GET", PATH, accept=range(100, 600), repeat=False)
            found = _read(answer, web.redacted)
        except Unreachable as error:
            found = Readiness("not ready", error.short)
            if not error.passing or elapsed >= min(REACH_LIMIT_S, limit_s):
                return Readiness("not checked", f"it cannot be reached from here: {error.short}")
        except StudioctlError as error:
            return Readiness("not checked", str(error))
        if found.state != "not ready" or elapsed >= limit_s:
            return found
        if found.why != said:
            said = found.why
            ui.say(f"not ready yet, asking for up to {spelt(limit_s)}: {said}")
        clock.sleep(min(pause, max(limit_s - elapsed, 0.1)))
    raise AssertionError("pauses never end")


def _read(answer: Answer, redacted: Callable[[str], str]) -> Readiness:
    """Tell the Studio's own answer from one of what stands before it."""
    document = answers.parsed(answer.text)
    if document is not None and isinstance(document.get("ready"), bool):
        if answer.status == 200 and document["ready"]:
            return Readiness("ready")
        parts = [
            f"{part}: {plain(str(document[part]))}"
            for part in ("database", "artifacts")
            if document.get(part) not in (None, "ok", "not served")
        ]
        return Readiness("not ready", redacted("; ".join(parts)) or "it gives no reason")
    if answer.status == 404:
        return Readiness("not checked", "it has no page /studio/ready, so it is no MLflow Studio")
    if answer.status == LATER or answer.status >= 500:
        return Readiness("not ready", f"what stands before it answers {answer.status}")
    return LOGIN
