"""Write the request that asks Wave for an image. Pure: values in, a JSON document out."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.context import Compressed
from deploy.secret import MASK, Secret


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and for which workspace: it selects the registry credentials, and the limits."""

    token: Secret | None = None
    endpoint: str = ""
    workspace_id: int | None = None

    def members(self) -> dict[str, Any]:
        """Give the members of a request; without a token there is nothing to tell."""
        if not self.token:
            return {}
        workspace = {} if self.workspace_id is None else {"towerWorkspaceId": self.workspace_id}
        return {
            "towerAccessToken": self.token.reveal(),
            "towerEndpoint": self.endpoint,
            **workspace,
        }


def body(
    dockerfile: str,
    context: Compressed,
    identity: Identity,
    *,
    platform: str,
    freeze: bool,
    repository: str | None,
    cache_repository: str | None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Write the request; what has no value is left out, since a null is an error to Wave."""
    request: dict[str, Any] = {
        "containerFile": _base64(dockerfile.encode()),
        "containerPlatform": platform,
        "buildContext": {
            "location": "data:" + _base64(context.path.read_bytes()),
            "tarDigest": context.tar_digest,
            "gzipDigest": context.gzip_digest,
            "gzipSize": context.gzip_size,
        },
        **identity.members(),
    }
    optional = {
        "freeze": freeze,
        "buildRepository": repository,
        "cacheRepository": cache_repository,
        "dryRun": dry_run,
    }
    return {**request, **{name: value for name, value in optional.items() if value}}


def shown(request: Mapping[str, Any]) -> dict[str, Any]:
    """Give a request as people may see it: without its token, the context cut short."""
    said = dict(request)
    if "towerAccessToken" in said:
        said["towerAccessToken"] = MASK
    context = dict(said.get("buildContext") or {})
    if "location" in context:
        context["location"] = f"{context['location'][:21]}… ({len(context['location']):,} letters)"
        said["buildContext"] = context
    return said


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
