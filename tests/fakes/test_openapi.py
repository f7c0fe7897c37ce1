"""Calls and answers are compared with an OpenAPI description, and a mismatch fails its test."""

import json
from typing import Any

import pytest
import requests

from tests.fakes import openapi
from tests.fakes.clock import FakeClock
from tests.fakes.openapi import Description
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.server import Call, Reply

# What the Platform's own file is made of, in small.
TEXT = """
openapi: 3.0.1
paths:
  /things:
    post:
      parameters:
      - {name: workspaceId, in: query, schema: {type: integer, format: int64}}
      - {name: kind, in: query, schema: {$ref: '#/components/schemas/Kind'}}
      - {name: attributes, in: query,
         schema: {type: array, items: {$ref: '#/components/schemas/Kind'}}}
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}
      responses:
        '200':
          content: {application/json: {schema: {$ref: '#/components/schemas/Box'}}}
        '204': {description: nothing}
        '403': {description: refused}
  /things/{id}:
    get: {responses: {'200': {description: ok}}}
  /things/special:
    get: {responses: {'204': {description: ok}}}
  /things/{id}/browse/{path}:
    get: {responses: {'200': {description: ok}}}
components:
  schemas:
    Kind: {type: string, enum: [big, small]}
    Base: {type: object, properties: {id: {type: string}}}
    Thing:
      type: object
      required: [name]
      properties:
        name: {type: string, maxLength: 3}
        size: {type: integer, format: int32, minimum: 0}
        maybe: {type: string, nullable: true}
        kind: {allOf: [{$ref: '#/components/schemas/Kind'}], nullable: true}
        more: {type: object, additionalProperties: {type: string}}
    Box:
      allOf:
      - $ref: '#/components/schemas/Base'
      - {type: object, properties: {keys: {$ref: '#/components/schemas/Keys'}}}
    Keys:
      type: object
      properties: {discriminator: {type: string}}
      discriminator:
        propertyName: discriminator
        mapping: {a: '#/components/schemas/A', b: '#/components/schemas/B'}
      oneOf: [{$ref: '#/components/schemas/A'}, {$ref: '#/components/schemas/B'}]
    A: {type: object, properties: {discriminator: {type: string}, x: {type: string}}}
    B: {type: object, properties: {discriminator: {type: string}, x: {type: integer}}}
    ErrorResponse: {type: object, required: [message], properties: {message: {type: string}}}
"""


@pytest.fixture(scope="module")
def a_description(tmp_path_factory: pytest.TempPathFactory) -> Description:
    path = tmp_path_factory.mktemp("specs") / "api.yaml"
    path.write_text(TEXT)
    return openapi.read(path)


def call(method: str, path: str, body: Any = None, **query: str) -> Call:
    return Call(method, path, query, {}, b"" if body is None else json.dumps(body).encode())


@pytest.mark.parametrize(
    "body",
    [
        {"name": "abc"},
        {"name": "a", "maybe": None, "kind": None},
        {"name": "a", "kind": "big", "more": {"any": "text"}, "size": 2**31 - 1},
    ],
)
def test_a_request_as_described_is_right(a_description: Description, body: Any) -> None:
    asked = call("POST", "/things", body, workspaceId="7", kind="big", attributes="big,small")
    assert a_description.request(asked, "/things") == []


@pytest.mark.parametrize(
    ("body", "query", "words"),
    [
        ({}, {}, "'name' is a required property"),
        ({"name": "abcd"}, {}, "$.name: 'abcd' is too long"),
        ({"name": "a", "nmae": 1}, {}, "'nmae' was unexpected"),
        ({"name": None}, {}, "$.name: None is not of type 'string'"),
        ({"name": "a", "size": -1}, {}, "$.size: -1 is less than the minimum"),
        ({"name": "a", "size": 2**31}, {}, "$.size"),
        ({"name": "a", "kind": "medium"}, {}, "'medium' is not one of"),
        ({"name": "a", "more": {"any": 1}}, {}, "$.more.any: 1 is not of type 'string'"),
        (None, {}, "has no body"),
        ({"name": "a"}, {"workspace": "7"}, "has no parameter workspace"),
        ({"name": "a"}, {"workspaceId": "acme/ml"}, "workspaceId=acme/ml"),
        ({"name": "a"}, {"kind": "medium"}, "kind=medium"),
        ({"name": "a"}, {"attributes": "big,medium"}, "attributes=medium"),
    ],
)
def test_what_is_wrong_with_a_request_is_told(
    a_description: Description, body: Any, query: dict[str, str], words: str
) -> None:
    (wrong,) = a_description.request(call("POST", "/things", body, **query), "/things")
    assert wrong.startswith("POST /things: ")
    assert words in wrong


@pytest.mark.parametrize(
    ("path", "described"),
    [
        ("/things/special", "/things/special"),
        ("/things/x", "/things/{id}"),
        ("/things/x/browse/a/b", "/things/{id}/browse/{path}"),
        ("/things/x/y", None),
        ("/thing", None),
    ],
)
def test_the_best_fitting_path_counts(
    a_description: Description, path: str, described: str | None
) -> None:
    found = a_description.operation("GET", path)
    assert (found and found.path) == described
    wrong = a_description.request(call("GET", path), path)
    assert wrong == ([] if described else [f"GET {path} is no call of the API"])


def test_a_body_where_none_is_described_is_wrong(a_description: Description) -> None:
    assert a_description.request(call("GET", "/things/x", {}), "/things/x")


def answered(description: Description, reply: Reply) -> list[str]:
    return description.answer(call("POST", "/things"), "/things", reply)


@pytest.mark.parametrize(
    "reply",
    [
        Reply.exactly({"id": "x", "keys": {"discriminator": "a", "x": "text"}}),
        Reply.exactly({"id": "x", "keys": {"discriminator": "b", "x": 1}}),
        Reply.exactly({"id": "x", "addedByALaterRelease": {}}),
        Reply(204),
        Reply(403),
        Reply.error(403, "not allowed"),
        Reply(401),
        Reply.error(429, "later"),
    ],
)
def test_an_answer_as_described_or_as_known_to_differ_is_right(
    a_description: Description, reply: Reply
) -> None:
    assert answered(a_description, reply) == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200),
        Reply.exactly({"id": 1}),
        Reply.exactly({"di": "x"}),
        Reply.exactly({"keys": {"discriminator": "a", "x": 1}}),
        Reply(204, b"{}"),
        Reply(200, b"half a bo"),
        Reply.exactly({"message": 1}, 403),
        Reply.error(418, "a teapot"),
    ],
)
def test_what_is_wrong_with_an_answer_is_told(a_description: Description, reply: Reply) -> None:
    (wrong,) = answered(a_description, reply)
    assert wrong.startswith("POST /things ")


def test_a_mismatch_fails_the_test_that_caused_it(a_description: Description) -> None:
    def ask() -> None:
        with Platform(FakeClock()) as platform:
            platform.description = a_description
            requests.delete(platform.endpoint + "/things", timeout=10)

    with pytest.raises(AssertionError, match="DELETE /things is no call of the API"):
        ask()


def test_a_mismatch_does_not_hide_what_went_wrong_before() -> None:
    def go_wrong() -> None:
        with Platform(FakeClock()) as platform:
            platform.mismatches.append("wrong")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        go_wrong()


@pytest.mark.specs
def test_every_exception_is_about_a_call_of_the_platform() -> None:
    description = openapi.description()
    assert description
    known = {(each.method, each.path): each for each in description.operations}
    for method, path, status in openapi.DIFFERS:
        if path != "*":
            assert str(status) not in known[method, path].document["responses"]


@pytest.mark.specs
def test_the_fake_platform_answers_as_described_and_notices_what_is_not() -> None:
    platform = Platform(FakeClock())
    with pytest.raises(AssertionError, match="has no parameter workspaceID"), platform:
        requests.get(
            platform.endpoint + "/studios?workspaceID=71",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=10,
        )
