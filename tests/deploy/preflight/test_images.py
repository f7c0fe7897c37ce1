"""Which images can be deployed: pure, case by case."""

from typing import Any, get_args

import pytest

from deploy.preflight import Resolved, image
from deploy.registry import Inspected, Unknown
from deploy.registry.inspection import Reason
from deploy.seqera.models import ComputeEnv, Surroundings

NOW = 1_790_000_000.0
H = 3600
REFERENCE = "registry.example.com/acme/mlflow:0a1b2c3d"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlflow:1"
ACR = "acme.azurecr.io/mlflow:1"
WAVE = "wave.seqera.io/wt/0a1b2c3d4e5f/acme/mlflow:1"
CLOUD = Resolved(is_cloud=True)


def inspected(reference: str = REFERENCE, **members: Any) -> Inspected:
    given: dict[str, Any] = {
        "digest": "sha256:" + "0" * 64,
        "platforms": ("linux/amd64",),
        "labels": {"io.seqera.connect.version": "0.12"},
        **members,
    }
    return Inspected(reference, **given)


def said(
    found: Inspected | Unknown | None,
    reference: str | None = REFERENCE,
    *,
    expires_at: float | None = None,
    resolved: Resolved = CLOUD,
    lifespan_h: int | None = 0,
) -> dict[str, str]:
    """What is said, by its level; the same level never twice in these cases."""
    findings = image(reference, expires_at, found, resolved, lifespan_h, NOW)
    return {finding.level: str(finding) for finding in findings}


def test_a_good_image_is_said_in_one_line() -> None:
    assert said(inspected()) == {"ok": f"image: {REFERENCE}"}


def test_an_image_that_is_built_first_has_nothing_to_look_at() -> None:
    assert said(None, None) == {"ok": "image: it is built first"}


@pytest.mark.parametrize(("reference", "level"), [(REFERENCE, "warning"), (WAVE, "ok")])
def test_an_image_that_is_gone_and_built_again_is_named(reference: str, level: str) -> None:
    gone = said(Unknown(reference, "no such image", "manifest unknown"), None)
    assert f"{reference} is not in its registry any more (manifest unknown)" in gone[level]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (inspected(platforms=("linux/arm64/v8",)), "linux/arm64/v8"),
        (inspected(platforms=()), "no platform"),
        (Unknown(REFERENCE, "no such image", "manifest unknown"), "manifest unknown"),
        (Unknown(REFERENCE, "no access", "denied"), "docker login registry.example.com"),
        (inspected(public=False), "is private"),
    ],
)
def test_what_the_platform_could_not_run_is_an_error(
    found: Inspected | Unknown, words: str
) -> None:
    (level,) = (answer := said(found))
    assert level == "error"
    assert words in answer["error"]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Unknown(REFERENCE, "unreachable", "no connection"), "no connection"),
        (Unknown(REFERENCE, "not understood", "an HTML page"), "an HTML page"),
        (Unknown(ECR, "no access", "denied"), "could not be looked at"),
        (Unknown(ACR, "no access", "denied"), "could not be looked at"),
        (inspected(labels={}), "no label io.seqera.connect.version"),
        (inspected(labels={"io.seqera.connect.version": "0.9"}), "supports 0.10 and later"),
        (inspected(labels={"io.seqera.connect.version": "edge"}), "odd version"),
        (inspected(user="app"), "the user app"),
        (inspected("127.0.0.1:5000/mlflow:1"), "on this machine"),
    ],
)
def test_what_may_work_is_a_warning(found: Inspected | Unknown, words: str) -> None:
    answer = said(found, found.reference)
    assert set(answer) == {"ok", "warning"}
    assert words in answer["warning"]


@pytest.mark.parametrize("version", ["0.10", "0.12.1", "v0.13", "1.0"])
def test_supported_clients_are_not_mentioned(version: str) -> None:
    found = inspected(labels={"io.seqera.connect.version": version}, user="root")
    assert set(said(found)) == {"ok"}


@pytest.mark.parametrize("reference", [ECR, ACR])
def test_the_cloud_can_log_in_to_the_registries_of_aws_and_azure(reference: str) -> None:
    assert set(said(inspected(reference, public=False), reference)) == {"ok"}


@pytest.mark.parametrize(
    ("found", "reference"),
    [
        (inspected(public=False), REFERENCE),
        (Unknown(REFERENCE, "no access", "denied"), REFERENCE),
        (inspected(ACR, public=False), ACR),
    ],
)
def test_an_installation_of_ones_own_may_know_more_logins(
    found: Inspected | Unknown, reference: str
) -> None:
    assert set(said(found, reference, resolved=Resolved())) == {"ok", "warning"}


@pytest.mark.parametrize("tag", ["latest", "main", "Latest", ""])
def test_a_tag_that_moves_is_refused_with_the_name_that_does_not(tag: str) -> None:
    reference = REFERENCE.partition(":")[0] + (f":{tag}" if tag else "")
    found = inspected(reference)
    answer = said(found, reference)
    assert set(answer) == {"error"}
    assert f"registry.example.com/acme/mlflow@{found.digest}" in answer["error"]
    assert set(said(found, f"{reference}@{found.digest}")) == {"ok"}


@pytest.mark.parametrize(
    ("left_s", "lifespan_h", "level"),
    [
        (-H, 8, "error"),
        (60, 8, "error"),
        (7 * H, 8, "warning"),
        (9 * H, 8, "ok"),
        (35 * H, 0, "warning"),
        (35 * H, None, "ok"),
    ],
)
def test_a_temporary_image_must_outlive_the_session(
    left_s: float, lifespan_h: int | None, level: str
) -> None:
    answer = said(inspected(WAVE), WAVE, expires_at=NOW + left_s, lifespan_h=lifespan_h)
    assert level in answer
    if level == "warning":
        assert "--freeze" in answer["warning"]


def test_the_workspaces_own_lifespan_decides_how_long_the_image_is_needed() -> None:
    resolved = Resolved(Surroundings("ada", lifespan_h=4), is_cloud=True)
    at = {"expires_at": NOW + 5 * H, "lifespan_h": 0}
    assert set(said(inspected(WAVE), WAVE, resolved=resolved, **at)) == {"ok"}  # type: ignore[arg-type]


def test_a_temporary_image_of_unknown_age_is_a_warning() -> None:
    assert set(said(inspected(WAVE), WAVE)) == {"ok", "warning"}


def test_machines_with_arm_need_an_image_for_them() -> None:
    env = ComputeEnv("1", "arm", "aws-cloud", "AVAILABLE", config={"arm64Enabled": True})
    resolved = Resolved(compute_env=env, is_cloud=True)
    assert set(said(inspected(), resolved=resolved)) == {"error"}
    assert set(said(inspected(platforms=("linux/arm64",)), resolved=resolved)) == {"ok"}


def test_all_that_is_wrong_is_said_together() -> None:
    found = inspected("127.0.0.1:5000/mlflow", platforms=("linux/arm64",), public=False)
    findings = image("127.0.0.1:5000/mlflow", NOW - 1, found, CLOUD, 0, NOW)
    assert [finding.level for finding in findings] == [
        "error",
        "error",
        "warning",
        "error",
        "error",
    ]


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_for_not_knowing_is_said_in_the_registrys_words(reason: Reason) -> None:
    answer = said(Unknown(REFERENCE, reason, "its own words"))
    assert "its own words" in (answer.get("error") or answer["warning"])
