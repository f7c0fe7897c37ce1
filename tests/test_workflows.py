"""The forge's workflows: when they run, what they may do, whose actions they use.

What their steps call is in `test_workflow_steps.py`.
"""

import re
import tomllib
from typing import Any

import pytest
import yaml

import deploy
from tests.workflows import FOLDER, ROOT, WORKFLOWS, jobs, steps, triggers

PAGE = ROOT / "docs" / "deploying-from-ci.md"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

pytestmark = pytest.mark.skipif(not WORKFLOWS, reason="an sdist has no workflows")

# The only jobs that may do more than read, and why they need it stands beside it in the file.
MAY_WRITE = {
    ("release.yml", "image"): {"packages"},
    ("release.yml", "attest"): {"packages", "id-token", "attestations"},
    ("release.yml", "index"): {"id-token"},
    ("release.yml", "release"): {"contents"},
}
SECRETS = {
    "release.yml": {"TOWER_ACCESS_TOKEN", "IMAGE_REGISTRY_PASSWORD"},
    "deploy.yml": {"token", "variables"},
}
USES = [
    (path.name, line.strip())
    for path in sorted(FOLDER.glob("*.yml"))
    for line in path.read_text("utf-8").splitlines()
    if re.match(r"\s*(- )?uses:", line) and "uses: ./" not in line
]


def test_there_are_the_workflows_that_are_spoken_of() -> None:
    assert WORKFLOWS.keys() == {"ci.yml", "deploy.yml", "newest.yml", "release.yml"}


@pytest.mark.parametrize(("where", "line"), USES)
def test_an_action_is_pinned_to_a_commit_and_says_which_release_that_is(
    where: str, line: str
) -> None:
    assert re.fullmatch(r"(- )?uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


def test_one_action_has_one_pin() -> None:
    pins: dict[str, set[str]] = {}
    for _, line in USES:
        action, _, pin = line.partition("uses: ")[2].partition("@")
        pins.setdefault(action, set()).add(pin)
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


def test_only_the_named_jobs_may_write_and_only_what_is_named() -> None:
    for file, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {"contents": "read"}, file
    for file, name, job in jobs():
        given = job.get("permissions", {})
        writes = {scope for scope, level in given.items() if level != "read"}
        assert writes == MAY_WRITE.get((file, name), set()), (file, name)


def test_who_can_speak_in_our_name_runs_no_script() -> None:
    for file, name, job in jobs():
        if "id-token" in job.get("permissions", {}):
            assert not [step for step in job["steps"] if "run" in step], (file, name)


def test_a_checkout_leaves_no_token_behind() -> None:
    checkouts = [step for *_, step in steps() if "actions/checkout@" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_every_job_ends_some_day() -> None:
    for file, name, job in jobs():
        assert "uses" in job or 0 < job["timeout-minutes"] <= 120, (file, name)


def test_a_secret_is_only_where_it_is_expected() -> None:
    for path in FOLDER.glob("*.yml"):
        named = set(re.findall(r"secrets\.(\w+)", path.read_text("utf-8")))
        assert named == SECRETS.get(path.name, set()), path.name
        assert "secrets: inherit" not in path.read_text("utf-8")
    # An environment or an input of a step: never a job's or a workflow's, which all steps share.
    for _, name, job in jobs():
        assert "secrets." not in str(job.get("env", "")) + str(job.get("if", "")), name


def test_nothing_is_built_for_a_tag_that_is_no_release_nor_published_before_it_is_judged() -> None:
    needs = {name: job.get("needs") for name, job in WORKFLOWS["release.yml"]["jobs"].items()}
    assert needs == {
        "notes": None,
        "ci": "notes",
        "packages": "notes",
        "image": ["ci", "packages"],
        "attest": "image",
        "index": "attest",
        "release": "index",
    }
    assert triggers("release.yml")["push"] == {"tags": ["v*"]}
    assert WORKFLOWS["release.yml"]["jobs"]["index"]["environment"] == "pypi"


def test_the_reusable_workflow_installs_the_studioctl_of_its_own_release() -> None:
    inputs = triggers("deploy.yml")["workflow_call"]["inputs"]
    assert inputs["studioctl"]["default"] == f"mlflow-studio=={deploy.__version__}"


def test_only_the_branch_that_counts_is_deployed_one_run_at_a_time() -> None:
    job = WORKFLOWS["deploy.yml"]["jobs"]["deploy"]
    for part in ("outputs.changes == 'true'", "refs/heads/{0}", "inputs.branch"):
        assert part in job["if"]
    assert "pull_request" not in job["if"]
    assert job["concurrency"]["cancel-in-progress"] is False
    for part in ("profile", "workspace", "stage"):
        assert f"inputs.{part}" in job["concurrency"]["group"]


def test_the_oldest_and_the_newest_python_are_tested() -> None:
    tested = [
        each["python"]
        for each in WORKFLOWS["ci.yml"]["jobs"]["test"]["strategy"]["matrix"]["include"]
    ]
    promised = [
        word.rpartition(" ")[2]
        for word in PYPROJECT["project"]["classifiers"]
        if re.search(r":: 3\.\d+$", word)
    ]
    assert {promised[0], promised[-1]} == set(tested)


def test_the_bot_keeps_the_pins_of_actions_and_of_tools_fresh() -> None:
    bot = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text("utf-8"))
    kept = {each["package-ecosystem"]: each["schedule"]["interval"] for each in bot["updates"]}
    assert kept == {"github-actions": "weekly", "pip": "weekly"}


@pytest.mark.parametrize("folder", [".seqera", ".ci/stand-in-postgres", "tests/image/toy"])
def test_there_is_no_image_that_the_bot_could_follow(folder: str) -> None:
    text = (ROOT / folder / "Dockerfile").read_text("utf-8")
    stages = set(re.findall(r"^FROM \S+ AS (\w+)", text, re.MULTILINE))
    names = set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) - stages
    assert [name for name in names if not name.startswith("${")] == []


def example() -> Any:
    """The caller that the page gives to copy."""
    (text,) = re.findall(r"```yaml\n(name: .*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return yaml.safe_load(text)


def test_the_example_on_the_page_fits_the_workflow_that_it_calls() -> None:
    (job,) = example()["jobs"].values()
    called = triggers("deploy.yml")["workflow_call"]
    assert job["uses"].endswith(f"/.github/workflows/deploy.yml@v{deploy.__version__}")
    assert set(job["with"]) <= set(called["inputs"])
    assert {n for n, s in called["secrets"].items() if s["required"]} <= set(job["secrets"])
    assert set(job["secrets"]) <= set(called["secrets"])
    assert example()["permissions"] == {"contents": "read"}
    assert {"push", "pull_request"} <= example()[True].keys()


def test_the_page_explains_every_input_secret_and_output() -> None:
    called = triggers("deploy.yml")["workflow_call"]
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text("utf-8"), re.MULTILINE))
    assert rows == {*called["inputs"], *called["secrets"], *called["outputs"]}
