"""Role, API, lifespan, environment and name: pure, case by case."""

import pytest

from deploy.errors import PreflightFailed
from deploy.preflight import Finding, access, require, session
from deploy.profile.loading import Variable
from deploy.secret import Secret
from deploy.seqera.models import ComputeEnv, Label, Studio, Surroundings


@pytest.mark.parametrize(
    ("roles", "level"),
    [
        (("maintain",), "ok"),
        (("owner",), "ok"),
        (("ADMIN",), "ok"),
        (("launch", "maintain"), "ok"),
        (("launch",), "error"),
        (("connect",), "error"),
        (("view",), "error"),
        (("member", "view"), "error"),
        (("data-scientist",), "warning"),
        (("launch", "data-scientist"), "warning"),
        ((), "warning"),
    ],
)
def test_who_may_change_studios(roles: tuple[str, ...], level: str) -> None:
    found = access.role(Surroundings("ada", "Acme", "ml", 71, roles))
    assert found.level == level
    assert "Acme/ml" in found.text


def test_in_the_own_workspace_everybody_may() -> None:
    assert access.role(Surroundings("ada")).level == "ok"


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ("1.187.0", "ok"),
        ("1.200.0", "ok"),
        ("2.0", "ok"),
        ("1.99.0", "warning"),
        ("dev", "warning"),
        (None, "warning"),
    ],
)
def test_an_api_that_is_not_known_is_a_warning(version: str | None, level: str) -> None:
    assert access.api(version).level == level


@pytest.mark.parametrize(
    ("workspace_h", "studio_h", "level", "words"),
    [
        (None, 0, "ok", "unlimited"),
        (0, None, "ok", "unlimited"),
        (0, 8, "ok", "unlimited"),
        (None, None, "warning", "after 8 h"),
        (None, 24, "warning", "after 24 h, as the profile says"),
        (24, 24, "warning", "after 24 h, as the profile says"),
        (24, 0, "warning", "the workspace's own setting comes before"),
        (24, None, "warning", "the workspace's own setting comes before"),
    ],
)
def test_when_the_server_will_be_stopped(
    workspace_h: int | None, studio_h: int | None, level: str, words: str
) -> None:
    found = session.lifespan(workspace_h, studio_h)
    assert (found.level, words in found.text) == (level, True)


def variable(value: str | Secret) -> Variable:
    return Variable(value, local=False, visible=True)


def compute_env(refresh: str, **more: object) -> ComputeEnv:
    row = {"name": session.REFRESH, "value": refresh, **more}
    return ComputeEnv("1", "aws-eu", "aws-batch", "AVAILABLE", config={"environment": [row]})


@pytest.mark.parametrize(
    ("variables", "env", "levels"),
    [
        ({}, None, []),
        ({}, compute_env("120"), []),
        ({}, compute_env("60"), ["error"]),
        ({}, compute_env("soon"), ["error"]),
        ({}, compute_env("60", head=False, compute=True), []),
        ({session.REFRESH: variable("300")}, compute_env("60"), []),
        ({session.REFRESH: variable("60")}, None, ["error"]),
        ({session.REFRESH: variable(Secret("60"))}, None, ["warning", "error"]),
        ({session.REFRESH: variable(Secret("300"))}, None, ["warning"]),
        ({"A": variable("1")}, None, []),
        ({"A": variable(Secret("planted"))}, None, ["warning"]),
    ],
)
def test_what_the_session_gets_from_its_environment(
    variables: dict[str, Variable], env: ComputeEnv | None, levels: list[str]
) -> None:
    findings = session.environment(variables, env)
    assert [finding.level for finding in findings] == levels
    assert "planted" not in "".join(map(str, findings))


@pytest.mark.parametrize(
    ("word", "is_taken"),
    [
        ("ml", True),
        ("team-7_x", True),
        ("x" * 39, True),
        ("${sessionId}", True),
        ("x", False),
        ("x" * 40, False),
        ("a.b", False),
        ("a--b", False),
        ("-a", False),
        ("a b", False),
        ("größe", False),
        ("aws-ml", False),
        ("user-ml", False),
        ("ml\n", False),
    ],
)
def test_labels_are_checked_before_the_platform_does(word: str, is_taken: bool) -> None:
    assert (session.labels({"team": word}) == []) is is_taken
    assert (session.labels({word: "ml"}) == []) is is_taken


def test_labels_of_our_own_cannot_be_set_by_hand() -> None:
    found = session.labels({"studioctl-spec": "ml", "studioctl": "ml", "team": "ml"})
    assert [finding.level for finding in found] == ["error", "error"]


def test_a_studio_of_somebody_elses_is_adopted_with_a_warning() -> None:
    theirs = Studio("1", "mlflow", creator="grace")
    (found,) = session.name("mlflow", [Studio("2", "other"), theirs])
    assert found.level == "warning"
    assert "by grace" in found.text


def test_a_studio_of_our_own_is_no_surprise() -> None:
    ours = Studio("1", "mlflow", labels=(Label(1, "studioctl", "mlflow"),))
    assert session.name("mlflow", [ours, Studio("2", "other")]) == []


def test_all_errors_are_raised_together_and_nothing_else_is() -> None:
    findings = [
        Finding("a", "ok", "good"),
        Finding("b", "error", "first", "Mend it.\nSoon."),
        Finding("c", "warning", "well"),
        Finding("d", "error", "second"),
    ]
    with pytest.raises(PreflightFailed) as caught:
        require(findings)
    assert str(caught.value) == (
        "2 checks have failed, nothing was changed:\n"
        "- b: first\n    Mend it.\n    Soon.\n"
        "- d: second"
    )
    assert [finding.check for finding in caught.value.findings] == ["b", "d"]
    require([finding for finding in findings if finding.level != "error"])


@pytest.mark.parametrize(
    ("codes", "expected"), [([3], 3), ([4], 4), ([6, 6], 6), ([4, 3], 3), ([6, 4], 3)]
)
def test_the_exit_code_is_that_of_all_errors_or_that_of_a_wrong_setting(
    codes: list[int], expected: int
) -> None:
    with pytest.raises(PreflightFailed) as caught:
        require([Finding("a", "error", "x", exit_code=code) for code in codes])
    assert caught.value.exit_code == expected
