"""Somebody else works on the same Studio: one of them wins, and the other says so."""

import threading
from collections.abc import Callable

import pytest

from deploy.errors import ChangedMeanwhile, NameTaken, StudioctlError
from tests.deploy.rollout.desk import NAME, NEW, OLD, Desk
from tests.deploy.wishes import plain
from tests.fakes.platform import Errored
from tests.fakes.server import Reply


def theirs(desk: Desk) -> None:
    """Somebody else changes the Studio."""
    studio = desk.platform.studio(NAME)
    label = desk.platform.add_label("studioctl-spec", "of-somebody")
    studio.labels = [*(each for each in studio.labels if each.name != label.name), label]
    studio.configuration["cpu"] = 8


def test_a_studio_that_was_changed_after_the_plan_is_left_alone(running: Desk) -> None:
    plan = running.plan(running.wish(image=NEW))
    running.platform.book.all["a1b2c301"].changed_at = running.clock.now()
    with pytest.raises(ChangedMeanwhile, match=r"(?s)The plan would be now:.*replace") as caught:
        running.carry_out(plan)
    assert caught.value.exit_code == 6
    assert running.platform.writes() == []


def test_a_studio_that_was_stopped_after_the_plan_is_left_alone(running: Desk) -> None:
    plan = running.plan(running.wish(image=OLD, cpu=4))
    running.both.studios.stop("a1b2c301")
    running.clock.sleep(60)
    running.platform.calls.clear()
    with pytest.raises(ChangedMeanwhile, match="it is stopped now, and was running"):
        running.carry_out(plan)
    assert running.platform.writes() == []


@pytest.mark.parametrize("change", [{"image": NEW}, {"image": OLD, "cpu": 4}], ids=str)
@pytest.mark.parametrize("status", ["starting", "stopping"])
def test_what_goes_on_by_itself_is_nobody_elses_work(
    running: Desk, change: dict[str, object], status: str
) -> None:
    running.both.studios.stop("a1b2c301")
    if status == "starting":
        running.clock.sleep(60)
        running.both.studios.start("a1b2c301")
    plan = running.plan(running.wish(**change))
    assert plan.seen is not None
    assert plan.seen.status == status
    running.clock.sleep(60)
    assert running.carry_out(plan).ready.state == "ready"


def test_a_studio_that_was_deleted_after_the_plan_is_not_made_anew(running: Desk) -> None:
    plan = running.plan(running.wish(image=NEW))
    del running.platform.book.all["a1b2c301"]
    with pytest.raises(ChangedMeanwhile, match="it was deleted"):
        running.carry_out(plan)
    assert running.platform.writes() == []


def test_one_that_is_changed_while_it_stops_is_not_started_over_the_others_head(
    running: Desk,
) -> None:
    def change() -> None:
        studio = running.platform.book.all["a1b2c301"]
        studio.name = "theirs"
        studio.changed_at = running.clock.now()

    running.clock.at(running.clock.passed + 1, change)
    with pytest.raises(StudioctlError, match="Somebody else works on it"):
        running.deploy(running.wish(image=NEW))
    assert running.platform.status("theirs") == "stopped"


def test_what_another_has_made_just_so_is_waited_for(desk: Desk) -> None:
    desired = desk.wish(image=OLD)
    plan = desk.plan(desired)
    desk.both.create(desk.both.api, desired)
    outcome = desk.carry_out(plan)
    assert outcome.ready.state == "ready"
    assert outcome.actions == ()
    assert len(desk.platform.names()) == 1


def test_what_another_has_made_while_we_were_turned_away_is_not_ours(desk: Desk) -> None:
    desired = desk.wish(image=OLD)
    plan = desk.plan(desired)
    desk.platform.fail("POST /api/studios", Reply.error(429, "later"))
    desk.platform.fail(
        "POST /api/studios", lambda: desk.both.create(desk.both.api, desired) and None
    )
    outcome = desk.carry_out(plan)
    assert (outcome.ready.state, outcome.actions) == ("ready", ())


def test_what_another_has_made_otherwise_is_a_conflict(desk: Desk) -> None:
    plan = desk.plan(desk.wish(image=OLD))
    desk.both.create(desk.both.api, desk.wish(image=NEW))
    with pytest.raises(ChangedMeanwhile, match=r"another Studio of this name .* was made by ada"):
        desk.carry_out(plan)
    assert desk.platform.studio(NAME).image == NEW


def test_an_old_studio_whose_name_another_has_taken_stays_aside(running: Desk) -> None:
    def take() -> None:
        running.platform.add_studio(NAME, image="ghcr.io/acme/mlflow:3")

    running.platform.fail("POST /api/labels", take, after=2)
    with pytest.raises(StudioctlError, match="another Studio of this name") as caught:
        running.deploy(running.wish(image=NEW))
    assert caught.value.exit_code == 6
    assert "somebody else works on it" in str(caught.value)
    (away,) = set(running.platform.names()) - {NAME}
    assert running.platform.status(away) == "stopped"
    assert running.platform.status(NAME) == "running"


def test_a_name_that_is_taken_by_what_cannot_be_seen_is_said(desk: Desk) -> None:
    desk.platform.fail("POST /api/studios", Reply.error(409, "exists"), times=5)
    with pytest.raises(NameTaken):
        desk.deploy(desk.wish(image=OLD))


def both_at_once(desk: Desk, *deploys: Callable[[], object]) -> list[object]:
    """Run deploys at the same time; give what came of each, in their order."""
    found: list[object] = [None] * len(deploys)
    barrier = threading.Barrier(len(deploys))

    def run(number: int) -> None:
        barrier.wait()
        try:
            found[number] = deploys[number]()
        except StudioctlError as error:
            found[number] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(deploys))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


@pytest.mark.parametrize("round_", range(5))
@pytest.mark.parametrize("other", [NEW, "ghcr.io/acme/mlflow:3"], ids=["same", "other"])
@pytest.mark.parametrize("first", [True, False], ids=["create", "replace"])
def test_of_two_deploys_at_once_there_is_one_studio(
    desk: Desk, first: bool, other: str, round_: int
) -> None:
    if not first:
        desk.deploy(desk.wish(image=OLD))
        desk.clock.sleep(3600)
    plans = [desk.plan(desk.wish(image=image)) for image in (NEW, other)]
    found = both_at_once(desk, *(lambda plan=plan: desk.carry_out(plan) for plan in plans))
    winners = [each for each in found if not isinstance(each, StudioctlError)]
    losers = [each for each in found if isinstance(each, StudioctlError)]
    assert desk.platform.names().count(NAME) == 1
    up = [name for name in desk.platform.names() if desk.platform.status(name) == "running"]
    assert up == [NAME]
    if losers:
        assert all(error.exit_code == 6 for error in losers)
    if other == NEW or first:
        assert winners
    if other != NEW:
        assert losers


@pytest.mark.parametrize("round_", range(5))
def test_of_two_updates_at_once_one_says_so(desk: Desk, round_: int) -> None:
    desk.deploy(desk.wish(image=OLD))
    desk.clock.sleep(3600)
    plans = [
        desk.plan(desk.wish(image=OLD, environment={"A": plain(value)})) for value in ("1", "2")
    ]
    found = both_at_once(desk, *(lambda plan=plan: desk.carry_out(plan) for plan in plans))
    assert any(isinstance(each, StudioctlError) for each in found)
    assert desk.platform.names() == [NAME]
    assert desk.platform.status(NAME) == "running"


def test_a_field_that_the_platform_did_not_take_is_said(
    running: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = running.platform.book._configuration

    def forget(asked: object, sent: dict[str, object]) -> dict[str, object]:
        return {**keep(asked, sent), "cpu": 1}

    monkeypatch.setattr(running.platform.book, "_configuration", forget)
    outcome = running.deploy(running.wish(image=OLD, cpu=4))
    assert any("resources.cpu: it is 1, and should be 4" in line for line in outcome.warnings)


def test_a_create_that_came_to_no_end_is_finished(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = desk.platform.lives.start

    def break_down(studio: object) -> None:
        monkeypatch.setattr(desk.platform.lives, "start", start)
        raise RuntimeError("the Platform restarts")

    monkeypatch.setattr(desk.platform.lives, "start", break_down)
    outcome = desk.deploy(desk.wish(image=OLD))
    assert (outcome.ready.state, desk.platform.names()) == ("ready", [NAME])


def test_a_studio_that_is_changed_while_it_starts_is_not_said_to_be_ours(running: Desk) -> None:
    running.clock.at(running.clock.passed + 40, lambda: theirs(running))
    with pytest.raises(ChangedMeanwhile, match="changed again while it started"):
        running.deploy(running.wish(image=OLD, cpu=4))


@pytest.mark.parametrize("change", [{"image": NEW}, {"image": OLD, "cpu": 4}], ids=str)
def test_one_that_is_changed_while_it_stops_runs_again_as_they_want_it(
    running: Desk, change: dict[str, object]
) -> None:
    running.clock.at(running.clock.passed + 1, lambda: theirs(running))
    with pytest.raises(StudioctlError, match="changed while it stopped") as caught:
        running.deploy(running.wish(**change))
    assert caught.value.exit_code == 6
    assert running.platform.studio(NAME).configuration["cpu"] == 8
    assert running.platform.status(NAME) == "running"


def test_what_they_have_changed_is_not_changed_back(running: Desk) -> None:
    running.platform.next_start = Errored(after_s=40)
    running.clock.at(running.clock.passed + 40, lambda: theirs(running))
    with pytest.raises(StudioctlError, match="somebody else has changed it"):
        running.deploy(running.wish(image=OLD, cpu=4))
    assert running.platform.studio(NAME).configuration["cpu"] == 8
    assert running.platform.status(NAME) == "running"
