"""A newer image may change the database's schema: what going back to the old one then takes."""

import pytest

from deploy.errors import StudioctlError
from deploy.rollout.states import last_of, returning
from deploy.seqera.explorer import Published
from deploy.seqera.models import Studio
from tests.deploy.rollout.desk import NAME, NEW, OLD, Desk
from tests.fakes.clock import START
from tests.fakes.sessions import NOT_READY

# Sessions are named after the time of their start; the tests' clock begins at START.
FIRST = "20260921T141401Z-0a1b2c3d/7"
SECOND = "20260921T161401Z-5e6f7a8b/2"


def published(state: str, rev: str, at: float, runs: int | None = 3) -> Published:
    return Published(state, rev, at, runs)


BEFORE = published(FIRST, "old", START + 3000)
NEWER = published(SECOND, "new", START + 7000, runs=5)
ALIKE = published(SECOND, "old", START + 7000, runs=1)


@pytest.mark.parametrize(
    ("there", "restore", "between"),
    [
        (None, None, ()),
        ([], None, ()),
        ([BEFORE], None, ()),
        ([ALIKE, BEFORE], None, (ALIKE,)),
        ([NEWER, BEFORE], FIRST, (NEWER,)),
        ([NEWER], None, ()),
    ],
)
def test_the_old_state_is_named_only_where_the_schema_has_changed(
    there: list[Published] | None, restore: str | None, between: tuple[Published, ...]
) -> None:
    found = returning(FIRST, there)
    assert (found.restore_from, found.between) == (restore, between)


@pytest.mark.parametrize(
    ("since", "there", "state"),
    [
        (START, [BEFORE], FIRST),
        (START + 5000, [BEFORE], None),
        (START + 5000, [NEWER, BEFORE], SECOND),
        # Two Studios on one link: whose is whose cannot be told.
        (START, [NEWER, BEFORE], None),
        (None, [NEWER, BEFORE], SECOND),
        (START, None, None),
    ],
)
def test_the_last_state_of_a_studio_is_that_of_its_only_session(
    since: float | None, there: list[Published] | None, state: str | None
) -> None:
    assert last_of(Studio("a", "b", last_started=since), there) == state


@pytest.fixture
def old_session(desk: Desk) -> Desk:
    desk.deploy(desk.wish(image=OLD))
    desk.clock.sleep(3600)
    return desk


def given_up(desk: Desk, state: Published) -> str:
    """Let a new session run and publish, before it is given up; give what is said of it."""

    def publish() -> None:
        desk.published = [state, BEFORE]

    desk.published = [BEFORE]
    desk.platform.sessions.usual = NOT_READY
    desk.clock.at(desk.clock.passed + 100, publish)
    with pytest.raises(StudioctlError) as caught:
        desk.deploy(desk.wish(image=NEW))
    assert desk.platform.studio(NAME).image == OLD
    return str(caught.value)


def test_a_studio_that_is_put_back_starts_from_what_its_image_can_read(old_session: Desk) -> None:
    said = given_up(old_session, NEWER)
    assert old_session.platform.studio(NAME).environment == {"STUDIO_RESTORE_FROM": FIRST}
    assert f"{SECOND} (5 runs)" in said
    assert "stays on the data link" in said


def test_one_whose_schema_is_the_same_carries_on(old_session: Desk) -> None:
    assert f"carried on: {SECOND} (1 run)" in given_up(old_session, ALIKE)
    assert old_session.platform.studio(NAME).environment == {}


def test_a_rollback_starts_from_the_state_that_was_noted(old_session: Desk) -> None:
    desk = old_session
    desk.published = [BEFORE]
    desk.deploy(desk.wish(image=NEW))
    (away,) = set(desk.platform.names()) - {NAME}
    kept = {label.name: label.value for label in desk.platform.studio(away).labels}
    assert kept["studioctl-state"] == "20260921t141401z-0a1b2c3d-7"
    desk.clock.sleep(3600)
    desk.published = [NEWER, BEFORE]
    outcome = desk.roll_back()
    studio = desk.platform.studio(NAME)
    assert (studio.image, outcome.studio.id) == (OLD, studio.id)
    assert studio.configuration["environment"] == {"STUDIO_RESTORE_FROM": FIRST}
    assert "studioctl-state" not in {label.name for label in studio.labels}
    assert any(SECOND in action for action in outcome.actions)


def test_the_setting_stays_when_the_studio_is_deployed_again(old_session: Desk) -> None:
    desk = old_session
    desk.published = [BEFORE]
    desk.deploy(desk.wish(image=NEW))
    desk.clock.sleep(3600)
    desk.published = [NEWER, BEFORE]
    desk.roll_back()
    desk.clock.sleep(3600)
    assert desk.plan(desk.wish(image=OLD)).action == "nothing"


def test_where_the_link_cannot_be_read_a_rollback_says_so(
    old_session: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = old_session
    desk.published = None
    desk.deploy(desk.wish(image=NEW))
    desk.clock.sleep(3600)
    desk.roll_back()
    assert "cannot be read from here" in capsys.readouterr().err
