"""A change that fails half-way leaves the Studio as it was: name, labels, settings, serving."""

import io
import os
import signal
import sys
from typing import Any

import pytest

from deploy.errors import StudioctlError
from tests.deploy.rollout.desk import NAME, NEW, OLD, Desk, interrupted
from tests.deploy.wishes import plain
from tests.fakes.platform import BuildFailed, Errored, Stuck
from tests.fakes.server import AFTER, BEFORE, Reply
from tests.fakes.sessions import NOT_READY

# The writes of a replacement and of an update, by the call that each begins with.
CHANGE = "PUT /api/studios/a1b2c301"
STOP, START = f"{CHANGE}/stop", f"{CHANGE}/start"
CREATE, LABEL = "POST /api/studios", "POST /api/labels"
REFUSED = Reply.error(400, "not today")
REPLACEMENT = [STOP, LABEL, CHANGE, CREATE]
UPDATE = [STOP, LABEL, CHANGE, START]


def refuse(desk: Desk, call: str) -> None:
    """Refuse such a call once; the change itself is told from stop and start by its whole path."""
    desk.platform.fail(call, REFUSED, after=1 if call == CHANGE else 0)


@pytest.mark.parametrize("call", REPLACEMENT)
def test_a_replacement_that_is_refused_is_undone(running: Desk, call: str) -> None:
    before = running.snapshot()
    refuse(running, call)
    with pytest.raises(StudioctlError, match="not today") as caught:
        running.deploy(running.wish(image=NEW))
    assert caught.value.exit_code == 6
    assert running.snapshot() == before


@pytest.mark.parametrize("call", UPDATE)
def test_an_update_that_is_refused_is_undone(running: Desk, call: str) -> None:
    before = running.snapshot()
    refuse(running, call)
    with pytest.raises(StudioctlError, match="not today"):
        running.deploy(running.wish(image=OLD, cpu=4, environment={"A": plain("1")}))
    assert running.snapshot() == before


@pytest.mark.parametrize(
    ("script", "code"),
    [(Errored("no capacity"), 6), (BuildFailed(), 5), (Stuck(), 7)],
    ids=["errored", "build failed", "stuck"],
)
@pytest.mark.parametrize("change", [{"image": NEW}, {"image": OLD, "cpu": 4}], ids=str)
def test_a_studio_that_does_not_come_up_is_undone(
    running: Desk, script: object, code: int, change: dict[str, object]
) -> None:
    before = running.snapshot()
    running.platform.next_start = script
    with pytest.raises(StudioctlError) as caught:
        running.deploy(running.wish(**change))
    assert caught.value.exit_code == code
    assert running.snapshot() == before
    assert "To go back, this was done" in str(caught.value)
    assert "runs again" in str(caught.value)
    # What was undone is gone: nobody can wait for it.
    assert "go on waiting" not in str(caught.value)


@pytest.mark.parametrize("change", [{"image": NEW}, {"image": OLD, "cpu": 4}], ids=str)
def test_a_studio_that_never_gets_ready_is_undone(running: Desk, change: dict[str, object]) -> None:
    before = running.snapshot()
    running.platform.sessions.usual = NOT_READY
    with pytest.raises(StudioctlError, match="unable to open database file") as caught:
        running.deploy(running.wish(**change))
    assert caught.value.exit_code == 7
    assert "Look at it again" not in str(caught.value)
    assert running.snapshot() == before


@pytest.mark.parametrize("what", [BEFORE, AFTER], ids=["not done", "done"])
@pytest.mark.parametrize("call", REPLACEMENT)
def test_a_lost_answer_is_looked_up(running: Desk, call: str, what: str) -> None:
    running.platform.fail(call, what, after=1 if call == CHANGE else 0)
    running.deploy(running.wish(image=NEW))
    assert running.platform.studio(NAME).image == NEW
    assert len(running.platform.names()) == 2
    if call != LABEL:
        assert len(sent(running, call)) == (1 if what == AFTER else 2)


@pytest.mark.parametrize("what", [BEFORE, AFTER], ids=["not done", "done"])
@pytest.mark.parametrize("call", UPDATE)
def test_a_lost_answer_of_an_update_is_looked_up(running: Desk, call: str, what: str) -> None:
    running.platform.fail(call, what, after=1 if call == CHANGE else 0)
    running.deploy(running.wish(image=OLD, cpu=4))
    assert running.platform.studio(NAME).configuration["cpu"] == 4
    assert running.platform.status(NAME) == "running"
    if call != LABEL:
        assert len(sent(running, call)) == (1 if what == AFTER else 2)


def sent(desk: Desk, call: str) -> list[str]:
    """Give the writes of just this kind: what was done is not sent again."""
    return [str(each) for each in desk.platform.writes() if str(each) == call]


# A new image: stop, label, rename, four labels, create. A change: stop, label, change, start.
WRITES = [({"image": NEW}, n) for n in range(1, 9)] + [
    ({"image": OLD, "cpu": 4}, n) for n in range(1, 5)
]


@pytest.mark.parametrize("is_done", [False, True], ids=["not done", "done"])
@pytest.mark.parametrize(("change", "write"), WRITES, ids=str)
def test_ctrl_c_at_a_write_undoes_what_was_done(
    running: Desk, change: dict[str, Any], write: int, is_done: bool
) -> None:
    before = running.snapshot()
    running.platform.at_write, running.platform.is_done = write, is_done
    with pytest.raises(KeyboardInterrupt):
        running.deploy(running.wish(**change))
    assert running.snapshot() == before


@pytest.mark.parametrize("image", [OLD, NEW])
def test_these_are_all_the_writes(running: Desk, image: str) -> None:
    running.deploy(running.wish(image=image, cpu=4))
    # The last one tidies up the labels.
    writes = [call for call in running.platform.writes() if call.method != "DELETE"]
    assert len(writes) == max(number for said, number in WRITES if said["image"] == image)


@pytest.mark.parametrize("change", [{"image": NEW}, {"image": OLD, "cpu": 4}], ids=str)
@pytest.mark.parametrize("second", [1, 5, 15, 30, 60])
def test_ctrl_c_in_a_wait_undoes_what_was_done(
    running: Desk, second: int, change: dict[str, object]
) -> None:
    before = running.snapshot()
    running.clock.at(running.clock.passed + second, interrupted)
    with pytest.raises(KeyboardInterrupt):
        running.deploy(running.wish(**change))
    assert running.snapshot() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither of them to send")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_job_that_is_cancelled_undoes_what_was_done(running: Desk, name: str) -> None:
    number, before = getattr(signal, name), running.snapshot()
    # The tests may have been started by nohup themselves.
    handler = signal.signal(number, signal.SIG_DFL)
    try:
        running.clock.at(running.clock.passed + 15, lambda: signal.raise_signal(number))
        with pytest.raises(KeyboardInterrupt):
            running.deploy(running.wish(image=NEW))
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, handler)
    assert running.snapshot() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGHUP")
def test_a_closed_terminal_is_nothing_to_one_that_nohup_has_started(running: Desk) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        running.clock.at(running.clock.passed + 15, lambda: signal.raise_signal(signal.SIGHUP))
        running.deploy(running.wish(image=NEW))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert running.platform.studio(NAME).image == NEW


class Broken(io.StringIO):
    """A pipe whose reader goes away after some lines, as `| tee log` does at Ctrl-C."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self.lines = lines

    def write(self, text: str) -> int:
        self.lines -= text.count("\n")
        if self.lines < 0:
            raise BrokenPipeError
        return len(text)


@pytest.mark.parametrize("lines", range(5))
@pytest.mark.parametrize("ending", [True, False], ids=["interrupted", "to its end"])
def test_that_nobody_reads_any_more_stops_nothing(
    running: Desk, lines: int, ending: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = running.snapshot()
    monkeypatch.setattr(sys, "stderr", Broken(lines))
    if ending:
        running.clock.at(running.clock.passed + 15, interrupted)
        with pytest.raises(KeyboardInterrupt):
            running.deploy(running.wish(image=NEW))
        assert running.snapshot() == before
    else:
        running.deploy(running.wish(image=NEW))
        assert running.platform.studio(NAME).image == NEW


def test_a_second_ctrl_c_leaves_at_once_and_says_what_is_where(
    running: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    for second in (20, 45):
        running.clock.at(running.clock.passed + second, interrupted)
    with pytest.raises(KeyboardInterrupt):
        running.deploy(running.wish(image=NEW))
    said = capsys.readouterr().err
    assert "What is where:" in said
    assert "a1b2c301" in said
    assert "studioctl rollback mlflow" in said
    assert sorted(running.platform.names()) != [NAME]


def test_a_token_that_expires_midway_says_what_is_where(running: Desk) -> None:
    def expire() -> None:
        running.platform.tokens.clear()

    running.clock.at(running.clock.passed + 20, expire)
    with pytest.raises(StudioctlError, match="What is where") as caught:
        running.deploy(running.wish(image=NEW))
    assert "TOWER_ACCESS_TOKEN" in str(caught.value)
    assert "studioctl rollback mlflow" in str(caught.value)


def test_what_is_undone_leaves_no_label_behind(running: Desk) -> None:
    running.platform.workspaces[0].roles = ["admin"]
    labels = {(label.name, label.value) for label in running.platform.labels.all.values()}
    running.platform.next_start = Errored()
    with pytest.raises(StudioctlError):
        running.deploy(running.wish(image=NEW))
    now = {(label.name, label.value) for label in running.platform.labels.all.values()}
    assert now == labels


def test_a_studio_that_did_not_run_before_is_not_started_by_an_undo(running: Desk) -> None:
    running.both.studios.stop("a1b2c301")
    running.clock.sleep(60)
    before = running.snapshot()
    assert before[NAME][1] == "stopped"
    running.platform.next_start = Errored()
    with pytest.raises(StudioctlError):
        running.deploy(running.wish(image=NEW))
    assert running.snapshot() == before


def test_a_first_studio_that_does_not_come_up_stays_for_a_look_at_it(desk: Desk) -> None:
    warnings = ("image not found in this region",)
    desk.platform.next_start = Errored("Essential container exited", warnings=warnings)
    with pytest.raises(StudioctlError) as caught:
        desk.deploy(desk.wish(image=OLD))
    said = str(caught.value)
    assert caught.value.exit_code == 6
    assert "Essential container exited" in said
    assert "The step that failed: Pulling container image" in said
    assert "image not found in this region" in said
    assert "studioctl status mlflow" in said
    assert desk.platform.status(NAME) == "errored"


def test_a_failed_studio_is_started_again_by_the_next_deploy(desk: Desk) -> None:
    desk.platform.next_start = Errored()
    with pytest.raises(StudioctlError):
        desk.deploy(desk.wish(image=OLD))
    assert desk.deploy(desk.wish(image=OLD)).ready.state == "ready"
    assert desk.platform.names() == [NAME]


def test_ctrl_c_in_a_first_deploy_says_how_to_stop_what_goes_on(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.clock.at(20, interrupted)
    with pytest.raises(KeyboardInterrupt):
        desk.deploy(desk.wish(image=OLD))
    assert "goes on by itself" in capsys.readouterr().err
    assert desk.platform.names() == [NAME]


def test_ctrl_c_in_a_start_says_how_to_stop_what_goes_on(
    running: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    running.both.studios.stop("a1b2c301")
    running.clock.sleep(60)
    running.clock.at(running.clock.passed + 20, interrupted)
    with pytest.raises(KeyboardInterrupt):
        running.deploy(running.wish(image=OLD))
    said = capsys.readouterr().err
    assert '"mlflow" (a1b2c301) goes on by itself' in said
    assert "studioctl stop mlflow -w 71" in said
    assert running.platform.status(NAME) == "starting"


@pytest.mark.parametrize("start", [None, Stuck()], ids=["slow", "stuck"])
@pytest.mark.parametrize("change", [{"image": NEW}, {"image": OLD, "cpu": 4}], ids=str)
def test_whoever_is_in_a_hurry_gets_the_old_one_back_all_the_same(
    running: Desk, change: dict[str, Any], start: Stuck | None
) -> None:
    before = running.snapshot()
    running.platform.next_start = start
    # A stop takes 12 s and a start 40 s, in which it cannot be stopped.
    with pytest.raises(StudioctlError, match="did not end within 15 s") as caught:
        running.deploy(running.wish(**change), limit_s=15)
    assert caught.value.exit_code == 7
    assert running.snapshot() == before


def test_an_old_studio_is_not_deleted_before_the_new_one_was_seen_to_run(running: Desk) -> None:
    outcome = running.deploy(running.wish(image=NEW), delete_previous=True, wait=False)
    (away,) = set(running.platform.names()) - {NAME}
    assert f"studioctl delete {away}" in outcome.warnings[0]


def test_a_failed_deletion_of_the_old_studio_is_only_a_warning(running: Desk) -> None:
    running.platform.fail("DELETE /api/studios", REFUSED)
    outcome = running.deploy(running.wish(image=NEW), delete_previous=True)
    assert outcome.ready.state == "ready"
    assert "was not deleted" in outcome.warnings[0]
