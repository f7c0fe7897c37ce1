"""OpenAPI 3.0 schemas as JSON Schema: what the two say differently, and unknown members refused."""

from collections.abc import Mapping
from typing import Any

LARGEST = {"int32": 2**31 - 1, "int64": 2**63 - 1}
# The member that the fake Platform adds everywhere.
ADDED = "addedByALaterRelease"
KEPT = ("type", "enum", "$ref", "required", "minimum", "maximum", "minLength", "maxLength")

Schema = Mapping[str, Any]


def converted(schema: Schema, known: Mapping[str, Schema]) -> dict[str, Any]:
    """Give a schema as JSON Schema 2020-12 reads it; `known` are those that may be referred to.

    >>> converted({"type": "string", "nullable": True}, {})
    {'anyOf': [{'type': 'string'}, {'type': 'null'}]}
    >>> converted({"type": "integer", "format": "int32", "minimum": 0}, {})
    {'type': 'integer', 'minimum': 0, 'maximum': 2147483647}
    """
    schema = _merged(schema, known)
    new = {name: schema[name] for name in KEPT if name in schema}
    largest = LARGEST.get(str(schema.get("format")))
    if largest and "maximum" not in new:
        new["maximum"] = largest
    if "items" in schema:
        new["items"] = converted(schema["items"], known)
    if isinstance(schema.get("additionalProperties"), dict):
        new["additionalProperties"] = converted(schema["additionalProperties"], known)
    if "properties" in schema:
        of = schema["properties"]
        new["properties"] = {name: converted(each, known) for name, each in of.items()}
        # A discriminator's alternatives have members of their own, and are closed themselves.
        if "discriminator" not in schema and "additionalProperties" not in schema:
            new["properties"][ADDED] = True
            new["additionalProperties"] = False
    if "discriminator" in schema:
        new["allOf"] = _alternatives(schema["discriminator"])
    return {"anyOf": [new, {"type": "null"}]} if schema.get("nullable") else new


def _merged(schema: Schema, known: Mapping[str, Schema]) -> Schema:
    """Put the parts of `allOf` together: closed, each would refuse what the others add."""
    if "allOf" not in schema:
        return schema
    merged: dict[str, Any] = {name: value for name, value in schema.items() if name != "allOf"}
    for part in schema["allOf"]:
        part = known[part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        part = _merged(part, known)
        properties = {**merged.get("properties", {}), **part.get("properties", {})}
        merged = {**part, **merged, **({"properties": properties} if properties else {})}
    return merged


def _alternatives(discriminator: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Check by the alternative that is named; by `oneOf` most others would fit as well."""
    name = discriminator["propertyName"]
    return [
        {"if": {"properties": {name: {"const": value}}}, "then": {"$ref": reference}}
        for value, reference in discriminator["mapping"].items()
    ]
