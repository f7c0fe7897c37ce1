"""Which compute environments can run a Studio: pure, case by case."""

from typing import Any

import pytest

from deploy.preflight import computing
from deploy.preflight.findings import Finding
from deploy.seqera.models import ComputeEnv

GOOD = ComputeEnv("ce1", "aws-eu", "aws-batch", "AVAILABLE")


def an_environment(**members: Any) -> ComputeEnv:
    config = members.pop("config", {})
    given = {"id": "ce1", "name": "aws-eu", "platform": "aws-batch", "status": "AVAILABLE"}
    return ComputeEnv(**{**given, **members}, config=config)


def levels(findings: list[Finding]) -> list[str]:
    return [finding.level for finding in findings]


def test_one_is_chosen_by_name_or_id() -> None:
    other = ComputeEnv("ce2", "ce1", "aws-batch", "AVAILABLE")
    assert computing.chosen([other, GOOD], "aws-eu") == (GOOD, [])
    assert computing.chosen([other, GOOD], "ce1") == (GOOD, [])


def test_of_two_with_one_name_the_available_one_is_chosen() -> None:
    gone = ComputeEnv("ce0", "aws-eu", "aws-batch", "DELETED")
    assert computing.chosen([gone, GOOD], "aws-eu")[0] == GOOD


@pytest.mark.parametrize(
    ("entries", "wanted", "said"),
    [
        ([GOOD], "aws-ue", 'did you mean "aws-eu"?'),
        ([GOOD], "other", '"aws-eu"'),
        ([], "aws-eu", "there are none at all"),
        (
            [GOOD, ComputeEnv("2", "b", "aws-cloud", "AVAILABLE")],
            None,
            'no primary one: "aws-eu", "b"',
        ),
        ([], None, "the workspace has none\nAdd one"),
    ],
)
def test_none_is_chosen_where_it_is_not_clear(
    entries: list[ComputeEnv], wanted: str | None, said: str
) -> None:
    env, findings = computing.chosen(entries, wanted)
    assert env is None
    assert levels(findings) == ["error"]
    assert said in str(findings[0])


@pytest.mark.parametrize(
    "entries",
    [
        [ComputeEnv("2", "b", "slurm-platform", "AVAILABLE"), GOOD],
        [ComputeEnv("2", "b", "aws-batch", "ERRORED"), GOOD],
    ],
    ids=["the other cannot", "the other is broken"],
)
def test_without_a_wish_the_only_usable_one_is_taken(entries: list[ComputeEnv]) -> None:
    env, findings = computing.chosen(entries, None)
    assert env == GOOD
    assert levels(findings) == ["ok"]


def test_without_a_wish_the_primary_one_is_taken() -> None:
    primary = ComputeEnv("2", "b", "aws-cloud", "AVAILABLE", primary=True)
    assert computing.chosen([GOOD, primary], None)[0] == primary


WRONG: dict[str, tuple[ComputeEnv, dict[str, Any], str]] = {
    "status": (an_environment(status="ERRORED", message="role is missing"), {}, "role is missing"),
    "disabled": (an_environment(status="DISABLED"), {}, "is DISABLED"),
    "no status": (an_environment(status=""), {}, "unknown state"),
    "platform": (an_environment(platform="slurm-platform"), {}, "cannot run Studios"),
    "Google Batch": (an_environment(platform="google-batch"), {}, "cannot run Studios"),
    "Fargate": (an_environment(config={"forge": {"fargateHeadEnabled": True}}), {}, "Fargate"),
    "CPUs": (an_environment(config={"headJobCpus": 2}), {"cpu": 4}, "resources.cpu 4"),
    "memory": (an_environment(config={"headJobMemoryMb": 4096}), {"memory": 8192}, "4096 MiB"),
    "GPUs": (an_environment(config={"forge": {"gpuEnabled": False}}), {"gpu": 1}, "no GPUs"),
    "GPUs of AWS Cloud": (an_environment(platform="aws-cloud"), {"gpu": 1}, "no GPUs"),
}


@pytest.mark.parametrize("case", list(WRONG))
def test_what_cannot_run_the_studio_is_an_error(case: str) -> None:
    env, wanted, said = WRONG[case]
    findings = computing.examined(env, **wanted)
    assert levels(findings) == ["error"]
    assert said in str(findings[0])


def test_all_that_is_wrong_is_said_together() -> None:
    env = an_environment(
        status="INVALID", config={"headJobCpus": 2, "forge": {"fargateHeadEnabled": True}}
    )
    assert levels(computing.examined(env, cpu=4, gpu=1)) == ["error"] * 4


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        (GOOD, {"cpu": 64, "memory": 1_000_000}),
        (an_environment(config={"headJobCpus": 4, "headJobMemoryMb": 8192}), {"cpu": 4}),
        (an_environment(config={"headJobCpus": 0}), {"cpu": 4}),
        (an_environment(config={"headJobCpus": 2}), {"cpu": 0}),
        (an_environment(config={"forge": {"gpuEnabled": True}}), {"gpu": 1}),
        (an_environment(platform="aws-cloud", config={"gpuEnabled": True}), {"gpu": 1}),
        (an_environment(platform="azure-cloud"), {}),
        (an_environment(platform="google-cloud"), {"spot": True}),
    ],
)
def test_what_fits_is_said_in_one_line(env: ComputeEnv, wanted: dict[str, Any]) -> None:
    assert levels(computing.examined(env, **wanted)) == ["ok"]


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        (an_environment(platform="seqeracompute-platform"), {}),
        (an_environment(platform="moon-cloud"), {}),
        (an_environment(platform="google-cloud"), {"gpu": 1}),
        (an_environment(), {"gpu": 1}),
        (an_environment(), {"spot": True}),
    ],
)
def test_what_is_not_known_is_a_warning(env: ComputeEnv, wanted: dict[str, Any]) -> None:
    assert levels(computing.examined(env, **wanted)) == ["ok", "warning"]
