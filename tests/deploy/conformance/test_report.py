"""The report: what people read, what programs read, and when it passes."""

import json

import pytest

from deploy.conformance.report import (
    Check,
    Result,
    Verdict,
    document,
    judged,
    lines,
    not_checked,
    passes,
    summary,
)

CHECK = Check("user", "it runs as root", "Leave USER out.\nFusion needs root.")
OTHER = Check("size", "it is small", "Leave things out.")


@pytest.mark.parametrize(
    ("verdict", "encoding", "start"),
    [
        ("ok", "utf-8", "✓ user"),
        ("failed", "utf-8", "✗ user"),
        ("not checked", "utf-8", "- user"),
        ("ok", "cp1252", "ok user"),
        ("failed", "ascii", "FAILED user"),
        ("failed", "no-such-encoding", "FAILED user"),
    ],
)
def test_a_line_begins_with_a_mark_that_the_terminal_can_show(
    verdict: Verdict, encoding: str, start: str
) -> None:
    assert lines(Result(CHECK, verdict, "seen"), encoding)[0] == f"{start}: it runs as root (seen)"


def test_only_a_failed_check_comes_with_its_remedy_indented_below_it() -> None:
    assert lines(judged(CHECK, False, "x"), "utf-8")[1:] == [
        "  Leave USER out.",
        "  Fusion needs root.",
    ]
    assert len(lines(judged(CHECK, True, "x"), "utf-8")) == 1
    assert len(lines(Result(CHECK, "not checked", "x"), "utf-8")) == 1


def test_what_an_image_says_of_itself_cannot_move_the_cursor() -> None:
    (line,) = lines(judged(CHECK, True, "\x1b[2J\nok user\r"), "utf-8")
    assert line.isprintable()


def test_one_failed_check_is_enough() -> None:
    good, bad = judged(CHECK, True, ""), judged(OTHER, False, "")
    (left_out,) = not_checked((OTHER,), "no engine")
    assert passes([good, left_out])
    assert not passes([good, bad, left_out])


def test_what_was_not_checked_is_counted() -> None:
    results = [judged(CHECK, True, ""), judged(CHECK, True, ""), judged(OTHER, False, "")]
    assert summary(results) == "3 checks: 2 hold, 1 failed"
    assert summary([*results, *not_checked((CHECK, OTHER), "")]) == (
        "5 checks: 2 hold, 1 failed, 2 not checked"
    )
    assert summary([judged(CHECK, False, "")]) == "1 checks: none hold, 1 failed"


def test_the_document_has_stable_names() -> None:
    results = [judged(CHECK, False, "USER mlflow"), *not_checked((OTHER,), "it did not start")]
    assert json.loads(json.dumps(document("a:1", results))) == {
        "image": "a:1",
        "ok": False,
        "checks": [
            {
                "check": "user",
                "promise": "it runs as root",
                "verdict": "failed",
                "evidence": "USER mlflow",
                "remedy": "Leave USER out.\nFusion needs root.",
            },
            {
                "check": "size",
                "promise": "it is small",
                "verdict": "not checked",
                "evidence": "it did not start",
                "remedy": None,
            },
        ],
    }
