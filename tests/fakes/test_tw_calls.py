"""The fake tw against the real one's work: its calls, its defaults, its output, its waiting."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.platform import TOKEN, Errored, Started
from tests.fakes.server import AFTER, BEFORE, Reply
from tests.fakes.tw.in_process import ADD, Tw
from tests.fakes.tw.installed import install


def test_its_defaults_are_its_own(tw: Tw) -> None:
    assert tw.add().code == 0
    configuration = tw.sent["configuration"]
    assert [configuration[key] for key in ("cpu", "memory", "gpu")] == [2, 8192, 0]
    (call,) = tw.platform.asked("POST /api/studios")
    assert call.query["autoStart"] == "false"
    assert tw.sent["isPrivate"] is False
    # The SDK says what it has no value for.
    assert [tw.sent[key] for key in ("labelIds", "spot", "allowedUserIds")] == [None] * 3


def test_labels_are_looked_up_and_made_where_they_are_missing(tw: Tw) -> None:
    there = tw.platform.add_label("team", "research")
    assert tw.add("--labels=team=research,stage=dev", "--labels=cost=low").code == 0
    assert tw.sent["labelIds"][0] == there.id
    assert len(tw.platform.asked("POST /api/labels")) == 2
    tw.platform.studios.clear()
    assert tw.add("--labels=").code == 0
    assert tw.sent["labelIds"] == []


def test_mounts_are_found_by_name_and_uri_and_ids_are_taken_as_they_are(tw: Tw) -> None:
    runs = tw.platform.add_link("runs", "s3://acme/runs")
    for option in ("--mount-data=runs", "--mount-data-uris=s3://acme/runs"):
        assert tw.add(option).code == 0
        assert tw.sent["configuration"]["mountData"] == [runs.id]
        tw.platform.studios.clear()
    assert tw.add(f"--mount-data-ids={runs.id}").code == 0
    assert tw.platform.asked("GET /api/data-links")[-1].query["search"].endswith("s3://acme/runs")


def test_a_compute_environment_that_is_not_available_counts_as_not_found(tw: Tw) -> None:
    tw.platform.add_compute_env("gone", status="INVALID")
    ended = tw("--insecure", "studios", "add", "-n", "n", "-c", "gone", "-ct", "a/b", "-w", "71")
    assert "Compute environment 'gone' not found" in ended.err


def test_the_document_names_the_studio_and_the_workspace(tw: Tw) -> None:
    found = tw.add("--auto-start").document
    (id_,) = tw.platform.studios
    page = f"{tw.platform.url}/orgs/Acme/workspaces/ml/studios/{id_}/connect"
    assert found == {
        "sessionId": id_,
        "workspaceRef": "[Acme / ml]",
        "workspaceId": 71,
        "autoStart": True,
        "studioUrl": page,
    }
    named = tw("--insecure", "-o", "JSON", "studios", "view", "-i", id_, "-w", "Acme / ml")
    assert named.document["studio"]["name"] == "n"
    console = tw("--insecure", "studios", "view", "-i", id_, "-w", "71")
    assert not console.out.lstrip().startswith("{")


def test_a_start_sends_everything_back_and_over_it_what_is_new(tw: Tw) -> None:
    given = {"cpu": 4, "gpu": 0, "memory": 1024, "environment": {"A": "1", "B": "2"}}
    link = tw.platform.add_link("runs", "s3://acme/runs")
    mounts = [{"dataLinkId": link.id}]
    studio = tw.platform.add_studio("n", status="stopped", **given, mountDataV2=mounts)
    start = ("--insecure", "-o", "json", "studios", "start", "-i", studio.id, "-w", "71")
    assert tw(*start, "-e", "C=3").document["jobSubmitted"] is True
    (call,) = tw.platform.asked("PUT /api/studios")
    sent = call.json()
    assert sent["configuration"]["environment"] == {"C": "3"}
    assert (sent["configuration"]["cpu"], sent["labelIds"]) == (4, None)
    assert sent["configuration"]["mountDataV2"][0]["dataLinkId"] == link.id


def test_a_name_is_only_found_on_the_first_page(tw: Tw) -> None:
    tw.platform.add_studio("old")
    for number in range(25):
        tw.platform.add_studio(f"s{number}")
    stop = ("--insecure", "studios", "stop", "-w", "71", "-n")
    assert tw(*stop, "s24").code == 0
    assert "Studio 'old' not found at workspace '71'" in tw(*stop, "old").err


ANSWERS = [
    (Reply(401), "Unauthorized. Check your access token, workspace id and tower server url."),
    (Reply.error(403, "No entitlement"), "No entitlement"),
    (Reply(403), "Forbidden"),
    (Reply.error(409, "Studio name 'n' already exists"), "Studio name 'n' already exists"),
    (Reply.page(), "<!DOCTYPE html>"),
]


@pytest.mark.parametrize(("reply", "said"), ANSWERS)
def test_a_refusal_is_an_error_block_and_is_not_tried_again(
    tw: Tw, reply: Reply, said: str
) -> None:
    tw.platform.fail("POST /api/studios", reply)
    ended = tw.add()
    assert ended.code == 1
    assert ended.err.startswith(f"\n ERROR: {said}")
    assert len(tw.platform.asked("POST /api/studios")) == 1


def test_a_question_is_repeated_once_when_the_connection_drops_and_a_write_is_not(tw: Tw) -> None:
    tw.platform.fail("GET /api/compute-envs", BEFORE)
    assert tw.add().code == 0
    tw.platform.fail("POST /api/studios", AFTER)
    tw.platform.studios.clear()
    assert tw.add().code == 1
    assert tw.platform.names() == ["n"]


def test_what_fails_after_the_create_hides_the_studio(tw: Tw) -> None:
    tw.platform.fail("GET /api/user-info", Reply.page(503))
    ended = tw.add()
    assert (ended.code, ended.out, tw.platform.names()) == (1, "", ["n"])


def test_it_waits_in_growing_steps_until_the_target_and_prints_its_document_before(
    tw: Tw, a_clock: FakeClock
) -> None:
    ended = tw.add("--auto-start", "--wait=RUNNING")
    assert (ended.code, ended.document["autoStart"]) == (0, True)
    assert a_clock.slept == [2, 3, 4, 5, 6, 7, 8, 9]


def test_it_does_not_wait_for_what_it_has_not_started(tw: Tw, a_clock: FakeClock) -> None:
    assert tw.add("--wait=running").code == 0
    assert a_clock.slept == []


def test_its_waiting_ends_with_1_for_every_other_status(tw: Tw, a_clock: FakeClock) -> None:
    tw.platform.next_start = Started(building_s=60)
    ended = tw.add("--auto-start", "--wait=running")
    # A build comes behind running in its order.
    assert (ended.code, a_clock.slept) == (1, [2])
    tw.platform.studios.clear()
    tw.platform.next_start = Errored("no capacity", after_s=3)
    assert tw.add("--auto-start", "--wait=running").code == 1


def test_one_failed_question_ends_its_waiting(tw: Tw, a_clock: FakeClock) -> None:
    tw.platform.fail("GET /api/studios/", Reply.page(503))
    assert tw.add("--auto-start", "--wait=running").code == 1
    assert a_clock.slept == [2]


def test_as_a_program_it_notes_its_arguments_and_the_names_of_its_variables(
    tw: Tw, tmp_path: Path
) -> None:
    installed = install(tmp_path / "bin")
    env = {"TOWER_ACCESS_TOKEN": TOKEN, "TOWER_API_ENDPOINT": tw.platform.endpoint}
    arguments = ["--insecure", "--output=json", *ADD, "--workspace=71"]
    done = subprocess.run(
        [installed.program, *arguments], env=env, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["workspaceId"] == 71
    (start,) = installed.starts
    assert start["argv"] == arguments == installed.commands[0]
    assert {"TOWER_ACCESS_TOKEN", "TOWER_API_ENDPOINT"} <= set(start["variables"])
    assert TOKEN not in installed.log.read_text()
    failed = subprocess.run([installed.program], capture_output=True, check=False)
    assert failed.returncode == 255
