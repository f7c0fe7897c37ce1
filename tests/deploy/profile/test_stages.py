"""Stages: maps merge, lists and values replace, null takes away."""

import pytest

from deploy.errors import InvalidSetting
from deploy.profile import stages
from tests.deploy.profile.writing import loaded, problem, problems

BASE = """\
name: mlflow
resources: {cpu: 4, gpu: 1}
data-links: [a, b]
environment: {A: "1", B: {value: "2"}}
labels: {team: x, cost: low}
stages:
  dev:
    name: mlflow-dev
    resources: {cpu: 1, gpu: null}
    data-links: [c]
    environment: {A: null, B: {from_env: HOME}, C: "3"}
    labels: {team: z}
  prod:
"""


def test_a_stage_says_only_what_differs() -> None:
    found = loaded(BASE, "dev", HOME="/root")
    assert found.stage == "dev"
    assert found.profile.name == "mlflow-dev"
    assert (found.profile.resources.cpu, found.profile.resources.gpu) == (1, 0)
    assert [link.name for link in found.profile.data_links] == ["c"]
    assert {name: v.value for name, v in found.environment.items()} == {"B": "/root", "C": "3"}
    assert found.profile.labels == {"team": "z", "cost": "low"}


def test_each_value_keeps_the_line_where_it_was_written() -> None:
    found = loaded(BASE, "dev", HOME="/root")
    assert found.source("name") == f"{found.file}:8"
    assert found.source("resources", "cpu") == f"{found.file}:9"
    assert found.source("resources", "gpu") == "default"
    assert found.source("labels", "cost") == f"{found.file}:5"


@pytest.mark.parametrize("stage", [None, "prod"])
def test_without_differences_the_base_holds(stage: str | None) -> None:
    found = loaded(BASE, stage)
    assert found.profile.name == "mlflow"
    assert found.profile.resources.gpu == 1
    assert [link.name for link in found.profile.data_links] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BASE, 'the profile has no stage "pord"; did you mean "prod"?'),
        ("stages: {staging: {}}", 'the profile has no stage "pord"; it has staging.'),
        ("name: a", 'the profile has no stage "pord"; it has no stages.'),
    ],
)
def test_an_unknown_stage_is_named_with_those_that_there_are(text: str, said: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        loaded(text, "pord")
    assert str(caught.value) == f"--stage: {said}"
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stages: {a: {cpu: 1}}", '1:14: stages.a.cpu: unknown key; did you mean "resources.cpu"?'),
        ("stages: {a: {resources: {cpu: x}}}", "1:31: stages.a.resources.cpu: a whole number is"),
        ("stages: {a: {stages: {b: {}}}}", "1:14: stages.a.stages: a stage cannot have stages of"),
        ("stages: {a: 1}", "1:10: stages.a: a stage is a map of the keys that differ"),
        ("stages: [a]", "1:1: stages: a map of stages belongs here: NAME: {…}"),
        ("stages: {a b: {}}", '1:10: stages."a b": a stage\'s name has letters, digits, dots'),
        ("stages: {" + ", ".join(f"s{n}: {{}}" for n in range(33)) + "}", "1:1: stages: 33 stages"),
        (
            "image: {freeze: true}\nstages: {a: {image: {build: docker}}}",
            "1:17: image.freeze: is for wave",
        ),
    ],
)
def test_what_is_wrong_in_a_stage_is_found_without_choosing_it(text: str, expected: str) -> None:
    assert problem(text).startswith(expected)


def test_a_problem_of_the_base_is_told_once() -> None:
    assert len(problems("cpu: 1\nstages: {a: {}, b: {}, c: {}}\n")) == 1


def test_another_stages_problems_do_not_stop_this_one() -> None:
    text = "stages: {dev: {name: a}, prod: {name: '${NAME_OF_PROD}', resources: {cpux: 1}}}"
    assert loaded(text, "dev").profile.name == "a"


def test_null_takes_away_what_a_prebuilt_image_does_not_need() -> None:
    text = "image: {build: docker}\nstages: {prod: {image: {build: null, reference: a/b}}}"
    assert loaded(text, "prod").profile.image.reference == "a/b"


def test_the_most_stages_are_fine() -> None:
    text = "stages: {" + ", ".join(f"s{number}: {{}}" for number in range(stages.MOST)) + "}"
    assert problems(text) == []
