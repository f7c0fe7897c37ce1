"""status, url, list, start, stop and delete against a Platform."""

import json
from typing import Any

import pytest

from tests.deploy.commands.calling import IMAGE, User
from tests.fakes.platform import TOKEN, Errored, ends
from tests.fakes.server import AFTER
from tests.fakes.sessions import LOGIN


def told(user: User, *words: str) -> dict[str, Any]:
    done = user.calls(*words, "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


ON_ONE = ["status", "url", "start", "stop"]


@pytest.mark.parametrize("command", ON_ONE)
def test_a_studio_that_is_not_there_is_an_error(a_user: User, command: str) -> None:
    for words in ((), ("elsewhere",)):
        done = a_user.calls(command, *words)
        assert (done.exit_code, done.stdout) == (6, "")
        assert "there is no Studio" in done.stderr
    assert a_user.written == []


@pytest.mark.parametrize("command", [*ON_ONE, "list", "delete"])
def test_without_a_token_nothing_is_asked(a_user: User, command: str) -> None:
    a_user.env["TOWER_ACCESS_TOKEN"] = ""
    done = a_user.calls(command)
    assert (done.exit_code, done.stdout) == (4, "")
    assert a_user.platform.calls == []


@pytest.mark.parametrize("command", [*ON_ONE, "delete"])
def test_without_a_name_or_a_profile_the_exit_code_is_3(a_user: User, command: str) -> None:
    (a_user.folder / "studio.yaml").unlink()
    assert a_user.calls(command).exit_code == 3


def test_a_name_needs_no_profile_and_none_that_is_valid(a_user: User) -> None:
    a_user.made()
    (a_user.folder / "studio.yaml").write_text("name: [")
    assert a_user.calls("url", "mlflow", "-w", "Acme/ml").exit_code == 0
    a_user.env["TOWER_WORKSPACE_ID"] = "71"
    assert a_user.calls("url", "mlflow").exit_code == 0
    assert a_user.calls("list").exit_code == 0


def test_the_status_of_a_studio_as_the_profile_says(a_user: User) -> None:
    studio = a_user.made()
    document = told(a_user, "status")
    assert document["id"] == studio.id
    assert document["status"] == "running"
    assert document["url"] == studio.url
    assert document["drift"] == []
    assert document["store"]["kind"] == "link"
    assert [(each["name"], each["writable"]) for each in document["data_links"]] == [("runs", True)]
    assert (document["lifespan_hours"], document["hours_left"]) == (0, None)
    done = a_user.calls("status")
    assert "  profile: it is as the profile says" in done.stdout.splitlines()
    assert a_user.written == []


def test_the_status_names_what_differs(a_user: User) -> None:
    a_user.made(environment={"A_TOKEN": {"value": "planted-token", "visible": True}})
    a_user.writes(resources={"cpu": 4})
    document = told(a_user, "status")
    assert [change["field"] for change in document["drift"]] == [
        "resources.cpu",
        "environment.A_TOKEN",
    ]
    done = a_user.calls("status")
    assert "    resources.cpu: 2 -> 4" in done.stdout.splitlines()
    assert "planted" not in done.output + json.dumps(document)
    assert TOKEN not in done.output


def test_what_is_not_built_yet_differs_without_a_word_to_wave(a_user: User) -> None:
    a_user.made()
    a_user.writes(image={"build": "wave"})
    (change,) = told(a_user, "status")["drift"]
    assert change["new"] == "an image that is not built yet"


def test_a_profile_that_cannot_be_compared_is_no_error(a_user: User) -> None:
    a_user.made()
    a_user.writes(**{"compute-env": "gone"})
    document = told(a_user, "status")
    assert document["drift"] is None
    assert "gone" in document["drift_unknown"]
    assert 'not compared: compute environment: there is no "gone"' in a_user.calls("status").stdout


def test_another_studio_is_not_compared(a_user: User) -> None:
    a_user.platform.add_studio("theirs")
    document = told(a_user, "status", "theirs")
    assert (document["drift"], document["ours"]) == (None, False)
    assert document["store"]["kind"] == "unknown"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (ends("LIFESPAN_EXPIRED", runs_s=60), "lifespan"),
        (ends("SPOT_RECLAMATION", runs_s=60), "spot"),
        (Errored("no capacity"), "no capacity"),
    ],
)
def test_why_a_studio_does_not_run_is_explained(a_user: User, script: Any, words: str) -> None:
    a_user.platform.next_start = script
    a_user.made()
    done = a_user.calls("status")
    assert done.exit_code == 0
    assert words in done.stdout
    assert words in json.dumps(told(a_user, "status")["explained"])


def test_the_hours_that_are_left_are_counted(a_user: User) -> None:
    a_user.made(session={"lifespan": "8h"})
    document = told(a_user, "status")
    assert document["lifespan_hours"] == 8
    assert 6.9 < document["hours_left"] < 7.1
    assert "left" in a_user.calls("status").stdout
    a_user.calls("stop")
    assert told(a_user, "status")["hours_left"] is None


def test_a_temporary_image_expires(a_user: User) -> None:
    a_user.platform.add_studio("mlflow", image="wave.example.com/wt/0a1b/wave/build:x")
    assert told(a_user, "status")["image_temporary"] is True
    assert told(a_user, "status")["image_expired"] is False
    a_user.clock.sleep(40 * 3600)
    assert told(a_user, "status")["image_expired"] is True
    assert "has expired" in a_user.calls("status").stdout


def test_the_address_is_all_that_is_printed(a_user: User) -> None:
    studio = a_user.made()
    done = a_user.calls("url")
    assert (done.stdout, done.stderr) == (studio.url + "\n", "")
    assert a_user.calls("stop").exit_code == 0
    done = a_user.calls("url")
    assert done.stdout == studio.url + "\n"
    assert "studioctl start mlflow" in done.stderr


def test_the_list_marks_our_own(a_user: User) -> None:
    done = a_user.calls("list")
    assert (done.exit_code, done.stdout) == (0, "")
    a_user.made()
    a_user.platform.add_studio("a theirs\x1b[2J")
    head, first, second = a_user.calls("list").stdout.splitlines()
    assert head.startswith("NAME")
    assert first.startswith("a theirs?[2J ")
    assert second.startswith("mlflow * ")
    listed = json.loads(a_user.calls("list", "--json").stdout)
    assert {each["name"]: each["ours"] for each in listed} == {
        "a theirs\x1b[2J": False,
        "mlflow": True,
    }


def test_stop_and_start_and_both_again(a_deployer: User) -> None:
    studio = a_deployer.made()
    done = a_deployer.calls("stop")
    assert (done.exit_code, done.stdout) == (0, "")
    assert a_deployer.platform.status("mlflow") == "stopped"
    again = a_deployer.calls("stop")
    assert (again.exit_code, a_deployer.written) == (0, [])
    assert "is stopped already" in again.stderr
    done = a_deployer.calls("start")
    assert (done.exit_code, done.stdout) == (0, studio.url + "\n"), done.stderr
    assert "ready: ready" in done.stderr
    document = told(a_deployer, "start")
    assert a_deployer.written == []
    assert (document["studio"]["status"], document["actions"]) == ("running", [])


def test_one_that_starts_is_not_waited_for_by_whoever_may_not_stop_it(a_user: User) -> None:
    a_user.platform.add_studio("mlflow", status="starting")
    a_user.platform.workspaces[0].roles = ["launch"]
    begun = a_user.clock.passed
    done = a_user.calls("stop")
    assert done.exit_code == 6
    assert "Maintain" in done.stderr
    assert a_user.clock.passed == begun


def test_a_stop_that_has_to_wait_for_the_start_can_be_asked_for_again(a_user: User) -> None:
    a_user.platform.add_studio("mlflow", status="starting")
    done = a_user.calls("stop", "--timeout", "60")
    assert done.exit_code == 7
    assert "To go on waiting:\n         studioctl stop mlflow -w 71" in done.stderr
    # After half an hour the Platform lets it be stopped all the same.
    assert a_user.calls("stop").exit_code == 0
    assert a_user.platform.status("mlflow") == "stopped"


def test_a_login_page_is_said(a_user: User) -> None:
    a_user.made()
    a_user.platform.sessions.usual = LOGIN
    assert told(a_user, "start")["ready"] == "not checked (login page)"
    assert "ready: not checked (login page)" in a_user.calls("start").stderr


def test_a_start_that_is_not_waited_for(a_user: User) -> None:
    a_user.made()
    a_user.calls("stop")
    done = a_user.calls("start", "--no-wait")
    assert done.exit_code == 0, done.stderr
    assert a_user.platform.status("mlflow") == "starting"


def test_a_start_that_fails_says_why(a_user: User) -> None:
    a_user.made()
    a_user.calls("stop")
    a_user.platform.next_start = Errored("no capacity in eu-west-1")
    done = a_user.calls("start")
    assert (done.exit_code, done.stdout) == (6, "")
    assert "no capacity in eu-west-1" in done.stderr


def test_to_delete_nothing_is_all_well(a_user: User) -> None:
    done = a_user.calls("delete")
    assert (done.exit_code, done.stdout) == (0, "")
    assert told(a_user, "delete")["studio"] is None


def test_delete_stops_first_and_says_what_stays(a_user: User) -> None:
    aside = a_user.made()
    aside.name = "mlflow-previous-20260101T000000Z"
    a_user.made()
    assert told(a_user, "delete", "--dry-run")["studio"]["status"] == "running"
    assert a_user.written == []
    done = a_user.calls("delete", "--yes")
    assert done.exit_code == 0, done.stderr
    assert a_user.platform.names() == [aside.name]
    for words in ("checkpoints", 'data link "runs" (s3://acme-runs)', aside.name):
        assert words in done.stderr


def test_a_lost_answer_to_the_deletion_is_looked_up(a_user: User) -> None:
    studio = a_user.made()
    a_user.platform.fail("DELETE /api/studios", AFTER)
    document = told(a_user, "delete", "--yes")
    assert document["actions"][-1] == f'deleted "mlflow" ({studio.id})'
    assert a_user.platform.names() == []


def test_runs_that_would_be_lost_are_said(a_user: User) -> None:
    a_user.made(**{"data-links": None})
    done = a_user.calls("delete", "--yes")
    assert "LOST with it: all runs" in done.stderr


def test_where_nobody_can_be_asked_nothing_is_deleted(a_user: User) -> None:
    a_user.made()
    done = a_user.calls("delete")
    assert done.exit_code == 2
    assert "--yes" in done.stderr
    assert a_user.written == []


@pytest.mark.parametrize(("typed", "code", "left"), [("y\n", 0, []), ("n\n", 1, ["mlflow"])])
def test_the_person_at_the_terminal_decides(
    a_user: User, typed: str, code: int, left: list[str]
) -> None:
    a_user.made()
    a_user.is_terminal = True
    done = a_user.calls("delete", typed=typed)
    assert done.exit_code == code, done.stderr
    assert done.stdout == ""
    assert a_user.platform.names() == left


def test_a_studio_among_hundreds_is_the_one_that_is_stopped(a_user: User) -> None:
    for number in range(250):
        a_user.platform.add_studio(f"mlflow {number}", image=IMAGE)
    a_user.made()
    assert a_user.calls("stop").exit_code == 0
    stopped = [
        name for name in a_user.platform.names() if a_user.platform.status(name) == "stopped"
    ]
    assert stopped == ["mlflow"]


def test_a_temporary_image_that_has_expired_is_said_before_a_start(a_user: User) -> None:
    image = "wave.example.com/wt/0a1b/wave/build:x"
    a_user.platform.add_studio("mlflow", image=image, status="stopped")
    a_user.clock.sleep(40 * 3600)
    assert "has expired" in a_user.calls("start").stderr


def test_in_ones_own_workspace_all_is_the_same(a_user: User) -> None:
    a_user.platform.add_compute_env("aws-eu", workspace=None)
    a_user.made(**{"workspace": None, "data-links": None})
    assert a_user.platform.names(None) == ["mlflow"]
    assert told(a_user, "status")["drift"] == []
    assert "in your own workspace" in a_user.calls("plan").stdout
    assert a_user.calls("stop").exit_code == 0
    assert a_user.calls("delete", "--yes").exit_code == 0
    assert a_user.platform.names(None) == []
