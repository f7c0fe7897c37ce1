"""A running Studio, as seen by its users and by web pages."""

import json
from dataclasses import dataclass

from tests.studio.middleware.raw_http import Reply, exchange

EXT = "a1b2c3d4.connect.example.com"
LISTED = "https://app.example.org"


@dataclass(frozen=True, slots=True)
class AStudio:
    mode: str
    port: int

    @property
    def host(self) -> tuple[str, str]:
        """The host that users of this mode see."""
        return ("Host", f"localhost:{self.port}" if self.mode == "local" else EXT)

    @property
    def origin(self) -> tuple[str, str]:
        return (
            ("Origin", f"http://{self.host[1]}")
            if self.mode == "local"
            else ("Origin", f"https://{EXT}")
        )

    def get(self, path: str, *headers: tuple[str, str]) -> Reply:
        return exchange(self.port, f"GET {path} HTTP/1.1", *headers)

    def send(
        self, path: str, *headers: tuple[str, str], body: object = None, method: str = "POST"
    ) -> Reply:
        text = json.dumps({} if body is None else body).encode()
        return exchange(self.port, f"{method} {path} HTTP/1.1", *headers, body=text)
