"""tw's side of the API: one try for each call, and its own words for each failure."""

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit


class Failed(Exception):
    """Exit 1, with these texts as ERROR blocks; `status` where a server answered."""

    def __init__(self, *texts: str, status: int = 0) -> None:
        self.texts = texts
        self.status = status
        super().__init__(texts[0])


UNAUTHORIZED = "Unauthorized. Check your access token, workspace id and tower server url."
NO_CONNECTION = "Connection error. Check the connection using the command 'tw info'."


@dataclass
class Api:
    """The Platform at one address. The workspace, if any, goes with every call that has one."""

    endpoint: str
    token: str

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        """Send it; explicit nulls travel along, as the SDK sends them."""
        asked = {name: _spelt(value) for name, value in query.items() if value is not None}
        address = urlsplit(self.endpoint.rstrip("/") + path)
        target = address.path + (f"?{urlencode(asked)}" if asked else "")
        try:
            status, text = self._sent(method, address.scheme, address.netloc, target, body)
        except (http.client.RemoteDisconnected, ConnectionResetError) as error:
            if method != "GET":
                raise Failed(
                    "java.io.IOException: HTTP/1.1 header parser received no bytes", NO_CONNECTION
                ) from error
            # The JDK's client repeats a GET once, and nobody sees it.
            status, text = self.again(method, address.scheme, address.netloc, target, body)
        except ssl.SSLError as error:
            raise Failed(
                "javax.net.ssl.SSLHandshakeException: PKIX path building failed", NO_CONNECTION
            ) from error
        except OSError as error:
            raise Failed("java.net.ConnectException: Connection refused", NO_CONNECTION) from error
        return status, _understood(status, text)

    def again(self, *call: Any) -> tuple[int, str]:
        """Send it for the second and last time."""
        try:
            return self._sent(*call)
        except (OSError, http.client.HTTPException) as error:
            raise Failed("java.io.IOException: connection lost", NO_CONNECTION) from error

    def _sent(self, method: str, scheme: str, host: str, target: str, body: Any) -> tuple[int, str]:
        kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        connection = kind(host, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, target, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()


def _spelt(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _understood(status: int, text: str) -> Any:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        # The page of a load balancer is printed as it is.
        raise Failed(text, status=status) from None
    if status < 300:
        return found
    if status == 401:
        raise Failed(UNAUTHORIZED, status=status)
    message = found.get("message") if isinstance(found, dict) else None
    raise Failed(message or ("Forbidden" if status == 403 else text), status=status)
