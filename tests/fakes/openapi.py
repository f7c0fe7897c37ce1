"""Calls and answers checked against the Platform's OpenAPI file.

The file is not ours to hand on: the folder that holds it is named by SEQERA_SPECS, and without that
nothing is checked. It describes release 1.187; where the server is known to differ, `DIFFERS` says
so, with the reason. Members that a schema does not name are mistakes here, of ours or of the fake,
apart from the one that the fake adds everywhere.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from tests.fakes.schemas import converted
from tests.fakes.server import Call, Reply

VARIABLE = "SEQERA_SPECS"
NAME = "seqera-platform-api.yaml"
# Read once: tests empty the environment.
FOLDER = os.environ.get(VARIABLE)
METHODS = frozenset({"get", "put", "post", "delete"})
# These parts of a path hold slashes.
LONG_PARTS = frozenset({"path", "filePath", "dirPath"})

# What the description does not know, by method, path and status; "*" is any.
DIFFERS = {
    ("*", "*", 401): "a token that is not accepted is answered without a body",
    ("*", "*", 429): "more than 20 calls a second with one token",
    ("DELETE", "/studios/{sessionId}", 400): "a Studio that is not stopped (Terraform's provider)",
    ("PUT", "/studios/{sessionId}/start", 400): "a Studio that is not stopped",
    ("PUT", "/studios/{sessionId}/stop", 400): "a Studio that is not running",
}


@dataclass(frozen=True)
class Operation:
    """One call of the description."""

    method: str
    path: str
    pattern: re.Pattern[str]
    document: Mapping[str, Any]

    @property
    def parameters(self) -> dict[str, Mapping[str, Any]]:
        found = self.document.get("parameters", [])
        return {each["name"]: each["schema"] for each in found if each["in"] == "query"}


class Description:
    """An OpenAPI file, ready to check with."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        self.schemas = schemas
        ready = {name: converted(schema, schemas) for name, schema in schemas.items()}
        self.root = {"components": {"schemas": ready}}
        self.operations = sorted(_operations(document["paths"]), key=lambda o: o.path.count("{"))

    def operation(self, method: str, path: str) -> Operation | None:
        """Find what describes a call; a literal part is a better fit than a named one."""
        for each in self.operations:
            if each.method == method and each.pattern.fullmatch(path):
                return each
        return None

    def request(self, call: Call, path: str) -> list[str]:
        """List what is wrong with a call to the API."""
        operation = self.operation(call.method, path)
        if operation is None:
            return [f"{call.method} {path} is no call of the API"]
        wrong = list(self._query(operation, call.query))
        body = operation.document.get("requestBody")
        if call.body and body is None:
            wrong.append("has a body, but none is described")
        elif not call.body and body and body.get("required"):
            wrong.append("has no body")
        elif call.body and body:
            wrong += self._content(body, call.body)
        return [f"{operation.method} {operation.path}: {each}" for each in wrong]

    def answer(self, call: Call, path: str, reply: Reply) -> list[str]:
        """List what is wrong with an answer to a call that is described."""
        operation = self.operation(call.method, path)
        if operation is None:
            return []
        known = operation.document["responses"].get(str(reply.status))
        if known is None:
            if not _differs(operation, reply.status):
                return [f"{operation.method} {operation.path} answers no {reply.status}"]
            known = {}
        if reply.status >= 400 and "content" not in known:
            # Any refusal may come with a message, and some come without anything.
            error = {"$ref": "#/components/schemas/ErrorResponse"}
            known = {"content": {"application/json": {"schema": error}}} if reply.body else {}
        if not reply.body and "content" in known and reply.status < 400:
            wrong = ["has no body"]
        else:
            wrong = list(self._content(known, reply.body)) if reply.body else []
        return [f"{operation.method} {operation.path} → {reply.status}: {each}" for each in wrong]

    def _query(self, operation: Operation, query: Mapping[str, str]) -> Iterator[str]:
        for name, text in query.items():
            schema = operation.parameters.get(name)
            if schema is None:
                yield f"has no parameter {name}"
                continue
            items = text.split(",") if schema.get("type") == "array" else [text]
            for item in items:
                one = schema.get("items", schema)
                yield from (f"{name}={item}: {why}" for why in self._wrong(one, _typed(one, item)))

    def _content(self, described: Mapping[str, Any], body: bytes) -> Iterator[str]:
        kinds = described.get("content") or {}
        if not kinds:
            yield f"has a body, but none is described: {body[:80]!r}"
        elif "application/json" in kinds:
            try:
                document = json.loads(body)
            except ValueError:
                yield f"is not JSON: {body[:80]!r}"
                return
            yield from self._wrong(kinds["application/json"].get("schema", {}), document)

    def _wrong(self, schema: Mapping[str, Any], value: Any) -> list[str]:
        return list(self._found(json.dumps(schema), json.dumps(value)))

    @lru_cache(maxsize=4096)  # noqa: B019 - one description lives as long as the session
    def _found(self, schema: str, value: str) -> tuple[str, ...]:
        """Check once what is asked for again and again: a waiting client's polls are alike."""
        errors = self._validator(schema).iter_errors(json.loads(value))
        return tuple(f"{leaf.json_path}: {leaf.message[:200]}" for leaf in map(_leaf, errors))

    @lru_cache(maxsize=512)  # noqa: B019
    def _validator(self, schema: str) -> Draft202012Validator:
        return Draft202012Validator({**self.root, **converted(json.loads(schema), self.schemas)})


@cache
def description() -> Description | None:
    """Read the file, once; None where none is named."""
    return read(Path(FOLDER, NAME)) if FOLDER else None


def read(path: Path) -> Description:
    # libyaml's is ten times as fast, and not everywhere.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open(encoding="utf-8") as file:
        return Description(yaml.load(file, Loader=loader))


def _operations(paths: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in paths.items():
        parts = re.split(r"\{(\w+)\}", path)
        names = [".+" if name in LONG_PARTS else "[^/]+" for name in parts[1::2]]
        texts = [re.escape(text) for text in parts[::2]]
        pattern = "".join(sum(zip(texts, [*names, ""], strict=True), ()))
        for method, document in methods.items():
            if method in METHODS:
                yield Operation(method.upper(), path, re.compile(pattern), document)


def _leaf(error: ValidationError) -> ValidationError:
    """Give the error that matters: not that a value is neither this nor null."""
    while error.context:
        error = next((e for e in error.context if e.validator != "type"), error.context[0])
    return error


def _differs(operation: Operation, status: int) -> bool:
    return bool(
        {("*", "*", status), (operation.method, operation.path, status)} & DIFFERS.keys(),
    )


def _typed(schema: Mapping[str, Any], text: str) -> Any:
    """Read a parameter's text as what it should be; what cannot be read stays a text."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text
