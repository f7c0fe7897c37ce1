"""From a plan to a Studio that serves: created, changed, replaced, by both ways."""

from tests.deploy.rollout.desk import NAME, NEW, OLD, Desk


def test_a_first_deploy_ends_with_a_studio_that_is_ready(each_way: Desk) -> None:
    outcome = each_way.deploy(each_way.wish(image=OLD))
    assert each_way.platform.status(NAME) == "running"
    assert outcome.url == each_way.platform.studio(NAME).url
    assert outcome.ready.state == "ready"
    assert outcome.warnings == ()


def test_a_second_deploy_writes_nothing(each_way: Desk) -> None:
    desired = each_way.wish(image=OLD)
    first = each_way.deploy(desired)
    each_way.platform.calls.clear()
    again = each_way.deploy(desired)
    assert each_way.platform.writes() == []
    assert (again.url, again.ready.state, again.actions) == (first.url, "ready", ())


def test_one_that_runs_and_is_not_waited_for_is_not_said_to_be_stopped(desk: Desk) -> None:
    desk.deploy(desk.wish(image=OLD))
    again = desk.deploy(desk.wish(image=OLD), wait=False)
    assert str(again.ready) == "not checked (it was not waited for)"


def test_another_image_takes_another_studio_and_the_old_one_is_kept(each_way: Desk) -> None:
    each_way.deploy(each_way.wish(image=OLD))
    old = each_way.platform.studio(NAME).id
    each_way.clock.sleep(3600)
    outcome = each_way.deploy(each_way.wish(image=NEW))
    new = each_way.platform.studio(NAME)
    assert (new.id == old, new.image) == (False, NEW)
    assert outcome.studio.id == new.id
    (away,) = set(each_way.platform.names()) - {NAME}
    assert each_way.platform.studio(away).id == old
    assert each_way.platform.status(away) == "stopped"
    assert "studioctl rollback" in " ".join(outcome.actions)
