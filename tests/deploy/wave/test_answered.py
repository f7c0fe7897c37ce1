"""What Wave's answers mean: tables of documents and their readings."""

import pytest

from deploy.wave import answered
from deploy.wave.answered import Ending, Status

BUILD = "bd-4d7c6f2494d10f53_1"
TARGET = {"requestId": "a0b1", "targetImage": "w/wt/a0b1/x:1", "containerImage": "r/x:1"}


@pytest.mark.parametrize(
    ("document", "outcome", "wanted"),
    [
        ({"buildId": BUILD, "cached": False}, None, Ending.RUNNING),
        ({"buildId": BUILD, "cached": False}, True, Ending.BUILT),
        ({"buildId": BUILD, "cached": False}, False, Ending.FAILED),
        ({"buildId": BUILD, "cached": True}, True, Ending.REUSED),
        ({"buildId": BUILD, "cached": True}, False, Ending.FAILED_BEFORE),
        ({}, True, Ending.IN_REGISTRY),
        ({}, False, Ending.FAILED),
    ],
)
def test_an_ending_follows_from_what_was_answered(
    document: dict[str, object], outcome: bool | None, wanted: Ending
) -> None:
    answer = answered.submitted({**TARGET, **document})
    assert answered.ending(answer, outcome) is wanted


@pytest.mark.parametrize(
    ("document", "over"),
    [
        ({"status": "DONE", "succeeded": True}, True),
        ({"status": "DONE", "succeeded": False}, True),
        ({"status": "COMPLETED", "succeeded": True}, True),
        ({"status": "DONE"}, False),
        ({"status": "DONE", "succeeded": "true"}, False),
        ({"status": "BUILDING"}, False),
        ({"status": "PENDING", "succeeded": True}, False),
        ({"status": "SCANNING", "succeeded": True}, False),
        ({"status": "NEW STATE"}, False),
        ({}, False),
    ],
)
def test_only_a_stated_outcome_ends_a_wait(document: dict[str, object], over: bool) -> None:
    assert answered.status(document).is_over is over


@pytest.mark.parametrize(
    ("began", "asked", "cached", "wanted"),
    [
        ("2026-01-01T00:00:00Z", 1767225660.0, False, True),
        ("2026-01-01T00:01:00Z", 1767225660.0, False, False),
        ("2026-01-01T00:01:05Z", 1767225660.0, False, False),
        ("2026-01-01T00:00:00Z", 1767225660.0, True, False),
        ("2026-01-01T00:00:00Z", None, False, False),
        ("nonsense", 1767225660.0, False, False),
    ],
)
def test_a_build_that_began_before_is_a_joined_one(
    began: str, asked: float | None, cached: bool, wanted: bool
) -> None:
    answer = answered.submitted({**TARGET, "buildId": BUILD, "cached": cached}, asked)
    status = answered.status({"status": "BUILDING", "creationTime": began})
    assert answered.joined(answer, status) is wanted


def test_members_of_a_wrong_kind_count_as_absent() -> None:
    odd = {"requestId": 7, "targetImage": [], "cached": "no", "expiration": "soon", "buildId": {}}
    answer = answered.submitted(odd)
    assert (answer.id, answer.target_image, answer.cached) == ("", "", None)
    assert (answer.expires_at, answer.build_id) == (None, None)
    assert answered.status({"status": 3, "duration": []}) == Status("UNKNOWN")


@pytest.mark.parametrize("odd", ["a b", "a\nb", "a\x1b[2J", "ä", ""])
def test_a_name_that_could_confuse_a_terminal_or_a_script_is_none(odd: str) -> None:
    answer = answered.submitted({**TARGET, "targetImage": odd, "buildId": odd})
    assert (answer.target_image, answer.build_id) == ("", None)


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ({}, ()),
        ({"container": {"config": {}}}, ()),
        ({"container": None, "index": []}, ()),
        ({"index": {"manifests": [{"platform": {"architecture": "arm64"}}, 7]}}, ("arm64",)),
        (
            {
                "index": {
                    "manifests": [
                        {"platform": {"architecture": "arm64"}},
                        {"platform": {"architecture": "amd64"}},
                        {"platform": {"architecture": "unknown"}},
                    ]
                }
            },
            ("amd64", "arm64"),
        ),
    ],
)
def test_the_processors_of_an_image_are_read(
    document: dict[str, object], wanted: tuple[str, ...]
) -> None:
    assert answered.architectures(document) == wanted
