"""Ask a session questions as a browser or a client does, through the proxy."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.conformance.proxy import Proxy
from deploy.conformance.session import shortened

_LIMIT_S = 60


@dataclass(frozen=True, slots=True)
class Said:
    """An answer; `code` 0 is none at all, and then `text` says why."""

    code: int
    text: str
    headers: Mapping[str, str]

    def json(self) -> dict[str, Any]:
        """Its JSON object, empty if it is none."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def __str__(self) -> str:
        line = self.text.strip().partition("\n")[0]
        said = "" if line.startswith("<") else shortened(line)
        return f"{self.code or 'no answer'}" + (f": {said}" if said else "")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at the Studio's public address; `origin` makes a browser's page of them."""

    proxy: Proxy
    prefix: str = ""
    origin: str | None = None

    def get(self, path: str) -> Said:
        """Open a page."""
        return self.ask("GET", path)

    def post(self, path: str, body: Mapping[str, Any]) -> Said:
        """Send a JSON document."""
        return self.ask("POST", path, json.dumps(body).encode())

    def read(self, path: str) -> dict[str, Any]:
        """Ask for a JSON document as a program does; empty if there is none."""
        return self.ask("GET", path, accept="application/json").json()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        host: str = "",
        accept: str = "text/html, */*",
    ) -> Said:
        """Send a request; every trouble is an answer."""
        headers = {"Host": host or self.proxy.host, "Accept": accept}
        if self.origin is not None:
            headers["Origin"] = self.origin
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.proxy.port, timeout=_LIMIT_S)
        try:
            connection.request(method, self.prefix + path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            return Said(answer.status, text, dict(answer.headers))
        except (OSError, http.client.HTTPException) as error:
            return Said(0, str(error) or type(error).__name__, {})
        finally:
            connection.close()
