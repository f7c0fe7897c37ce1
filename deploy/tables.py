"""Write the tables of docs/ from the code they describe, or say which pages are out of date.

python -m deploy.tables           rewrite them
python -m deploy.tables --check   exit 1 if one differs
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args, get_origin

from pydantic.fields import FieldInfo

from deploy.profile import schema, stages
from deploy.profile.model import Part, Profile
from deploy.ui import complain
from studio.settings import VARIABLES, Variable

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "python -m deploy.tables"
# How a part is named below a list or a map of such parts.
_OF_MANY: Mapping[object, str] = {tuple: "[]", dict: ".NAME"}
_HEAD = ("| {0} | Default | Meaning |", "|---|---|---|")


def tables() -> dict[str, dict[str, str]]:
    """Each page's tables, by the name that their markers carry."""
    groups = ("platform", "studio", "mlflow")
    honoured = {f"variables: {group}": _honoured(group) for group in groups}
    return {
        "docs/configuration.md": {**honoured, "variables: refused": _refused()},
        "docs/profile.md": {"keys of the profile": _keys()},
    }


def rendered(text: str, wanted: Mapping[str, str]) -> str:
    """The text with each marked table replaced by what the code says."""
    for name, table in wanted.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"there is no table between {begin} and {end}")
        text = f"{before}{begin}\n{table}\n{end}{after}"
    return text


def _honoured(group: str) -> str:
    rows = [v for v in VARIABLES if v.group == group and not v.refused]
    return "\n".join([_HEAD[0].format("Variable"), _HEAD[1], *map(_row, rows)])


def _row(variable: Variable) -> str:
    default = variable.default
    shown = f"`{default}`" if re.fullmatch(r"[\w./:-]+", default) else default
    twin = " (or `…_FILE`)" if variable.secret else ""
    return f"| `{variable.name}`{twin} | {shown or 'none'} | {variable.meaning} |"


def _refused() -> str:
    rows = [v for v in VARIABLES if v.refused and v.group != "internal"]
    lines = ["| Variable | Instead |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{v.name}` | {v.refused} |" for v in rows)])


def _keys() -> str:
    of_stages = schema.document()["properties"][stages.KEY]["description"]
    last = f"| `{stages.KEY}.STAGE` | none | {of_stages} |"
    return "\n".join([_HEAD[0].format("Key"), _HEAD[1], *_keys_of(Profile), last])


def _keys_of(part: type[Part], path: str = "") -> Iterator[str]:
    """A row for each key; parts come with those of their own below them."""
    for field in part.model_fields.values():
        key = f"{path}{field.alias}"
        if field.description:
            yield _key(key, field)
        for inner in _parts(field.annotation):
            yield from _keys_of(inner, f"{key}{_OF_MANY.get(get_origin(field.annotation), '')}.")


def _key(key: str, field: FieldInfo) -> str:
    meaning, _, default = (field.description or "").partition(" Default: ")
    value = field.get_default(call_default_factory=True)
    if value is not None and value not in ((), {}):
        default = f"`{str(value).lower()}`"
    return f"| `{key}` | {default.removesuffix('.') or 'none'} | {meaning} |"


def _parts(annotation: object) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)


def main(argv: Sequence[str] = ()) -> int:
    """Do what the command line asks, and give the exit code."""
    late = []
    for name, wanted in tables().items():
        page = ROOT / name
        text = page.read_text(encoding="utf-8")
        right = rendered(text, wanted)
        if text != right:
            late.append(name)
            if "--check" not in argv:
                page.write_text(right, encoding="utf-8")
    if late and "--check" in argv:
        complain(f"{' and '.join(late)}: not what the code says; run: {COMMAND}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
