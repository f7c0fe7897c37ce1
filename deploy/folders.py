"""Folders of studioctl's own in the user's home, by the custom of each system."""

import sys
from collections.abc import Mapping
from pathlib import Path

OURS = "mlflow-studio"


def state(env: Mapping[str, str], name: str, system: str = sys.platform) -> Path | None:
    """Give a folder for what is to stay; None without a home.

    >>> state({"XDG_STATE_HOME": "/s", "HOME": "/h"}, "builds", "linux").as_posix()
    '/s/mlflow-studio/builds'
    >>> state({"HOME": "/h"}, "builds", "linux").as_posix()
    '/h/.local/state/mlflow-studio/builds'
    """
    mac = ("Library", "Application Support")
    return _below(env, name, system, "XDG_STATE_HOME", mac, (".local", "state"))


def cache(env: Mapping[str, str], name: str, system: str = sys.platform) -> Path | None:
    """Give a folder for what can be asked again; None without a home.

    >>> cache({"HOME": "/h"}, "names", "linux").as_posix()
    '/h/.cache/mlflow-studio/names'
    """
    return _below(env, name, system, "XDG_CACHE_HOME", ("Library", "Caches"), (".cache",))


def _below(
    env: Mapping[str, str],
    name: str,
    system: str,
    variable: str,
    mac: tuple[str, ...],
    other: tuple[str, ...],
) -> Path | None:
    given, home = env.get(variable), env.get("HOME") or env.get("USERPROFILE")
    if given and Path(given).is_absolute():
        return Path(given, OURS, name)
    if system == "win32" and env.get("LOCALAPPDATA"):
        return Path(env["LOCALAPPDATA"], OURS, name)
    if not home:
        return None
    return Path(home, *(mac if system == "darwin" else other), OURS, name)
