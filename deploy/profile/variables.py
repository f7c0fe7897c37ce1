"""Put the environment's values where a profile says `${NAME}` or `${NAME:-default}`.

In values only, and once: what a variable holds is not read again. `$${` stands for `${` itself.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from deploy import formats
from deploy.profile.tree import Items, Node, Place, Problem, Scalar, Table

_REFERENCE = re.compile(r"\$\$\{|\$\{(?P<inner>[^{}]*)\}|\$\{")
_INNER = re.compile(rf"(?P<name>{formats.VARIABLE_NAME})(:-(?P<default>.*))?", re.DOTALL | re.ASCII)


def filled(root: Table, env: Mapping[str, str], problems: list[Problem]) -> Table:
    """Give the tree with all variables replaced; each that cannot be is a problem."""
    root = _table(root, env, problems)
    variables = root.get("environment")
    for _, entry in variables.entries.values() if isinstance(variables, Table) else ():
        source = entry.get("from_env") if isinstance(entry, Table) else None
        if isinstance(source, Scalar) and isinstance(source.value, str):
            _require(source.value, source.place, env, problems)
    return root


def _table(table: Table, env: Mapping[str, str], problems: list[Problem]) -> Table:
    return replace(
        table,
        entries={
            key: (place, _filled(node, env, problems))
            for key, (place, node) in table.entries.items()
        },
    )


def _require(name: str, place: Place, env: Mapping[str, str], problems: list[Problem]) -> None:
    if not re.fullmatch(formats.VARIABLE_NAME, name, re.ASCII):
        problems.append(Problem.at(place, "write the name of a variable of your environment"))
    elif name not in env:
        text = f"the environment variable {name} is not set"
        problems.append(Problem.at(place, text, unset=True))


def _filled(node: Node, env: Mapping[str, str], problems: list[Problem]) -> Node:
    if isinstance(node, Table):
        return _table(node, env, problems)
    if isinstance(node, Items):
        return replace(node, nodes=tuple(_filled(item, env, problems) for item in node.nodes))
    if not isinstance(node.value, str) or "${" not in node.value:
        return node
    used: list[str] = []

    def value(found: re.Match[str]) -> str:
        if found[0] == "$${":
            return "${"
        inner = _INNER.fullmatch(found["inner"] or "")
        if inner is None:
            problems.append(
                Problem.at(
                    node.place,
                    "not a variable; write ${NAME} or ${NAME:-default}, and $${ for ${ itself",
                )
            )
            return ""
        name, default = inner["name"], inner["default"]
        used.append(name)
        if default is not None:
            return env.get(name) or default
        _require(name, node.place, env, problems)
        return env.get(name, "")

    text = _REFERENCE.sub(value, node.value)
    return replace(node, value=text, variables=tuple(used))
