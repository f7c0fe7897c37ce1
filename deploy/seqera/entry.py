"""The way in: the Platform's API for the token of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deploy.errors import CredentialMissing
from deploy.resolve import PLATFORM_API, endpoint, token
from deploy.seqera import api
from deploy.wait import Clock
from deploy.web import Patience, Web


def enter(env: Mapping[str, str], clock: Clock, patience: Patience) -> Web:
    """Give the door to the API; raise if there is no token, or no Platform at the address."""
    if not token(env).value:
        raise CredentialMissing(
            "TOWER_ACCESS_TOKEN",
            "there is no TOWER_ACCESS_TOKEN, and the Platform is not open without a token.",
            "Make one in the Platform under Your tokens, and export it under that name.",
        )
    return door(env, clock, patience)


def door(env: Mapping[str, str], clock: Clock, patience: Patience) -> Web:
    """Give the door although there may be no token: a check says that among all else."""
    given = token(env).value

    def reach(base: str) -> Web:
        return Web(base, env, (given,) if given else (), clock=clock, patience=patience)

    base = api.find(endpoint("TOWER_API_ENDPOINT", env, PLATFORM_API).value, reach)
    return replace(reach(base), bearer=given)
