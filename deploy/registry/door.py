"""Ask a registry: with the token that it wants, and on to where it keeps its files.

A login is sent only to the registry that it is for, and to the place that this registry names for
tokens; never without encryption, except on this machine. Addresses of files carry signatures, so
nothing is said while a call is repeated.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urljoin, urlsplit

from deploy import answers, formats, secret
from deploy.answers import Answer
from deploy.errors import RequestRefused
from deploy.registry.logins import Login
from deploy.secret import Secret
from deploy.seqera.api import LASTING
from deploy.wait import Clock
from deploy.web import Patience, Web

MOVED = frozenset({301, 302, 303, 307, 308})
MOST_HOPS = 4
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(slots=True)
class Door:
    """One repository in one registry; the token that it gives is used again."""

    base: str
    repository: str
    env: Mapping[str, str]
    login: Login | None = None
    clock: Clock = field(default_factory=Clock)
    patience: Patience = field(default_factory=Patience)
    _authorization: str | None = field(default=None, init=False, repr=False)

    def get(self, path: str, accept: str) -> Answer:
        """Give a lasting answer, whatever its status."""
        url = f"{self.base}/v2/{self.repository}/{path}"
        answer = self._ask(url, accept, self._authorization)
        if answer.status == 401 and self._authorization is None:
            self._authorization = self._authorized(answer.header("www-authenticate") or "")
            if self._authorization is not None:
                answer = self._ask(url, accept, self._authorization)
        for _ in range(MOST_HOPS):
            if answer.status not in MOVED:
                break
            before, url = url, urljoin(url, answer.header("location") or "")
            same = urlsplit(before)[:2] == urlsplit(url)[:2]
            answer = self._ask(url, accept, self._authorization if same else None)
        return answer

    def line(self, answer: Answer) -> str:
        """Say an answer in one line; a registry may repeat the login, or the token it gave."""
        return secret.redact(answers.first_line(answer), self._hidden(self._authorization))

    def _hidden(self, authorization: str | None) -> tuple[str, ...]:
        """List what must not be shown of a call, the longest first: one may hold another."""
        login = self.login or Login()
        given = [each.reveal() for each in (login.password, login.identity) if each]
        if authorization:
            given += [authorization, authorization.partition(" ")[2]]
        return tuple(sorted(given, key=len, reverse=True))

    def _authorized(self, challenge: str) -> str | None:
        """Answer a registry's question who asks; None where there is nothing to say."""
        kind, _, rest = challenge.partition(" ")
        if kind.lower() == "basic":
            return self._basic()
        if kind.lower() != "bearer":
            return None
        parameters = dict(_PARAMETER.findall(rest))
        asked = {name: parameters[name] for name in ("service", "scope") if name in parameters}
        asked.setdefault("scope", f"repository:{self.repository}:pull")
        token = self._token(parameters.get("realm", ""), asked)
        return f"Bearer {token}" if token else None

    def _token(self, realm: str, asked: dict[str, str]) -> str | None:
        if self.login and self.login.identity:
            given = {
                "grant_type": "refresh_token",
                "client_id": "studioctl",
                "refresh_token": self.login.identity.reveal(),
            }
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            body = urlencode({**given, **asked}).encode()
            answer = self._sent("POST", realm, form, body)
        else:
            basic = self._basic()
            # A realm may have a query already.
            joint = "&" if urlsplit(realm).query else "?"
            answer = self._sent(
                "GET",
                f"{realm}{joint}{urlencode(asked)}",
                {"Authorization": basic} if basic else {},
            )
        document = answers.parsed(answer.text) or {}
        token = document.get("token") or document.get("access_token")
        return token if answer.status == 200 and isinstance(token, str) else None

    def _basic(self) -> str | None:
        if self.login is None or self.login.password is None:
            return None
        pair = f"{self.login.user}:{self.login.password.reveal()}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def _ask(self, url: str, accept: str, authorization: str | None) -> Answer:
        own = {} if authorization is None else {"Authorization": authorization}
        return self._sent("GET", url, {"Accept": accept, **own})

    def _sent(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        address = urlsplit(url)
        try:
            base = formats.endpoint(f"{address.scheme}://{address.netloc}")
        except ValueError:
            # What a registry names may not be less safe than the registry itself.
            raise RequestRefused(method, self.base, 200, None, "it names an odd address") from None
        hidden = self._hidden(headers.get("Authorization"))
        web = Web(
            base,
            self.env,
            secrets=tuple(map(Secret, hidden)),
            headers=headers,
            clock=self.clock,
            patience=self.patience,
            explain=lambda _: None,
        )
        path = address.path + (f"?{address.query}" if address.query else "")
        answer = web.call(method, path, body=body, accept=LASTING)
        # Its address may hold a signature; where it was asked is enough.
        return replace(answer, url=base)
