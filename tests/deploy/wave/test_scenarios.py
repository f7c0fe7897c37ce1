"""What can happen to a build at Wave, from the command line to the exit code."""

import pytest

from tests.deploy.wave.conftest import REPOSITORY, Studioctl
from tests.fakes.server import AFTER, BEFORE, HALF, SLOW, Reply


def test_a_temporary_image_is_built_and_its_expiry_said(studioctl: Studioctl) -> None:
    done = studioctl.build()
    assert done.code == 0, done.stderr
    assert done.reference.startswith(f"127.0.0.1:{studioctl.wave.port}/wt/")
    assert "(35 h 59 min)" in done.stderr
    assert "--freeze" in done.stderr


def test_the_page_of_a_build_is_named_before_the_wait(studioctl: Studioctl) -> None:
    lines = studioctl.build().stderr.splitlines()
    page = next(
        n for n, line in enumerate(lines) if f"{studioctl.wave.url}/view/builds/bd-" in line
    )
    first_wait = next(n for n, line in enumerate(lines) if line.startswith("building: 0 s of"))
    assert page < first_wait
    assert "of at most 15 min" in lines[first_wait]


def test_a_frozen_image_is_named_before_it_is_built(studioctl: Studioctl) -> None:
    done = studioctl.freeze()
    assert done.code == 0, done.stderr
    assert done.reference.startswith(f"{REPOSITORY}:")
    said = done.stderr.index(f"the image will be {done.reference}")
    assert said < done.stderr.index("/view/builds/")
    assert "temporary" not in done.stderr
    assert "of at most 25 min" in done.stderr
    assert studioctl.wave.asked("POST /v1alpha2")[0].json()["freeze"] is True


def test_an_unchanged_build_costs_one_post_and_nothing_else(studioctl: Studioctl) -> None:
    first = studioctl.build("--json").document
    studioctl.wave.calls.clear()
    again = studioctl.build("--json")
    assert again.code == 0
    assert [str(call) for call in studioctl.wave.calls] == ["POST /v1alpha2/container"]
    assert again.document["cached"] is True
    assert again.document["digest"] == first["digest"]
    assert again.document["digest"] is not None
    assert "nothing to build" in again.stderr


def test_an_unchanged_frozen_build_asks_the_platform_nothing_again(studioctl: Studioctl) -> None:
    first = studioctl.freeze("-w", "Acme/ml")
    for server in (studioctl.wave, studioctl.platform):
        server.calls.clear()
    again = studioctl.freeze("-w", "Acme/ml")
    assert (again.code, again.reference) == (0, first.reference)
    assert studioctl.platform.calls == []
    (call,) = studioctl.wave.calls
    assert call.json()["towerWorkspaceId"] == 71


def test_where_images_are_scanned_a_hit_costs_one_get_more(studioctl: Studioctl) -> None:
    studioctl.wave.scans = True
    assert studioctl.build().code == 0
    studioctl.wave.calls.clear()
    again = studioctl.build("--json")
    assert again.document["cached"] is True
    assert [call.method for call in studioctl.wave.calls] == ["POST", "GET"]


def test_an_image_without_a_build_record_is_a_hit(studioctl: Studioctl) -> None:
    studioctl.build()
    studioctl.wave.forget_builds()
    again = studioctl.build("--json")
    assert again.code == 0
    assert again.document["cached"] is True
    assert again.document["build_id"] is None
    assert "is in the registry" in again.stderr


def test_a_build_of_somebody_else_is_joined(studioctl: Studioctl) -> None:
    studioctl.clock.at(3, _interrupt)
    assert studioctl.build().code == 130
    studioctl.clock.sleep(5)
    done = studioctl.build("--json")
    assert done.code == 0
    assert "joined a build" in done.stderr
    assert len(studioctl.wave.builds) == 1


def test_a_build_of_ones_own_is_not_said_to_be_joined(studioctl: Studioctl) -> None:
    studioctl.wave.fail("POST /v1alpha2", "drop after")
    done = studioctl.build()
    assert done.code == 0
    assert "joined" not in done.stderr


def test_a_failed_build_ends_with_5_and_the_end_of_its_log(studioctl: Studioctl) -> None:
    studioctl.wave.engine.fails_with = 1
    studioctl.wave.engine.log = (
        "".join(f"line {n}\n" for n in range(100)) + "\x1b[31mno such file\n"
    )
    done = studioctl.build()
    assert done.code == 5
    assert done.stdout == ""
    assert "no such file" in done.stderr
    assert "\x1b" not in done.stderr
    assert "line 99" in done.stderr
    assert "line 80" not in done.stderr
    assert f"{studioctl.wave.url}/view/builds/bd-" in done.stderr.partition("error:")[2]


def test_a_log_that_lags_is_asked_for_until_it_is_there(studioctl: Studioctl) -> None:
    studioctl.wave.engine.fails_with = 1
    studioctl.wave.engine.takes_s = 1
    studioctl.wave.log_lag_s = 6
    done = studioctl.build()
    assert "exporting to image" in done.stderr
    assert 2 <= len([call for call in studioctl.wave.calls if call.path.endswith("/logs")]) <= 6


def test_a_log_that_never_comes_is_no_reason_to_hang(studioctl: Studioctl) -> None:
    studioctl.wave.engine.fails_with = 1
    studioctl.wave.log_lag_s = 10_000
    done = studioctl.build()
    assert done.code == 5
    assert "last lines" not in done.stderr


def test_a_builder_without_memory_is_named(studioctl: Studioctl) -> None:
    studioctl.wave.engine.fails_with = 137
    assert "out of memory" in studioctl.build().stderr


def test_a_remembered_failure_is_told_from_a_new_one(studioctl: Studioctl) -> None:
    studioctl.wave.engine.fails_with = 1
    studioctl.build()
    begun = len(studioctl.wave.calls)
    again = studioctl.build()
    assert again.code == 5
    assert "failed a moment ago" in again.stderr
    assert "--retry-failed" in again.stderr
    assert "exporting to image" in again.stderr
    assert [len(made) for made in studioctl.wave.builds.values()] == [1]
    assert not [call for call in studioctl.wave.calls[begun:] if call.path.endswith("/status")]


def test_a_remembered_failure_is_waited_out_and_built_again(studioctl: Studioctl) -> None:
    studioctl.wave.engine.fails_with = 1
    studioctl.build()
    studioctl.wave.engine.fails_with = 0
    again = studioctl.build("--retry-failed", "--json")
    assert again.code == 0, again.stderr
    assert again.document["build_id"].endswith("_2")
    assert "asking again in 50 s" in again.stderr


def test_what_fails_again_after_a_retry_fails(studioctl: Studioctl) -> None:
    studioctl.wave.engine.fails_with = 1
    studioctl.build()
    assert studioctl.build("--retry-failed").code == 5
    assert [len(made) for made in studioctl.wave.builds.values()] == [2]


def test_a_slow_build_is_left_with_7_and_the_command_to_resume(studioctl: Studioctl) -> None:
    studioctl.wave.engine.takes_s = 2000
    done = studioctl.build()
    assert done.code == 7
    assert done.stdout == ""
    assert "15 min" in done.stderr
    id_ = done.stderr.rpartition("studioctl wave wait ")[2].strip()
    resumed = studioctl("wave", "wait", id_)
    assert resumed.code == 0, resumed.stderr
    assert resumed.reference.startswith(f"127.0.0.1:{studioctl.wave.port}/wt/{id_}/")


def test_polls_are_two_seconds_apart_and_ten_later(studioctl: Studioctl) -> None:
    studioctl.wave.engine.takes_s = 300
    studioctl.build()
    assert studioctl.clock.slept[0] == 2
    assert studioctl.clock.slept == sorted(studioctl.clock.slept)
    assert studioctl.clock.slept[-1] == 10
    assert sum(studioctl.clock.slept) < 312


def test_a_limit_of_ones_own_is_kept(studioctl: Studioctl) -> None:
    studioctl.wave.engine.takes_s = 300
    assert studioctl.build("--timeout", "60").code == 7
    assert studioctl.clock.passed == 60


def test_ctrl_c_leaves_the_build_running_and_says_how_to_go_on(studioctl: Studioctl) -> None:
    studioctl.clock.at(3, _interrupt)
    done = studioctl.build()
    assert done.code == 130
    assert done.stdout == ""
    assert "The build goes on" in done.stderr
    command = done.stderr.rstrip().splitlines()[-1].strip()
    address, _, words = command.partition(" studioctl ")
    assert address == f"WAVE_ENDPOINT={studioctl.wave.url}"
    resumed = studioctl(*words.split(), "--json")
    assert resumed.code == 0, resumed.stderr
    assert resumed.document["context_digest"].startswith("sha256:")


def test_a_build_of_another_machine_can_be_waited_for(studioctl: Studioctl) -> None:
    studioctl.clock.at(3, _interrupt)
    studioctl.freeze()
    (request,) = studioctl.wave.requests.values()
    for id_ in (request.id, request.build.id):
        done = studioctl("wave", "wait", id_, XDG_STATE_HOME=str(studioctl.folder / "elsewhere"))
        assert (done.code, done.reference) == (0, request.image), done.stderr


def test_waiting_for_a_failed_build_ends_with_5(studioctl: Studioctl) -> None:
    studioctl.wave.engine.fails_with = 1
    studioctl.clock.at(3, _interrupt)
    studioctl.build()
    (request,) = studioctl.wave.requests.values()
    done = studioctl("wave", "wait", request.id)
    assert (done.code, done.stdout) == (5, "")
    assert "exporting to image" in done.stderr


@pytest.mark.parametrize("id_", ["0123456789ab", "bd-0123456789abcdef_1"])
def test_waiting_for_something_unknown_ends_at_once(studioctl: Studioctl, id_: str) -> None:
    done = studioctl("wave", "wait", id_)
    assert done.code == 6
    assert f"knows nothing about {id_}" in done.stderr
    assert studioctl.clock.passed == 0


def test_waiting_for_a_request_whose_token_has_expired_is_told(studioctl: Studioctl) -> None:
    studioctl.build()
    studioctl.clock.sleep(37 * 3600)
    (id_,) = studioctl.wave.requests
    done = studioctl("wave", "wait", id_)
    assert done.code == 6
    assert "36 hours" in done.stderr


@pytest.mark.parametrize("what", [BEFORE, AFTER, HALF, SLOW])
def test_a_resumed_wait_survives_a_bad_connection(studioctl: Studioctl, what: str) -> None:
    studioctl.clock.at(3, _interrupt)
    studioctl.build()
    (request,) = studioctl.wave.requests.values()
    studioctl.expects(what)
    studioctl.wave.fail("GET", what, times=2)
    studioctl.wave.fail("POST /v1alpha1/inspect", what, times=2)
    for id_ in (request.id, request.build.id):
        done = studioctl("wave", "wait", id_, XDG_STATE_HOME=str(studioctl.folder / "elsewhere"))
        assert done.code == 0, done.stderr


def test_a_temporary_image_gets_a_new_token_with_every_request(studioctl: Studioctl) -> None:
    first, second = studioctl.build(), studioctl.build()
    assert first.reference != second.reference
    assert first.reference.rpartition("/")[2] == second.reference.rpartition("/")[2]


def test_a_build_whose_record_is_not_finished_is_no_shortcut(studioctl: Studioctl) -> None:
    studioctl.clock.at(3, _interrupt)
    studioctl.freeze("-w", "Acme/ml")
    studioctl.platform.calls.clear()
    assert studioctl.freeze("-w", "Acme/ml").code == 0
    assert studioctl.platform.asked("GET /api/credentials")


def test_an_image_for_another_processor_is_no_success(studioctl: Studioctl) -> None:
    studioctl.wave.architecture = "arm64"
    done = studioctl.build()
    assert (done.code, done.stdout) == (5, "")
    assert "is for linux/arm64, not for linux/amd64" in done.stderr


def test_an_image_that_cannot_be_inspected_is_given_with_a_note(studioctl: Studioctl) -> None:
    studioctl.wave.fail("POST /v1alpha1/inspect", Reply(404))
    done = studioctl.build("--json")
    assert done.code == 0
    assert done.document["digest"] is None
    assert "not checked" in done.stderr


def _interrupt() -> None:
    raise KeyboardInterrupt
