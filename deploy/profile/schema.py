"""The profile's JSON Schema, which editors use to complete and check it while it is written.

It accepts what studioctl accepts, as far as single values show: a value that has a variable in it
is left to studioctl, which knows the environment.
"""

from typing import Any

from deploy.profile import stages
from deploy.profile.model import Profile

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TITLE = "studio.yaml"

Schema = dict[str, Any]

_VARIABLE = {"$ref": "#/$defs/WithVariable"}
_NOTHING = {"type": "null"}


def document() -> Schema:
    """Give the schema of a profile, draft 2020-12."""
    found = Profile.model_json_schema()
    definitions = {name: _map(schema) for name, schema in found.pop("$defs").items()}
    whole = _map(found)
    definitions["Stage"] = {
        **whole,
        "title": "Stage",
        "description": "What differs in this stage; null takes a key away.",
    }
    definitions["WithVariable"] = {
        "description": "Text with a variable in it: ${NAME} or ${NAME:-default}.",
        "type": "string",
        "pattern": r"\$\{",
    }
    listed = {
        "type": "object",
        "propertyNames": {"pattern": f"^{stages.NAME}$"},
        "additionalProperties": {"anyOf": [{"$ref": "#/$defs/Stage"}, _NOTHING]},
    }
    every = {
        **whole["properties"],
        stages.KEY: {
            "description": "Stages, to be chosen with --stage: each says what differs.",
            "anyOf": [listed, _NOTHING],
        },
    }
    return {"$schema": DRAFT, **whole, "title": TITLE, "properties": every, "$defs": definitions}


def _map(schema: Schema) -> Schema:
    """Let each key be null, which is the same as leaving it out, or taking it away in a stage."""
    found = dict(schema)
    # Pydantic's patternProperties alone would let keys pass that match no pattern.
    for pattern, value in found.pop("patternProperties", {}).items():
        found["propertyNames"] = {"pattern": pattern}
        found["additionalProperties"] = value
    if "properties" in found:
        found["properties"] = {key: _nullable(value) for key, value in found["properties"].items()}
    if isinstance(found.get("additionalProperties"), dict):
        found["additionalProperties"] = _nullable(found["additionalProperties"])
    return found


def _nullable(schema: Schema) -> Schema:
    about = {key: schema[key] for key in ("description", "default") if schema.get(key) is not None}
    return {**about, "anyOf": _distinct([*_choices(schema), _NOTHING])}


def _choices(schema: Schema) -> list[Schema]:
    """What a value may be: also text with a variable, unless any text will do."""
    if "anyOf" in schema:
        return [choice for each in schema["anyOf"] for choice in _choices(each)]
    found = {
        key: value
        for key, value in schema.items()
        if key not in ("title", "description", "default")
    }
    if "$ref" in found or found == _NOTHING:
        return [found]
    if found.get("type") == "object":
        return [_map(found)]
    if found.get("type") == "array":
        return [{**found, "items": {"anyOf": _distinct(_choices(found["items"]))}}]
    return [found] if found == {"type": "string"} else [found, _VARIABLE]


def _distinct(choices: list[Schema]) -> list[Schema]:
    return [choice for index, choice in enumerate(choices) if choice not in choices[:index]]
