"""What the fake Wave refuses: the server's checks, in its order and with its words."""

import base64
import binascii
from typing import Any

from tests.fakes.server import Reply

OWN_REPOSITORY = "registry.wave.example.com/wave/build"


class Refusal(Exception):
    def __init__(self, status: int, message: str = "", **headers: str) -> None:
        self.reply = Reply.error(status, message, **headers)


class Checks:
    """The settings that requests are checked against."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[str, set[str]] = {}
        self.paired: set[str] = set()
        self.credentials: dict[int | None, set[str]] = {}
        self.own_repository = OWN_REPOSITORY
        self.anonymous_allowed = True
        self.build_service = True
        self.pulls_left = 1000

    def checked(self, sent: dict[str, Any]) -> str:
        encoded = sent.get("containerFile") or ""
        if len(encoded) > 10_000:
            raise Refusal(
                400, "Container file size exceeds the maximum allowed size of 10000 bytes"
            )
        repository = sent.get("buildRepository") or ""
        if "://" in repository:
            raise Refusal(400, f"Invalid container repository name — offending value: {repository}")
        if repository and ("/" not in repository or ":" in repository.rpartition("/")[2]):
            raise Refusal(400, f"Container build repository is not valid: '{repository}'")
        workspace = self.authorised(sent)
        if sent.get("freeze") and (not repository or repository == self.own_repository):
            raise Refusal(
                400, "Attribute `buildRepository` must be specified when using freeze mode [1]"
            )
        self.pulls_left -= 1
        if self.pulls_left < 0:
            raise Refusal(429, "Request exceeded pull rate limit for IP 127.0.0.1")
        if not self.build_service:
            raise Refusal(
                501,
                "Build service is not enabled - Check Wave configuration setting "
                "'wave.build.enabled' - HTTP status=501 - response=-",
            )
        if not encoded:
            raise Refusal(400, "Specify either 'containerImage' or 'containerFile' attribute")
        text = _decoded(encoded)
        known = self.credentials.get(workspace, set())
        for pushed in filter(None, (repository, sent.get("cacheRepository"))):
            # Found credentials for one registry are what makes the server look for the others.
            if known and pushed.partition("/")[0] not in known:
                raise Refusal(400, f"Missing credentials for container repository: {pushed}")
        for code, forbidden in ((100, "/.docker/config.json"), (101, "/kaniko")):
            if forbidden in text:
                raise Refusal(400, f"Wave request rejected - error code: {code}")
        return text

    def authorised(self, sent: dict[str, Any]) -> int | None:
        token, endpoint = sent.get("towerAccessToken"), sent.get("towerEndpoint")
        workspace = sent.get("towerWorkspaceId")
        assert workspace is None or isinstance(workspace, int)
        if not token:
            if not self.anonymous_allowed:
                raise Refusal(400, "Missing user access token")
            return None
        if endpoint not in self.paired:
            raise Refusal(400, f"Missing pairing record for Tower endpoint '{endpoint}'")
        if token not in self.tokens.get(endpoint, set()):
            raise Refusal(
                401,
                f"Unauthorized access to Tower resource: {endpoint}/user-info - HTTP status=401 "
                f"- response={token}",
            )
        return workspace


def _decoded(encoded: str) -> str:
    """Strictly: the text must be its own re-encoding."""
    try:
        content = base64.b64decode(encoded, validate=True)
        if base64.b64encode(content).decode() != encoded:
            raise ValueError("not what it would be encoded to")
        return content.decode()
    except (binascii.Error, ValueError):
        raise Refusal(
            400, "Invalid 'containerFile' attribute - make sure it encoded as a base64 string"
        ) from None
