"""The door to the network: the only module that sends HTTP requests.

It keeps the user's time-outs, repeats what failed for a passing reason, and tells a failure by
method, address, status and the first line of the answer: never by a header, and never with a
secret that it was given.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from deploy import __version__, answers, formats, ui
from deploy.answers import Answer
from deploy.errors import AnswerLost, InvalidSetting, RequestRefused, TurnedAway, Unreachable
from deploy.secret import Secret, known, redact
from deploy.wait import Clock, pauses

if TYPE_CHECKING:
    import requests

# A client's own limits say "later", a load balancer's "not now": both pass.
LATER = 429
PASSING = frozenset({LATER, 502, 503, 504})
# From here on a server tells its own trouble, or somebody before it does: who knows what was done?
DOUBTFUL = 500
MOST_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may take, and how long it is repeated.

    A server that answers "later" is given more time than one that does not answer: that one may
    have another name.
    A 500 may be our own mistake (Wave answers one to a value it does not know), so it gets two more
    chances and not a whole series.
    """

    connect_s: float = 10
    read_s: float = 60
    answer_s: float = 300
    repeat_s: float = 300
    lost_s: float = 60
    pause_s: float = 1
    longest_pause_s: float = 60
    errors_repeated: int = 2


class Repeat(Enum):
    """Which failures of a call are repeated: all that may pass, those before any act, none."""

    PASSING = "passing"
    UNDONE = "undone"
    NEVER = "never"


@dataclass(slots=True)
class Web:
    """One HTTP session with one server, whose address the caller has checked.

    Calls are repeated when their failure may pass. One that must not be made twice goes through
    `write`.
    """

    base: str
    env: Mapping[str, str]
    secrets: tuple[Secret, ...] = ()
    bearer: Secret | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    clock: Clock = field(default_factory=Clock)
    patience: Patience = field(default_factory=Patience)
    explain: Callable[[str], None] = ui.say
    chance: Callable[[], float] = random.random
    _session: requests.Session | None = None

    def get(self, path: str, *, accept: Iterable[int] = (200,)) -> Answer:
        """Ask for something."""
        return self.call("GET", path, accept=accept)

    def post(self, path: str, body: Mapping[str, Any], *, accept: Iterable[int] = (200,)) -> Answer:
        """Send a JSON document."""
        return self.call("POST", path, body=json.dumps(body).encode(), accept=accept)

    def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        accept: Iterable[int] = (200,),
        once: bool = False,
    ) -> Answer:
        """Change something, at most once.

        Raises `TurnedAway` where that was surely not done; it is sent again before, unless `once`.
        Raises `AnswerLost` where nobody knows: then the caller has to look.
        """
        data = None if body is None else json.dumps(body).encode()
        repeat = Repeat.NEVER if once else Repeat.UNDONE
        try:
            return self._sent(method, path, data, accept, repeat)
        except Unreachable as error:
            raise (AnswerLost(error) if error.sent else TurnedAway(error)) from error
        except RequestRefused as error:
            if error.status == LATER:
                raise TurnedAway(error, error.again_after_s) from error
            if error.status >= DOUBTFUL:
                raise AnswerLost(error) from error
            raise

    def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        accept: Iterable[int] = (200,),
        repeat: bool = True,
    ) -> Answer:
        """Send until there is a lasting answer; raise when it is none of the accepted ones."""
        return self._sent(method, path, body, accept, Repeat.PASSING if repeat else Repeat.NEVER)

    def _sent(
        self, method: str, path: str, body: bytes | None, accept: Iterable[int], repeat: Repeat
    ) -> Answer:
        accepted, begun, errors = frozenset(accept), self.clock.steady(), 0
        failure: RequestRefused | Unreachable
        for pause in pauses(self.patience.pause_s, self.patience.longest_pause_s, 2):
            try:
                answer = self._once(method, path, body)
            except Unreachable as error:
                failure = error
                passing = error.passing and not (repeat is Repeat.UNDONE and error.sent)
                wait_s, most_s = pause, self.patience.lost_s
            else:
                if answer.status in accepted:
                    return answer
                is_error = answer.status == HTTPStatus.INTERNAL_SERVER_ERROR
                errors += is_error
                failure = self._refusal(answer)
                passing = answer.status in PASSING or (
                    is_error and errors <= self.patience.errors_repeated
                )
                if repeat is Repeat.UNDONE:
                    passing = answer.status == LATER
                wait_s, most_s = answers.retry_after(answer, pause), self.patience.repeat_s
                failure.again_after_s = wait_s
            # Spread, so that clients that were turned away together do not return together.
            wait_s += pause * self.chance() / 4
            if (
                repeat is Repeat.NEVER
                or not passing
                or self.clock.steady() - begun + wait_s > most_s
            ):
                raise failure
            self.explain(f"{failure.short}; trying again in {wait_s:.0f} s")
            self.clock.sleep(wait_s)
        raise AssertionError("pauses never end")

    def _refusal(self, answer: Answer) -> RequestRefused:
        return answer.refusal(self.redacted(answers.first_line(answer)))

    def redacted(self, text: str) -> str:
        """Take the secrets out of what a server said: some repeat what they were sent."""
        given = tuple(s.reveal() for s in (*self.secrets, self.bearer) if s)
        return redact(text, given + known(self.env))

    def _once(self, method: str, path: str, body: bytes | None) -> Answer:
        import requests
        from urllib3.exceptions import LocationParseError

        url = self.base + path
        begun = self.clock.steady()
        deadline = begun + self.patience.answer_s
        try:
            with self._opened().request(
                method,
                url,
                data=body,
                headers=self._type(method),
                timeout=(self.patience.connect_s, self.patience.read_s),
                # The token travels in the body, and a redirection would take it elsewhere.
                allow_redirects=False,
                stream=True,
            ) as response:
                content = bytearray()
                for chunk in response.iter_content(65536):
                    content += chunk
                    if self.clock.steady() > deadline or len(content) > MOST_BYTES:
                        raise Unreachable(method, url, "the answer did not come to an end", False)
                self._tell(method, path, str(response.status_code), begun)
                return Answer(
                    method, url, response.status_code, bytes(content), dict(response.headers)
                )
        # requests lets the second one through.
        except (requests.RequestException, LocationParseError) as error:
            why, passing = answers.lost(error, self.patience.connect_s, self.patience.read_s)
            self._tell(method, path, why, begun)
            # Not chained: the words of this exception may hold a proxy's password.
            raise Unreachable(method, url, why, passing, answers.was_sent(error)) from None

    def _type(self, method: str) -> dict[str, str]:
        """Tell what is sent, not what is asked for: a store's address is signed without a type."""
        if method == "GET" or "Content-Type" in self.headers:
            return {}
        return {"Content-Type": "application/json"}

    def _tell(self, method: str, path: str, what: str, begun: float) -> None:
        # Without the query: addresses of files carry their signature in it.
        where = self.redacted(self.base + path.partition("?")[0])
        how = what.partition("\n")[0]
        ui.detail(f"{method} {where}: {how} ({self.clock.steady() - begun:.1f} s)")

    def _authorities(self) -> str | None:
        """Give the file of certificate authorities that the user trusts, by the usual variables."""
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            place = self.env.get(name)
            if place and not Path(place).exists():
                raise InvalidSetting(name, f"there is no {place}.")
            if place:
                return place
        return None

    def _opened(self) -> requests.Session:
        if self._session is None:
            import requests
            from requests.utils import get_environ_proxies

            session = requests.Session()
            # Else a password from ~/.netrc would be sent, too.
            session.trust_env = False
            session.headers.update(
                {
                    "User-Agent": f"studioctl/{__version__}",
                    "Accept": "application/json, text/plain;q=0.9, */*;q=0.1",
                }
            )
            session.headers.update(self.headers)
            if self.bearer is not None:
                session.headers["Authorization"] = f"Bearer {self.bearer.reveal()}"
            if not formats.is_loopback(urlsplit(self.base).hostname or ""):
                session.proxies.update(get_environ_proxies(self.base))
            session.verify = self._authorities() or True
            self._session = session
        return self._session
