"""Plans and outcomes as Markdown: complete, and nothing quoted can break out of it."""

from typing import Any

import pytest

from deploy import job_summary

PLAN: dict[str, Any] = {
    "action": "update",
    "why": "resources.cpu can be changed in the Studio: it is stopped for that",
    "name": "mlflow",
    "workspace": "Acme/ml",
    "image": {"reference": "ghcr.io/acme/mlflow:1", "context_digest": None, "to_build": False},
    "changes": [{"field": "resources.cpu", "old": "2", "new": "4", "how": "in place"}],
    "store": {"kind": "link", "words": 'data link "runs"', "artifacts": ""},
    "loses_data": False,
    "loss": "",
    "warnings": ["it was made by ada"],
    "steps": ["stop it", "change it", "start it"],
}
FINDING = {"check": "links", "level": "error", "text": "there is no link runs", "remedy": None}


def test_a_plan_says_what_why_and_how() -> None:
    assert job_summary.of_plan(PLAN) == (
        "### Studio `mlflow` in `Acme/ml`: update\n"
        "\n"
        "* why: `resources.cpu can be changed in the Studio: it is stopped for that`\n"
        "* image: `ghcr.io/acme/mlflow:1`\n"
        '* store: `data link "runs"`\n'
        "* **warning:** `it was made by ada`\n"
        "\n"
        "| what | is | will be | how |\n"
        "|---|---|---|---|\n"
        "| `resources.cpu` | `2` | `4` | `in place` |\n"
        "\n"
        "1. `stop it`\n"
        "2. `change it`\n"
        "3. `start it`\n"
    )


def test_a_plan_without_changes_is_short() -> None:
    idle = {**PLAN, "action": "nothing", "changes": [], "steps": [], "warnings": []}
    text = job_summary.of_plan(idle)
    assert text.startswith("### Studio `mlflow` in `Acme/ml`: nothing\n")
    assert "|" not in text
    assert text.endswith('* store: `data link "runs"`\n')


def test_a_loss_comes_first_with_the_option_that_accepts_it() -> None:
    text = job_summary.of_plan({**PLAN, "loses_data": True, "loss": "LOSES all runs"})
    assert text.splitlines()[2].startswith("**It LOSES all runs.**")
    assert "--accept-data-loss" in text


def test_an_image_that_has_to_be_built_says_so() -> None:
    image = {**PLAN["image"], "to_build": True}
    assert "`ghcr.io/acme/mlflow:1` (to be built first)" in job_summary.of_plan(
        {**PLAN, "image": image}
    )


def test_what_stands_against_a_deploy_is_listed_with_its_remedy() -> None:
    cured = {**FINDING, "remedy": "make one"}
    text = job_summary.of_plan({"action": None, "findings": [FINDING, cured]})
    assert text.startswith("### Nothing can be deployed\n")
    assert "* **error** `links`: `there is no link runs`\n" in text
    assert "* **error** `links`: `there is no link runs`: `make one`\n" in text


@pytest.mark.parametrize(
    "planted",
    [
        "a | b",
        "`` tick ` tick ``",
        "# not a\n# heading",
        "</code><script>alert(1)</script>",
        "[link](https://evil.example.com)",
    ],
)
def test_what_is_quoted_stays_one_piece_of_code(planted: str) -> None:
    change = {"field": "environment.A", "old": planted, "new": planted, "how": "in place"}
    text = job_summary.of_plan({**PLAN, "changes": [change], "warnings": [planted]})
    plain = job_summary.of_plan(PLAN)
    assert len(text.splitlines()) == len(plain.splitlines())
    (row,) = [line for line in text.splitlines() if "environment.A" in line]
    assert row.replace("\\|", "").count("|") == 5
    quoted = job_summary.code(planted)
    fence = quoted[: len(quoted) - len(quoted.lstrip("`"))]
    assert quoted.endswith(fence)
    assert fence not in quoted[len(fence) : -len(fence)]


def test_an_error_keeps_its_lines_and_cannot_close_its_fence() -> None:
    text = job_summary.of_error("plan", "error: a\n~~~~\n       b\n")
    assert text.splitlines()[2:] == ["~~~~~text", "error: a", "~~~~", "       b", "~~~~~"]
