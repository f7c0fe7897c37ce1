"""The JSON Schema: what editors accept is what studioctl accepts, as far as one value shows."""

from typing import Any

import jsonschema
import pytest
import yaml

from deploy.profile import beginning, keys, schema
from deploy.profile.model import DataLink, Image, Profile, Resources, Session, Variable
from tests.deploy.profile.test_validation import WRONG
from tests.deploy.profile.writing import problems

# Two keys or two values together; sizes; YAML's own matters.
NOT_IN_THE_SCHEMA = (
    "beside image.refer",
    "is for wave",
    "the same as",
    "names and values are",
    "CONNECT_TOOL_PORT",
    "FUSION_REFRESH_TIMEOUT",
    "an amount that is a whole",
    "there is no value",
)


@pytest.fixture(scope="module")
def validator() -> Any:
    document = schema.document()
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


def test_it_is_of_the_draft_that_it_names() -> None:
    assert schema.document()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_sample_is_accepted(validator: Any) -> None:
    assert list(validator.iter_errors(yaml.safe_load(beginning.SAMPLE.read_bytes()))) == []


@pytest.mark.parametrize(
    "text",
    [text for text, said in WRONG if not any(words in said for words in NOT_IN_THE_SCHEMA)],
    ids=lambda text: text[:40],
)
def test_what_studioctl_refuses_is_refused(validator: Any, text: str) -> None:
    assert not validator.is_valid(yaml.safe_load(text))
    assert not validator.is_valid({"stages": {"dev": yaml.safe_load(text)}})


@pytest.mark.parametrize(
    "text",
    [
        "name: a",
        "workspace: 123",
        "workspace: a/b",
        "resources: {cpu: 0, memory: 0}",
        "resources: {memory: 1.5 GiB}",
        "session: {lifespan: unlimited}",
        "session: {lifespan: 8h}",
        "session:",
        "data-links: [a, 's3://b', {name: c, writable: true}]",
        "environment: {A: b, C: {value: d}, E: {from_env: F, visible: true}}",
        "image: {reference: 'a.b/c:d'}",
        "image: {arguments: {A: ''}}",
        "labels: {a: b}",
        "stages: {dev: {resources: {cpu: 1}, data-links: null, labels: {a: null}}, prod: }",
    ],
)
def test_what_studioctl_accepts_is_accepted(validator: Any, text: str) -> None:
    assert problems(text, F="g") == []
    assert list(validator.iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "resources: {cpu: '${CPU}', memory: '${MEMORY}'}",
        "session: {private: '${P}', lifespan: '${H:-8}'}",
        "image: {build: '${B}', repository: '${R}'}",
        "workspace: '${W}'",
    ],
)
def test_a_variable_may_stand_for_any_value(validator: Any, text: str) -> None:
    assert list(validator.iter_errors(yaml.safe_load(text))) == []


def test_every_key_is_explained() -> None:
    document = schema.document()
    models = {"DataLink": DataLink, "Image": Image, "Resources": Resources, "Session": Session}
    for name, model in {**models, "Variable": Variable, "Stage": Profile}.items():
        part = document["$defs"][name]
        wanted = [key for key in keys.names(model) if key != "stages"]
        assert list(part["properties"]) == wanted
        for key, value in part["properties"].items():
            section = value["anyOf"][0].get("$ref")
            assert value.get("description") or section, (name, key)
