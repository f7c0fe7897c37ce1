"""Why a Studio does not run, in words."""

import pytest

from deploy.seqera.models import Step, Studio
from deploy.studios.explain import failure, stop_reason

# All values of DataStudioStopReason in the Platform's OpenAPI description.
CODES = ["CREDITS_RUN_OUT", "LIFESPAN_EXPIRED", "SPOT_RECLAMATION", "NO_STATS_AVAIL"]


@pytest.mark.parametrize("code", CODES)
def test_every_reason_is_a_sentence_with_a_remedy(code: str) -> None:
    said = stop_reason(code)
    assert code not in said
    assert said.count(". ") >= 1
    assert said.endswith(".")


def test_a_reason_that_is_not_known_is_passed_on() -> None:
    assert stop_reason("ABDUCTED") == "The Platform calls the reason ABDUCTED."


def test_all_that_is_known_about_a_failure_is_said() -> None:
    studio = Studio(
        "a",
        "mlflow",
        status="errored",
        message="Essential container\nexited \x1b[31mred",
        stop_reason="CREDITS_RUN_OUT",
        progress=(
            Step("Pull", "succeeded", ("the cache is cold",)),
            Step("Mount", "errored", ("no such bucket",)),
            Step("Start", "pending"),
        ),
        build_url="https://wave.example.com/view/builds/bd-1",
    )
    said = "\n".join(failure(studio))
    assert said.startswith("Essential container exited [31mred\n")
    for part in ("no credits left", "cache is cold", "step that failed: Mount", "no such bucket"):
        assert part in said
    assert "https://wave.example.com/view/builds/bd-1" in said
    assert "Start" not in said.split()
