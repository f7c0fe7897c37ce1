"""Any sequence of what can happen to Studios on one link: the model plays it, and judges."""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.studio.snapshots.model import Studios
from tests.studio.snapshots.simulation import HOUR

STORIES: dict[str, Callable[[Studios], None]] = {}


def story(play: Callable[[Studios], None]) -> Callable[[Studios], None]:
    STORIES[play.__name__.replace("_", " ")] = play
    return play


@story
def a_stale_checkpoint_gives_way(studios: Studios) -> None:
    studios.take_a_checkpoint(0)
    studios.commit_and_publish(0)
    studios.start_from_a_checkpoint(0, 0, HOUR)


@story
def an_unpublished_tail_is_kept_aside_when_another_went_on(studios: Studios) -> None:
    studios.commit(0)
    studios.take_a_checkpoint(0)
    studios.kill(0)
    studios.start(1, -HOUR)
    studios.commit_and_publish(1)
    studios.start_from_a_checkpoint(0, 0, 0.0)


@story
def a_tail_of_a_checkpoint_is_used_when_nothing_newer_was_published(studios: Studios) -> None:
    studios.commit(0)
    studios.take_a_checkpoint(0)
    studios.start_from_a_checkpoint(0, 0, 0.0)
    studios.commit_and_publish(0)
    studios.lose_the_machine_and_start_again(1, 0.0)


@story
def an_idle_clone_does_not_hide_what_the_other_published(studios: Studios) -> None:
    studios.start(1, HOUR)
    studios.stop(1)
    studios.commit_and_publish(0)
    studios.kill(0)
    studios.lose_the_machine_and_start_again(1, 0.0)


@story
def after_damage_the_one_before_is_used(studios: Studios) -> None:
    for _ in range(4):
        studios.commit_and_publish(0)
    studios.a_newest_file_is_damaged(0, False, True)
    studios.lose_the_machine_and_start_again(0, 0.0)
    studios.commit_and_publish(0)
    studios.lose_the_machine_and_start_again(1, -HOUR)


@story
def a_whole_file_after_an_error_is_no_harm(studios: Studios) -> None:
    studios.commit(0)
    studios.fail_to_publish(0, 1, "all")
    studios.commit(0)
    studios.fail_to_publish(0, 0, "half")
    studios.crash_and_start_again(0, 0.0)
    studios.commit_and_publish(0)
    studios.lose_the_machine_and_start_again(0, 0.0)


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.usefixtures("fast_disk")
def test_a_story(name: str) -> None:
    studios = Studios()
    try:
        studios.one_is_in_use()
        STORIES[name](studios)
    finally:
        studios.teardown()


@pytest.mark.usefixtures("fast_disk")
def test_whatever_happens_a_start_begins_with_the_newest_acknowledged_state() -> None:
    run_state_machine_as_test(
        Studios,
        settings=settings(
            max_examples=int(os.environ.get("MODEL_EXAMPLES", "80")),
            stateful_step_count=40,
            derandomize="MODEL_EXAMPLES" not in os.environ,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
