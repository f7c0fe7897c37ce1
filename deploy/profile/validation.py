"""From a tree to a `Profile`, or to all that is wrong with it, each problem at its place."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from deploy.profile import checks, exposure, keys
from deploy.profile.model import Profile
from deploy.profile.tree import Items, Node, Path, Problem, Scalar, Table, find

_WORDS = {
    "dict_type": "a map is meant: lines of KEY: VALUE",
    "greater_than_equal": "write {ge} or more",
    "less_than_equal": "write {le} or less",
    "model_attributes_type": "a map is meant: lines of KEY: VALUE",
    "model_type": "a map is meant: lines of KEY: VALUE",
    "string_pattern_mismatch": "a name has letters, digits and underscores, and no digit first",
    "string_too_long": "longer than {max_length} characters",
    "string_too_short": "there is nothing in it",
    "tuple_type": "a list is meant: lines of - VALUE",
}


def validated(
    root: Table, env: Mapping[str, str], problems: list[Problem]
) -> tuple[Profile | None, list[Problem]]:
    """Give the profile if there is nothing wrong, and all problems, those known before included.

    A value that has a problem already gets no second one.
    """
    found = list(problems)
    seen = {(problem.line, problem.column) for problem in problems}
    profile = None
    reports = [
        (path, text, False)
        for path, text in (*exposure.secrets(root, env), *checks.contradictions(root, env))
    ]
    try:
        profile = Profile.model_validate(_plain(root))
    except ValidationError as error:
        reports += [_report(each) for each in error.errors(include_url=False, include_input=False)]
    for path, text, of_key in reports:
        problem = _placed(root, path, text, of_key)
        if (problem.line, problem.column) not in seen:
            seen.add((problem.line, problem.column))
            found.append(problem)
    return (None if found else profile), sorted(found)


def _report(error: Mapping[str, Any]) -> tuple[Path, str, bool]:
    """The path, what is wrong there, and whether it is the key that is wrong."""
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    of_key = len(path) < len(error["loc"])
    if error["type"] == "extra_forbidden":
        return path, keys.meant(path), True
    if error["type"] == "value_error":
        return path, str(error["ctx"]["error"]), of_key
    words = _WORDS.get(error["type"])
    return path, words.format(**error.get("ctx", {})) if words else str(error["msg"]), of_key


def _placed(root: Table, path: Path, text: str, of_key: bool) -> Problem:
    """A wrong value is shown where it begins, all else at the key."""
    place, node = find(root, path)
    if isinstance(node, Scalar) and not of_key:
        place = node.place
    return Problem.at(place, text)


def _plain(node: Node) -> Any:
    """Maps and lists as Python has them; values keep their places, which messages need."""
    if isinstance(node, Table):
        return {key: _plain(value) for key, (_, value) in node.entries.items()}
    if isinstance(node, Items):
        return [_plain(item) for item in node.nodes]
    return node
