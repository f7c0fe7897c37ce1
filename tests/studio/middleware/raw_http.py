"""Talk HTTP over a bare socket, where clients would correct what a test wants to send wrongly."""

import socket
from dataclasses import dataclass
from http.client import HTTPResponse


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]


def exchange(port: int, request_line: str, *headers: tuple[str, str], body: bytes = b"") -> Reply:
    """Send exactly these header lines (and what ends the exchange) and read to the end."""
    lines = [*headers, ("Connection", "close")]
    if body:
        lines += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"{request_line}\r\n{head}\r\n".encode("latin-1") + body)
        with HTTPResponse(connection, method=request_line.split()[0]) as response:
            response.begin()
            return Reply(response.status, response.getheaders(), response.read())
