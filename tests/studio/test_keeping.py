"""The words for people: what is kept, since when, how old it is, and what to do."""

import errno
from typing import Any

import pytest

from studio import keeping
from studio.alarms import Alarms

NOW = 10_000.0
GOOD = {
    "session": "s1",
    "seq": 4,
    "interval_s": 15.0,
    "published_at": NOW - 40,
    "dirty": False,
    "dirty_since": None,
    "failures": 0,
}
SUPERVISOR = {
    "kept": 'published on data link "bucket" every 15 s',
    "sessions": ["20261103T080000Z-0a1b2c3d", "20261101T093000Z-0a1b2c3d"],
}


def failing(seconds: float, **more: Any) -> dict[str, Any]:
    return {**GOOD, "dirty": True, "dirty_since": NOW - seconds, "failures": 3, **more}


def said(publisher: dict[str, Any]) -> str:
    return "\n".join(keeping.of(publisher, SUPERVISOR, NOW).says)


def test_a_folder_whose_name_only_looks_like_a_moment_is_no_beginning() -> None:
    odd = "20261399T999999Z-0a1b2c3d"
    assert keeping.since_when({"sessions": [odd]}) is None
    since = keeping.since_when({"sessions": [odd, *SUPERVISOR["sessions"]]})
    assert since is not None
    assert since.startswith("2026-11-01 09:30 UTC")


def test_all_is_well() -> None:
    found = keeping.of(GOOD, SUPERVISOR, NOW)
    assert found.level == "ok"
    assert found.says == (
        "Everything is published; the newest snapshot is state s1/4, 40 s old.",
        "This data link has kept runs since 2026-11-01 09:30 UTC, in 2 sessions before this one.",
    )


def test_without_a_publisher_it_says_what_keeps_the_runs() -> None:
    found = keeping.of({}, {"kept": "only on this machine's disk"}, NOW)
    assert found == keeping.Keeping("ok", ("Only on this machine's disk.",))


def test_in_a_session_without_a_link_it_says_what_can_be_lost() -> None:
    found = keeping.of({}, {"kept": "only by the Studio's checkpoints", "at_risk": True}, NOW)
    assert found.level == "warning"
    assert found.says[0] == "Only by the Studio's checkpoints."
    assert "up to 5 minutes, are lost; a writable data link keeps them" in found.says[1]


@pytest.mark.parametrize(("age", "level"), [(30, "ok"), (90, "warning"), (310, "error")])
def test_a_publisher_that_never_came_is_noticed(age: float, level: str) -> None:
    found = keeping.of({}, {**SUPERVISOR, "publishes": True, "started_at": NOW - age}, NOW)
    assert found.level == level
    assert "Nothing has been published by this session yet." in found.says
    assert ("the publisher keeps ending" in found.says[0]) is (level != "ok")


def test_changes_that_follow_are_no_trouble() -> None:
    text = said({**GOOD, "dirty": True, "dirty_since": NOW - 5})
    assert text.startswith("The newest published snapshot is state s1/4, 40 s old; changes since")


@pytest.mark.parametrize(
    ("publisher", "level"),
    [
        (failing(59), "ok"),
        (failing(61), "warning"),
        (failing(299), "warning"),
        (failing(301), "error"),
        (failing(70, failures=0), "ok"),
        (failing(76, failures=0), "warning"),
        (failing(3500, failures=0, interval_s=3600.0), "ok"),
    ],
)
def test_a_minute_without_success_is_a_warning_and_five_are_an_error(
    publisher: dict[str, Any], level: str
) -> None:
    assert keeping.of(publisher, SUPERVISOR, NOW).level == level


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EROFS, "the data link has become read-only"),
        (errno.EACCES, "Allowed S3 buckets"),
        (errno.ENOSPC, "there is no space left"),
        (errno.EIO, "the data link failed (said)"),
        (None, "for 2 min: said. The newest runs"),
    ],
)
def test_the_reason_comes_from_the_number_of_the_error(number: int | None, words: str) -> None:
    text = said(failing(100, last_error="said", last_errno=number))
    assert words in text
    assert "do not stop the Studio" in text


def test_a_mount_that_hangs_is_noticed_by_the_time() -> None:
    assert "the data link does not answer" in said(failing(100, failures=0))


@pytest.mark.parametrize(
    ("drill", "level", "words"),
    [
        (
            {"state": "s1/3", "ok": True, "at": NOW - 300, "reason": None},
            "ok",
            "5 min ago and gave",
        ),
        (
            {"state": "s1/3", "ok": False, "at": NOW - 300, "reason": "sha256 differs"},
            "warning",
            "restore of state s1/3 failed 5 min ago (sha256 differs)",
        ),
    ],
)
def test_rehearsed_restores_are_part_of_it(drill: dict[str, Any], level: str, words: str) -> None:
    found = keeping.of({**GOOD, "drill": drill}, SUPERVISOR, NOW)
    assert found.level == level
    assert words in found.says[-1]


def test_the_log_hears_of_each_change_of_the_level_once() -> None:
    lines: list[str] = []
    alarms = Alarms(lines.append)
    for publisher in (
        {},
        GOOD,
        failing(30),
        failing(70),
        failing(80),
        failing(310),
        failing(320),
        GOOD,
        GOOD,
    ):
        alarms.hear(publisher, NOW)
    assert [line.split(":")[0] for line in lines] == ["warning", "error", "publishing works again"]


def test_an_appeared_lineage_is_named_with_the_way_to_it() -> None:
    text = keeping.of_appeared({"link": "bucket", "state": "s0/9", "runs": None})
    assert 'another lineage has appeared on data link "bucket" since the start: s0/9. ' in text
    assert "STUDIO_RESTORE_FROM=s0/9" in text
