"""Bad networks and refusals: what is repeated, what is not, and what people are told."""

import pytest

from tests.deploy.wave.conftest import REPOSITORY, Studioctl
from tests.fakes.platform import TOKEN
from tests.fakes.server import AFTER, BEFORE, HALF, SLOW, Reply

STEPS = [
    "POST /v1alpha2/container",
    "GET /v1alpha2/container",
    "POST /v1alpha1/inspect",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "what", [BEFORE, AFTER, HALF, SLOW, Reply.page(502), Reply.page(504)], ids=str
)
def test_a_passing_failure_at_any_step_is_survived(
    studioctl: Studioctl, step: str, what: str | Reply
) -> None:
    studioctl.expects(what)
    studioctl.wave.fail(step, what, times=2)
    done = studioctl.build("--json")
    assert done.code == 0, done.stderr
    assert done.document["digest"]
    assert "again in" in done.stderr
    assert sum(len(made) for made in studioctl.wave.builds.values()) == 1


@pytest.mark.parametrize("what", [BEFORE, AFTER, HALF, SLOW], ids=str)
def test_a_log_is_fetched_over_a_bad_connection(studioctl: Studioctl, what: str) -> None:
    studioctl.wave.engine.fails_with = 1
    studioctl.expects(what)
    studioctl.wave.fail("GET /v1alpha1/builds", what, times=2)
    done = studioctl.build()
    assert done.code == 5
    assert "exporting to image" in done.stderr


def test_a_wait_outlives_a_long_loss_of_the_connection(studioctl: Studioctl) -> None:
    studioctl.wave.fail("GET /v1alpha2/container", BEFORE, times=40, after=1)
    done = studioctl.build()
    assert done.code == 0
    assert studioctl.clock.passed > 300
    assert done.stderr.count("the build goes on, asking again") == 1


def test_a_limit_is_kept_over_a_bad_connection(studioctl: Studioctl) -> None:
    studioctl.wave.fail("GET /v1alpha2/container", BEFORE, times=1000)
    assert studioctl.build("--timeout", "60").code == 7
    assert studioctl.clock.passed == 60


def test_a_storm_of_429_is_waited_out_with_growing_pauses(studioctl: Studioctl) -> None:
    busy = Reply.error(429, "Request exceeded build rate limit for user ada")
    studioctl.wave.fail("POST /v1alpha2", busy, times=5)
    assert studioctl.build().code == 0
    first = studioctl.clock.slept[:5]
    assert all(
        pause <= slept <= pause * 1.25 for pause, slept in zip((1, 2, 4, 8, 16), first, strict=True)
    )


def test_a_storm_of_429_that_does_not_end_is_told(studioctl: Studioctl) -> None:
    studioctl.wave.builds_left = 0
    done = studioctl.build()
    assert done.code == 6
    assert done.stdout == ""
    assert "exceeded build rate limit" in done.stderr
    assert "TOWER_ACCESS_TOKEN" in done.stderr
    assert studioctl.clock.passed <= 300
    assert len(studioctl.wave.asked("POST /v1alpha2")) < 15


@pytest.mark.parametrize(("said", "least_s"), [("0", 1), ("7", 7)])
def test_a_503_says_itself_how_long_to_wait(
    studioctl: Studioctl, said: str, least_s: float
) -> None:
    reply = Reply.error(503, "Maximum request rate exceeded", Retry_After=said)
    studioctl.wave.fail("POST /v1alpha2", reply)
    assert studioctl.build().code == 0
    assert least_s <= studioctl.clock.slept[0] <= least_s + 1


def test_a_500_gets_two_more_chances(studioctl: Studioctl) -> None:
    broken = Reply.error(500, "Unexpected - Error ID: 5f3a9c01")
    studioctl.wave.fail("POST /v1alpha2", broken, times=2)
    assert studioctl.build().code == 0
    studioctl.wave.fail("POST /v1alpha2", broken, times=9)
    begun = len(studioctl.wave.asked("POST /v1alpha2"))
    done = studioctl.build()
    assert done.code == 6
    assert "Error ID: 5f3a9c01" in done.stderr
    assert len(studioctl.wave.asked("POST /v1alpha2")) - begun == 3


@pytest.mark.parametrize("status", [400, 403, 404, 408, 409, 413, 422])
def test_other_refusals_are_not_repeated(studioctl: Studioctl, status: int) -> None:
    studioctl.wave.fail("POST /v1alpha2", Reply.error(status, "No.\nNever."), times=9)
    done = studioctl.build()
    assert (done.code, done.stdout) == (6, "")
    assert f"was answered with {status}: No. Never." in done.stderr
    assert len(studioctl.wave.calls) == 1


def test_an_html_page_in_place_of_an_answer_is_named(studioctl: Studioctl) -> None:
    page = Reply.page(200, b"<html><head><title>Sign in</title></head>" + b"x" * 5000)
    studioctl.wave.fail("POST /v1alpha2", page)
    done = studioctl.build()
    assert done.code == 6
    assert 'an HTML page, "Sign in"' in done.stderr
    assert "xxx" not in done.stderr


def test_an_html_error_page_that_stays_is_named(studioctl: Studioctl) -> None:
    studioctl.wave.fail("POST /v1alpha2", Reply.page(502), times=99)
    done = studioctl.build()
    assert done.code == 6
    assert '502: an HTML page, "502 Bad Gateway"' in done.stderr


def test_a_redirection_is_not_followed_with_the_token(studioctl: Studioctl) -> None:
    away = Reply(307, headers={"Location": studioctl.platform.url + "/elsewhere"})
    studioctl.wave.fail("POST /v1alpha2", away)
    done = studioctl.build(TOWER_ACCESS_TOKEN=TOKEN)
    assert done.code == 6
    assert not [call for call in studioctl.platform.calls if call.path == "/elsewhere"]


def test_wave_lite_suggests_docker(studioctl: Studioctl) -> None:
    studioctl.wave.build_service = False
    done = studioctl.build()
    assert done.code == 6
    assert "--docker" in done.stderr
    assert len(studioctl.wave.calls) == 1


def test_a_server_that_is_not_there_is_named(studioctl: Studioctl, free_port: int) -> None:
    address = f"http://127.0.0.1:{free_port}"
    done = studioctl.build(WAVE_ENDPOINT=address)
    assert done.code == 6
    assert f"{address}/v1alpha2/container got no answer: connection refused" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_expired_token_is_told_apart(studioctl: Studioctl) -> None:
    studioctl.wave.tokens = {}
    done = studioctl.build(TOWER_ACCESS_TOKEN=TOKEN)
    assert (done.code, done.stdout) == (4, "")
    assert "TOWER_ACCESS_TOKEN was not accepted" in done.stderr
    assert TOKEN not in done.stderr
    assert len(studioctl.wave.calls) == 1


def test_a_platform_that_wave_does_not_know_is_named(studioctl: Studioctl) -> None:
    studioctl.wave.paired = set()
    done = studioctl.build(TOWER_ACCESS_TOKEN=TOKEN)
    assert done.code == 6
    assert "Missing pairing record for Tower endpoint" in done.stderr


def test_a_dockerfile_that_is_too_long_is_found_before_anything_is_sent(
    studioctl: Studioctl,
) -> None:
    (studioctl.context / "Dockerfile").write_text("FROM scratch\n" + "# padding\n" * 1000)
    done = studioctl.build()
    assert (done.code, done.stdout) == (3, "")
    assert "7,500" in done.stderr
    assert studioctl.wave.calls == []


def test_a_context_that_is_too_large_is_found_before_anything_is_sent(
    studioctl: Studioctl,
) -> None:
    import random

    (studioctl.context / "model.bin").write_bytes(random.Random(1).randbytes(9_000_000))
    done = studioctl.build()
    assert (done.code, done.stdout) == (3, "")
    assert "model.bin" in done.stderr
    assert studioctl.wave.calls == []


def test_the_largest_context_that_is_let_through_is_not_refused(studioctl: Studioctl) -> None:
    import random

    (studioctl.context / "model.bin").write_bytes(random.Random(1).randbytes(7_700_000))
    done = studioctl.build()
    assert done.code == 0, done.stderr
    assert "warning: " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        (("--freeze",), {"TOWER_ACCESS_TOKEN": TOKEN}, "--repository"),
        (("--tag", "x"), {}, "--docker"),
        (("--cache-repository", "r.example.com/x"), {}, "--repository"),
        (("--push",), {}, "--docker"),
        (("--repository", "https://r.example.com/x"), {}, "without a protocol"),
        (("--repository", "r.example.com/x:latest"), {}, "without a tag"),
        (("--platform", "linux/s390x"), {}, "linux/amd64"),
        ((), {"WAVE_ENDPOINT": "http://wave.example.com"}, "https://"),
        ((), {"WAVE_ENDPOINT": "ftp://wave.example.com"}, "WAVE_ENDPOINT"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_sent(
    studioctl: Studioctl, arguments: tuple[str, ...], env: dict[str, str], said: str
) -> None:
    done = studioctl.build(*arguments, **env)
    assert (done.code, done.stdout) == (3, "")
    assert said in done.stderr
    assert studioctl.wave.calls == []
    assert studioctl.platform.calls == []


def test_both_ways_at_once_is_wrong_usage(studioctl: Studioctl) -> None:
    assert studioctl.build("--docker").code == 2


def test_a_frozen_image_needs_a_token(studioctl: Studioctl) -> None:
    done = studioctl.build("--freeze", "--repository", REPOSITORY)
    assert (done.code, done.stdout) == (4, "")
    assert "TOWER_ACCESS_TOKEN" in done.stderr
    assert studioctl.wave.calls == []
