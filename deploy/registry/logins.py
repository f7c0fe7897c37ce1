"""The logins for registries that the user's Docker configuration has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.docker import endpoint
from deploy.docker.engine import credentials
from deploy.secret import Secret


@dataclass(frozen=True, slots=True)
class Login:
    """A user with a password, or a token to get others with."""

    user: str = ""
    password: Secret | None = None
    identity: Secret | None = None


def find(host: str, env: Mapping[str, str]) -> Login | None:
    """Give the login for a registry, as Docker would find it, from credential helpers, too.

    Raises `CredentialMissing` where the configuration promises one that cannot be had.
    """
    file = endpoint.config_folder(env) / "config.json"
    if not file.is_file():
        return None
    with credentials(host):
        from docker.auth import AuthConfig

        config = AuthConfig.load_config(str(file), None, credstore_env=dict(env))
        found = config.resolve_authconfig(host)
    # Stores and files spell the same members differently.
    given = {name.lower(): value for name, value in (found or {}).items()}
    if given.get("identitytoken"):
        return Login(identity=Secret(str(given["identitytoken"])))
    if given.get("username"):
        return Login(str(given["username"]), Secret(str(given.get("password") or "")))
    return None
