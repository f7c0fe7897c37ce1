"""Read HTTP answers: good ones, bad ones, and the many ways in which there is none."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from deploy.errors import RequestRefused

LONGEST_LINE = 300
REQUEST_IDS = ("x-request-id", "x-amzn-requestid", "x-amzn-trace-id", "x-correlation-id")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. Headers may hold cookies: they are never shown."""

    method: str
    url: str
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        """Its text, whatever its bytes are."""
        return self.body.decode("utf-8", "replace")

    @property
    def request_id(self) -> str | None:
        """By what its server knows this call, if it said so."""
        return next(filter(None, map(self.header, REQUEST_IDS)), None)

    def header(self, name: str) -> str | None:
        """One header's value."""
        return next((v for k, v in self.headers.items() if k.lower() == name.lower()), None)

    @property
    def date(self) -> float | None:
        """When it was written, by its server's clock."""
        try:
            return parsedate_to_datetime(self.header("date") or "").timestamp()
        except ValueError:
            return None

    def refusal(self, line: str) -> RequestRefused:
        """Make an error of it."""
        return RequestRefused(self.method, self.url, self.status, self.request_id, line)

    def document(self) -> dict[str, Any]:
        """Its JSON object; a page where one belongs is a refusal: something else answered."""
        found = parsed(self.text)
        if found is None:
            raise self.refusal(f"not the JSON object that belongs here, but {first_line(self)}")
        return found


def first_line(answer: Answer) -> str:
    r"""Say an answer's content in one line, whether JSON, HTML, text or nothing.

    >>> first_line(Answer("GET", "", 400, b'{"message": "no\\nway"}'))
    'no way'
    >>> first_line(Answer("GET", "", 502, b"<html><title>502 Bad Gateway</title>"))
    'an HTML page, "502 Bad Gateway"'
    """
    text = answer.text.strip()
    document = parsed(text)
    if document is not None:
        return _short(str(document.get("message") or _errors(document) or text))
    if text.startswith("<"):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        return "an HTML page" + (f', "{_short(title[1])}"' if title else "")
    if text:
        return _short(text.splitlines()[0])
    try:
        return f"{HTTPStatus(answer.status).phrase} (an empty answer)"
    except ValueError:
        return "an empty answer"


def parsed(text: str) -> dict[str, Any] | None:
    """Read a JSON object; None if it is anything else, however odd."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _errors(document: Mapping[str, Any]) -> str:
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first.get("message", "")) if isinstance(first, dict) else ""


def _short(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"


def retry_after(answer: Answer, otherwise_s: float) -> float:
    """Give how long a server wants to be left alone; its zero means one second, not at once."""
    said = answer.header("retry-after") or ""
    return max(1.0, float(said)) if said.isdecimal() else otherwise_s


def lost(error: Exception, connect_s: float, read_s: float) -> tuple[str, bool]:
    """Say why there is no answer, and whether that may pass.

    The exceptions' own words are left out: they hold addresses of proxies, passwords included.
    """
    from requests import exceptions
    from urllib3.exceptions import LocationParseError

    if isinstance(error, LocationParseError):
        return "that is no name of a host", False
    if isinstance(error, exceptions.ProxyError):
        return "the proxy (HTTPS_PROXY) does not let us through", True
    if isinstance(error, exceptions.SSLError):
        return (
            "its certificate is not trusted. For a certificate authority of your own\n"
            "set REQUESTS_CA_BUNDLE to its file"
        ), False
    if isinstance(error, exceptions.ConnectTimeout):
        return f"no connection within {connect_s:g} s", True
    if isinstance(error, exceptions.Timeout):
        return f"no answer within {read_s:g} s", True
    if isinstance(error, exceptions.ConnectionError | exceptions.ChunkedEncodingError):
        return next(_system_errors(error), "the connection was lost"), True
    return f"the request could not be sent ({type(error).__name__})", False


def was_sent(error: Exception) -> bool:
    """Tell whether the server may have heard the request; False only where it surely has not."""
    from requests import exceptions
    from urllib3.exceptions import LocationParseError, NewConnectionError

    if isinstance(error, exceptions.ConnectTimeout | exceptions.ProxyError):
        return False
    never = (NewConnectionError, LocationParseError, ssl.SSLCertVerificationError)
    return not any(isinstance(each, never) for each in _layers(error))


def _system_errors(error: BaseException) -> Iterator[str]:
    """Find what the operating system said."""
    for current in _layers(error):
        if type(current).__name__ == "NameResolutionError":
            yield "its name is not known to the name server"
        if isinstance(current, OSError) and current.strerror:
            yield current.strerror.lower()


def _layers(error: BaseException) -> Iterator[BaseException]:
    """Go down through the exceptions of two libraries, which wrap each other in many ways."""
    seen: list[BaseException] = []
    queue: list[object] = [error]
    while queue:
        current = queue.pop(0)
        if not isinstance(current, BaseException) or current in seen:
            continue
        seen.append(current)
        yield current
        queue += [current.__cause__, current.__context__, getattr(current, "reason", None)]
        queue += list(current.args)
