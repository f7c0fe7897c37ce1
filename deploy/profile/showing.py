"""Show every value of a profile with its source, secrets masked."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.profile import keys
from deploy.profile.loading import Loaded
from deploy.profile.model import Part
from deploy.profile.tree import Path, shown
from deploy.resolve import DEFAULT, Value
from deploy.secret import MASK, Secret

Shown = dict[str, Any]


def values(loaded: Loaded, workspace: Value[str | None]) -> Shown:
    """Every key in the profile's order; a leaf is a `Value`."""
    found = _part(loaded, loaded.profile, ())
    found["workspace"] = workspace
    return found


def lines(found: Any, depth: int = 0) -> Iterator[str]:
    """As people read it: `cpu: 4  (studio.yaml:7)`."""
    pairs = found.items() if isinstance(found, Mapping) else (("-", item) for item in found)
    for key, value in pairs:
        name = "  " * depth + ("-" if key == "-" else f"{shown(key)}:")
        if isinstance(value, Value):
            yield f"{name} {_written(value.value)}  ({value.source})"
        else:
            yield name
            yield from lines(value, depth + 1)


def document(found: Any) -> Any:
    """As programs read it: each leaf is a map of `value` and `source`."""
    if isinstance(found, Value):
        return {"value": _plain(found.value), "source": found.source}
    if isinstance(found, Mapping):
        return {key: document(value) for key, value in found.items()}
    return [document(value) for value in found]


def _part(loaded: Loaded, part: Part, path: Path) -> Shown:
    return {
        key: _entry(loaded, getattr(part, key.replace("-", "_")), (*path, key))
        for key in keys.names(type(part))
        if key != "stages"
    }


def _entry(loaded: Loaded, value: Any, path: Path) -> Any:
    if path == ("environment",) and value:
        return {name: _variable(loaded, name) for name in value}
    if isinstance(value, Part):
        return _part(loaded, value, path)
    if isinstance(value, dict) and value:
        return {key: _entry(loaded, entry, (*path, key)) for key, entry in value.items()}
    if path == ("data-links",) and value:
        return [_link(loaded, index) for index in range(len(value))]
    source = loaded.source(*path)
    if path in loaded.secret_paths:
        return Value(MASK, source)
    return Value(_readable(path, value), source)


def _link(loaded: Loaded, index: int) -> Shown:
    link, path = loaded.profile.data_links[index], ("data-links", index)
    given = next(key for key in ("name", "id", "uri") if getattr(link, key) is not None)
    of_link = loaded.source(*path)
    return {
        key: Value(getattr(link, key), source if source != DEFAULT or key != given else of_link)
        for key in (given, "writable")
        for source in [loaded.source(*path, key)]
    }


def _variable(loaded: Loaded, name: str) -> Value[Any]:
    entry = loaded.profile.environment[name]
    source = loaded.source("environment", name)
    if entry.from_env:
        source = f"{entry.from_env}, {source}"
    if entry.visible:
        source += ", visible to the workspace"
    return Value(loaded.environment[name].value, source)


def _readable(path: Path, value: Any) -> Any:
    if path == ("resources", "memory"):
        return f"{value} MiB"
    if path == ("session", "lifespan") and value is not None:
        return "unlimited" if value == 0 else f"{value}h"
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return MASK
    return list(value) if isinstance(value, tuple) else value


def _written(value: Any) -> str:
    if value is None:
        return "not set"
    if value in ((), {}):
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    # A value of several lines, or of none, is written as JSON has it.
    return text if text and text.isprintable() else json.dumps(text, ensure_ascii=False)
