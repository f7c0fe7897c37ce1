"""Words for the shell to complete: names of Studios and of stages.

Completion runs while somebody types. So it takes a second at most, says nothing, and never fails:
where there is no answer in time, there are no words. Names are kept for a minute in the cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from deploy import folders
from deploy.wait import Clock
from deploy.web import Patience

BUDGET_S = 0.9
KEPT_S = 60
HASTE = Patience(connect_s=0.5, read_s=0.8, answer_s=0.8, repeat_s=0, lost_s=0, errors_repeated=0)


def stages(file: Path) -> list[str]:
    """Give the names of the profile's stages."""
    return sorted(map(str, _part(_raw(file), "stages")))


def studios(
    workspace: str | None,
    file: Path,
    env: Mapping[str, str],
    now: Callable[[], float] = time.time,
) -> list[str]:
    """Give the names of the workspace's Studios, as they were a minute ago at most.

    Where no answer comes in time, they are those of the last one.
    """
    place = workspace or env.get("TOWER_WORKSPACE_ID") or _raw(file).get("workspace")
    place = None if place is None else str(place)
    kept = _kept_in(place, env)
    known, is_fresh = _read(kept, now())
    if is_fresh:
        return known
    found: list[list[str]] = []

    def ask() -> None:
        with contextlib.suppress(Exception):
            found.append(_asked(place, env))

    # A name server that does not answer cannot be given a limit.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(BUDGET_S)
    if not found:
        return known
    _write(kept, found[0], now())
    return found[0]


def _asked(workspace: str | None, env: Mapping[str, str]) -> list[str]:
    from deploy.seqera import entry, surroundings
    from deploy.seqera.studios import Studios

    web = entry.enter(env, Clock(), HASTE)
    web.explain = lambda line: None
    number = surroundings.workspace_id(web, workspace)
    return sorted(studio.name for studio in Studios(web, number).all())


def _raw(file: Path) -> Mapping[str, Any]:
    """The profile as it stands, however wrong it is."""
    import yaml

    try:
        found = yaml.safe_load(file.read_bytes())
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}


def _part(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = found.get(key)
    return part if isinstance(part, dict) else {}


def _kept_in(workspace: str | None, env: Mapping[str, str]) -> Path | None:
    """One file for each token, server and workspace; what it is called tells none of them."""
    place = folders.cache(env, "names")
    who = [env.get(name, "") for name in ("TOWER_ACCESS_TOKEN", "TOWER_API_ENDPOINT")]
    digest = hashlib.sha256(json.dumps([*who, workspace]).encode()).hexdigest()[:16]
    return place / f"{digest}.json" if place else None


def _read(file: Path | None, now: float) -> tuple[list[str], bool]:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        if file is not None:
            found = json.loads(file.read_text(encoding="utf-8"))
            age_s = now - found["at"]
            return [str(name) for name in found["names"]], 0 <= age_s < KEPT_S
    return [], False


def _write(file: Path | None, names: list[str], now: float) -> None:
    with contextlib.suppress(OSError):
        if file is not None:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            aside = file.with_suffix(f".{threading.get_native_id()}")
            aside.write_text(json.dumps({"at": now, "names": names}), encoding="utf-8")
            aside.replace(file)
