"""Wave's calls, one method each. What the answers mean is in `answered`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.errors import (
    CredentialMissing,
    RateLimited,
    RequestRefused,
    StudioctlError,
    WaveCannotBuild,
)
from deploy.wave import answered
from deploy.wave.answered import Status, Submitted
from deploy.web import Web

BUILD_PREFIX = "bd-"


@dataclass(frozen=True, slots=True)
class Client:
    """A Wave server. No call needs a login: the token travels in the bodies that want it."""

    web: Web

    @property
    def endpoint(self) -> str:
        """Its address, without a slash at the end."""
        return self.web.base

    def submit(self, body: Mapping[str, Any]) -> Submitted:
        """Ask for an image. Safe to repeat: the same content is the same build."""
        begun = self.web.clock.steady()
        try:
            answer = self.web.post("/v1alpha2/container", body)
            took_s = self.web.clock.steady() - begun
            asked_at = None if answer.date is None else answer.date - took_s
            found = answered.submitted(answer.document(), asked_at)
            if not (found.target_image and found.id):
                raise answer.refusal("it names no image")
        except RequestRefused as error:
            raise explained(error, self.endpoint, body) from error
        return found

    def status(self, id_: str) -> Status:
        """Give the state of a request or of a build; who waits asks again on their own."""
        if id_.startswith(BUILD_PREFIX):
            path = f"/v1alpha1/builds/{id_}/status"
        else:
            path = f"/v1alpha2/container/{id_}/status"
        return answered.status(self.web.call("GET", path, repeat=False).document())

    def request_record(self, request_id: str) -> dict[str, Any]:
        """Give what Wave keeps about a request, for as long as its token lives."""
        return self.web.get(f"/v1alpha2/container/{request_id}").document()

    def build_record(self, build_id: str) -> dict[str, Any]:
        """Give what Wave keeps about a build for some days; its id is enough to ask."""
        return self.web.get(f"/v1alpha1/builds/{build_id}").document()

    def log(self, build_id: str) -> str | None:
        """Give a build's log; there is none before the build is over, and a moment longer."""
        answer = self.web.get(f"/v1alpha1/builds/{build_id}/logs", accept=(200, 404))
        return self.web.redacted(answer.text) if answer.status == 200 else None

    def inspect(self, image: str, platform: str, identity: Mapping[str, Any]) -> dict[str, Any]:
        """Give an image's description; one of several platforms is described as a whole."""
        query = "" if "," in platform else f"?platform={platform}"
        body = {"containerImage": image, **identity}
        return self.web.post(f"/v1alpha1/inspect{query}", body).document()

    def version(self) -> str:
        """Give the server's version."""
        info = self.web.get("/service-info").document().get("serviceInfo")
        return str(info.get("version", "unknown")) if isinstance(info, dict) else "unknown"

    def build_page(self, build_id: str) -> str:
        """Give the page on which people can look at a build."""
        return f"{self.endpoint}/view/builds/{build_id}"


def explained(error: RequestRefused, endpoint: str, body: Mapping[str, Any]) -> StudioctlError:
    """Say what a refusal means, by its status alone."""
    has_token = "towerAccessToken" in body
    if error.status == 401 and has_token:
        return CredentialMissing(
            "TOWER_ACCESS_TOKEN",
            f"the token in TOWER_ACCESS_TOKEN was not accepted: {error.line}",
            "It may have expired, or belong to another Platform than\n"
            f"{body.get('towerEndpoint')} (TOWER_API_ENDPOINT). Make a new one under "
            "Your tokens.",
        )
    if error.status == 401:
        return CredentialMissing(
            "TOWER_ACCESS_TOKEN",
            f"{endpoint} wants to know who asks: {error.line}",
            "Set TOWER_ACCESS_TOKEN to a token of your Platform account.",
        )
    if error.status == 501:
        return WaveCannotBuild(endpoint, error.line)
    if error.status == 429:
        return RateLimited(error.short, anonymous=not has_token)
    return error
