"""Secrets: refused where others would read them, and never shown, wherever they are."""

import pytest

from deploy.profile import showing
from deploy.resolve import Value
from deploy.secret import Secret
from tests.deploy.profile.writing import loaded, problem, problems

URI = "postgresql://mlflow:hunter2hunter2@db/mlflow"


@pytest.mark.parametrize(
    "entry",
    [
        f"MLFLOW_BACKEND_STORE_URI: {URI}",
        f"X: {{value: '{URI}'}}",
        "DB_PASSWORD: hunter2hunter2",
        "PGPASSWORD: ${PW}",
        "AWS_SECRET_ACCESS_KEY: hunter2hunter2",
        "API_TOKEN: {from_env: PW}",
        "X: {from_env: URI}",
        "X: {from_env: MY_SECRET}",
        "X: 'a-${MY_SECRET}'",
        "X: hunter2hunter2",
        "X: postgresql://db/mlflow?user=a&password=hunter2hunter2",
        "X: '-----BEGIN RSA PRIVATE KEY-----hunter2hunter2'",
    ],
)
def test_a_secret_in_the_environment_is_refused_with_three_ways_out(entry: str) -> None:
    env = {"PW": "hunter2hunter2", "MY_SECRET": "hunter2hunter2", "URI": URI}
    text = problem(f"environment:\n  {entry}", **env)
    assert "this looks like a secret" in text
    assert "a URI without a password" in text
    assert "MLFLOW_BACKEND_STORE_URI_FILE" in text
    assert "{from_env: VARIABLE, visible: true}" in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    "entry",
    [
        "MLFLOW_BACKEND_STORE_URI: postgresql://mlflow@db/mlflow",
        "MLFLOW_BACKEND_STORE_URI_FILE: /workspace/data/private/uri",
        "DB_PASSWORD_FILE: /workspace/data/private/password",
        'MLFLOW_SERVER_SECRETS_CACHE_TTL: "60"',
        'TOKENIZERS_PARALLELISM: "false"',
        'DB_PASSWORD: ""',
        "X: https://example.com:8080/a@b",
        "X: {from_env: REGION}",
        "AWS_ACCESS_KEY_ID: AKIAEXAMPLE",
    ],
)
def test_what_is_no_secret_is_not_refused(entry: str) -> None:
    assert problems(f"environment:\n  {entry}", REGION="eu-west-1") == []


@pytest.mark.parametrize(
    "entry",
    [
        "DB_PASSWORD: {from_env: PW, visible: true}",
        "DB_PASSWORD: {value: hunter2hunter2, visible: true}",
        "X: {from_env: PW, visible: true}",
        f"X: {{value: '{URI}', visible: true}}",
    ],
)
def test_a_visible_one_is_accepted_and_still_masked(entry: str) -> None:
    found = loaded(f"environment:\n  {entry}", PW="hunter2hunter2")
    (variable,) = found.environment.values()
    assert isinstance(variable.value, Secret)
    assert "hunter2" in variable.value.reveal()
    assert variable.visible
    shown = showing.values(found, Value(None, "default"))
    assert "hunter2" not in "\n".join(showing.lines(shown))
    assert "***" in "\n".join(showing.lines(shown))
    assert "hunter2" not in str(showing.document(shown))
    assert "hunter2" not in repr(found)
    assert "hunter2" not in repr(found.profile)


def test_a_value_of_this_machine_is_marked_so_that_it_stays_off_command_lines() -> None:
    found = loaded("environment: {A: {from_env: REGION}, B: c, D: '${REGION}-1'}", REGION="eu")
    assert (found.environment["D"].value, found.environment["D"].local) == ("eu-1", True)
    assert (found.environment["A"].value, found.environment["A"].local) == ("eu", True)
    assert (found.environment["B"].value, found.environment["B"].local) == ("c", False)


@pytest.mark.parametrize(
    "text",
    [
        "name: hunter2hunter2",
        "name: ${TOWER_ACCESS_TOKEN}",
        "description: 'a ${TOWER_ACCESS_TOKEN} b'",
        "workspace: ${TOWER_ACCESS_TOKEN}",
        "compute-env: ${TOWER_ACCESS_TOKEN}",
        "resources: {cpu: '${TOWER_ACCESS_TOKEN}', gpu: hunter2hunter2}",
        "resources: {memory: '${TOWER_ACCESS_TOKEN}'}",
        "session: {private: '${TOWER_ACCESS_TOKEN}', lifespan: hunter2hunter2}",
        "image: {build: '${TOWER_ACCESS_TOKEN}'}",
        "image: {repository: 'https://u:hunter2hunter2@h/x'}",
        "image: {context: '${TOWER_ACCESS_TOKEN}'}",
        "image: {arguments: {A: '${TOWER_ACCESS_TOKEN}'}}",
        "image: {arguments: {PIP_INDEX_URL: 'https://u:hunter2hunter2@h/simple'}}",
        "image: {arguments: {MY_TOKEN: hunter2}}",
        "image: {reference: '${TOWER_ACCESS_TOKEN}'}",
        "data-links: ['s3://u:hunter2hunter2@bucket']",
        "data-links: [{name: hunter2hunter2}]",
        "environment: hunter2hunter2",
        "environment: {A: [hunter2hunter2]}",
        "environment: {hunter2hunter2: a}",
        "environment: {'https://u:hunter2hunter2@h': a}",
        "labels: {a: hunter2hunter2}",
        "hunter2hunter2: a",
        "https://u:hunter2hunter2@h: a",
        "stages: {dev: {name: hunter2hunter2}}",
        "stages: {hunter2hunter2: 1}",
        "name: &hunter2hunter2 a",
        "name: *hunter2hunter2",
        "name: !hunter2hunter2 a",
        "name: @hunter2hunter2",
        "name: a: hunter2hunter2",
        "%TAG hunter2hunter2",
        "? {hunter2hunter2: a}\n: b",
        "hunter2hunter2: a\nhunter2hunter2: b",
    ],
)
def test_a_secret_planted_anywhere_is_a_problem_and_is_not_shown(text: str) -> None:
    found = problems(text, TOWER_ACCESS_TOKEN="hunter2hunter2")
    assert found
    assert "hunter2" not in "\n".join(found)


def test_short_values_of_secrets_are_not_searched_for() -> None:
    assert problems("name: mlflow", MY_TOKEN="mlflow") == []
