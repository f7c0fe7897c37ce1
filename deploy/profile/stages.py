"""Lay a stage over the base of a profile.

Maps are merged, key by key; lists and values are replaced; `null` takes away. Each value keeps the
place where it was written.
"""

import difflib
import re
from dataclasses import replace

from deploy.profile.tree import Node, Path, Place, Problem, Scalar, Table, shown

KEY = "stages"
MOST = 32
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"

# Where users choose the keys, a key without a value cannot be one that they left out.
_FREE = ("environment", "labels", "arguments")


class NoSuchStage(Exception):
    """The profile has no stage of this name."""

    def __init__(self, name: str, known: list[str]) -> None:
        self.name = name
        close = difflib.get_close_matches(name, known, 1)
        if close:
            hint = f'did you mean "{shown(close[0])}"?'
        elif known:
            hint = f"it has {', '.join(map(shown, known))}."
        else:
            hint = "it has no stages."
        super().__init__(f'the profile has no stage "{shown(name)}"; {hint}')


def split(root: Table, problems: list[Problem]) -> tuple[Table, dict[str, Table]]:
    """Give the base without its stages, and each stage that can be used."""
    base = root.without(KEY)
    place, node = root.entries.get(KEY, (root.place, Scalar(None, "", root.place)))
    if isinstance(node, Scalar) and node.value is None:
        return base, {}
    if not isinstance(node, Table):
        problems.append(Problem.at(place, "a map of stages belongs here: NAME: {…}"))
        return base, {}
    if len(node.entries) > MOST:
        problems.append(Problem.at(place, f"{len(node.entries)} stages; {MOST} at most"))
        return base, {}
    stages = {}
    for name, (where, stage) in node.entries.items():
        if not re.fullmatch(NAME, name, re.ASCII):
            problems.append(
                Problem.at(where, "a stage's name has letters, digits, dots, dashes, underscores")
            )
        if isinstance(stage, Table):
            stages[name] = stage
            if KEY in stage.entries:
                problems.append(
                    Problem.at(stage.entries[KEY][0], "a stage cannot have stages of its own")
                )
                stages[name] = stage.without(KEY)
        elif isinstance(stage, Scalar) and stage.value is None:
            stages[name] = Table({}, where)
        else:
            problems.append(Problem.at(where, "a stage is a map of the keys that differ"))
    return base, stages


def chosen(base: Table, stages: dict[str, Table], name: str | None) -> Table:
    """Give what holds in a stage, or without one."""
    if name is None:
        return pruned(base)
    if name not in stages:
        raise NoSuchStage(name, sorted(stages))
    return pruned(overlaid(base, stages[name]))


def overlaid(base: Table, top: Table, path: Path = ()) -> Table:
    """Give the base with the stage's entries on top."""
    entries = dict(base.entries)
    for key, (place, node) in top.entries.items():
        below = base.get(key)
        if isinstance(node, Scalar) and node.value is None:
            entries.pop(key, None)
        # A variable is one value, however it is written.
        elif isinstance(node, Table) and path != ("environment",):
            start = below if isinstance(below, Table) else Table({}, node.place)
            entries[key] = (place, overlaid(start, node, (*path, key)))
        else:
            entries[key] = (place, node)
    return replace(base, entries=entries)


def pruned(table: Table, path: Path = ()) -> Table:
    """Leave out the keys that have no value, as if they were not written."""
    entries: dict[str, tuple[Place, Node]] = {}
    for key, (place, node) in table.entries.items():
        if isinstance(node, Scalar) and node.value is None and not (path and path[-1] in _FREE):
            continue
        if isinstance(node, Table):
            node = pruned(node, (*path, key))
        entries[key] = (place, node)
    return replace(table, entries=entries)
