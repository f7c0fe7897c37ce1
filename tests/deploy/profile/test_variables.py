"""`${NAME}`: where it is filled in, what it may hold, and what is said when it is not there."""

import pytest

from tests.deploy.profile.writing import loaded, problem, problems


@pytest.mark.parametrize(
    ("written", "env", "name"),
    [
        ("${A}", {"A": "x"}, "x"),
        ("a-${A}-${B}", {"A": "x", "B": "y"}, "a-x-y"),
        ("${A:-z}", {}, "z"),
        ("${A:-z}", {"A": ""}, "z"),
        ("${A:-z}", {"A": "x"}, "x"),
        ("${A:-a:-b}", {}, "a:-b"),
        ("$${A}", {"A": "x"}, "${A}"),
        ("$A $1 $", {"A": "x"}, "$A $1 $"),
        ("$$${A}", {"A": "x"}, "$${A}"),
        ("${A}", {"A": "${B}", "B": "x"}, "${B}"),
        ("${A}", {"A": "123"}, "123"),
        ("${A}", {"A": "no: way # ok"}, "no: way # ok"),
    ],
)
@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_value_is_filled_in(written: str, env: dict[str, str], name: str, quote: str) -> None:
    assert loaded(f"name: {quote}{written}{quote}", **env).profile.name == name


def test_numbers_and_booleans_may_come_from_variables() -> None:
    found = loaded(
        "resources: {cpu: '${CPU}', memory: '${MEMORY}', gpu: '${GPU:-1}'}\n"
        "session:\n  private: ${PRIVATE}\n  lifespan: ${HOURS}\n"
        "workspace: ${WS}\nimage:\n  build: ${BUILD}\n",
        CPU="4",
        MEMORY="16 GiB",
        PRIVATE="true",
        HOURS="24",
        WS="123",
        BUILD="docker",
    ).profile
    assert (found.resources.cpu, found.resources.memory, found.resources.gpu) == (4, 16384, 1)
    assert (found.session.private, found.session.lifespan) == (True, 24)
    assert (found.workspace, found.image.build) == ("123", "docker")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: ${NOPE}", "1:7: name: the environment variable NOPE is not set"),
        ("labels:\n  a: x-${NOPE}", "2:6: labels.a: the environment variable NOPE is not set"),
        ("name: '${}'", "1:7: name: not a variable; write ${NAME} or ${NAME:-default}"),
        ("name: '${1A}'", "1:7: name: not a variable; write ${NAME} or ${NAME:-default}"),
        ("name: '${A-b}'", "1:7: name: not a variable; write ${NAME} or ${NAME:-default}"),
        ("name: '${A'", "1:7: name: not a variable; write ${NAME} or ${NAME:-default}"),
        ("labels: {'${A}': b}", '1:10: labels."${A}": variables are for values, not for keys'),
        ("environment: {A: {from_env: NOPE}}", "1:29: environment.A.from_env: the environment var"),
        (
            "environment: {A: {from_env: A-B}}",
            "1:29: environment.A.from_env: write the name of a v",
        ),
    ],
)
def test_what_cannot_be_filled_in_is_named_with_its_place(text: str, expected: str) -> None:
    assert problem(text).startswith(expected)


def test_every_unset_variable_is_told_at_once() -> None:
    found = problems("name: ${A}\ndescription: ${B}\nresources:\n  cpu: ${C}\n")
    assert [text.rsplit("variable ")[1] for text in found] == [
        "A is not set",
        "B is not set",
        "C is not set",
    ]


@pytest.mark.parametrize("key", ["resources: {cpu: '${A}'}", "session: {private: '${A}'}"])
def test_a_wrong_value_of_a_variable_is_not_shown(key: str) -> None:
    assert "hunter2" not in problem(key, A="hunter2")


def test_a_stage_may_need_a_variable_that_is_set_only_where_it_is_deployed() -> None:
    text = (
        "stages:\n  prod:\n    name: ${NAME_OF_PROD}\n"
        "    environment: {A: {from_env: ONLY_THERE}}\n    resources: {cpu: '${CPUS}'}\n"
    )
    assert problems(text) == []
    assert len(problems(text, "prod")) == 3


def test_a_base_needs_its_variables_everywhere() -> None:
    assert len(problems("name: ${NOPE}\nstages: {dev: {}}")) == 1
