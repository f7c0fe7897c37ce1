"""`studioctl plan` against a Platform: what it prints and asks, and that it changes nothing."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.commands.calling import IMAGE, User
from tests.fakes.platform import TOKEN, Studio
from tests.fakes.tw.installed import install
from tests.fakes.wave import Wave

BUILT = {"build": "wave"}
NO_LINK: dict[str, Any] = {"data-links": None}


def planned(user: User, *words: str) -> dict[str, Any]:
    done = user.calls("plan", "--json", *words)
    assert done.exit_code == 0, done.stderr
    assert user.written == []
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


def test_a_first_plan_creates_and_names_the_store(a_user: User) -> None:
    done = a_user.calls("plan")
    assert done.exit_code == 0, done.stderr
    first, *others = done.stdout.splitlines()
    assert first == 'Studio "mlflow" in Acme/ml: create'
    assert '  store: data link "runs" (s3://acme-runs): mlflow-studio/' in others
    assert any(line.startswith("    tw --output=json studios add ") for line in others)
    assert a_user.written == []
    # A plan is cheap: the Platform takes 20 calls a second.
    assert len(a_user.platform.calls) <= 8


def test_the_second_time_there_is_nothing_to_do(a_user: User) -> None:
    studio = a_user.made()
    document = planned(a_user)
    assert (document["action"], document["changes"]) == ("nothing", [])
    assert document["studio"] == {"id": studio.id, "status": "running"}


@pytest.mark.parametrize(("made", "code"), [(True, 0), (False, 10)])
def test_the_exit_code_tells_of_changes_if_asked(a_user: User, made: bool, code: int) -> None:
    if made:
        a_user.made()
    assert a_user.calls("plan").exit_code == 0
    assert a_user.calls("plan", "--detailed-exitcode").exit_code == code


def test_a_stopped_studio_would_be_started(a_user: User) -> None:
    a_user.made(session={"lifespan": "1h"})
    a_user.clock.sleep(7200)
    document = planned(a_user)
    assert document["action"] == "start"
    (line,) = document["commands"]
    assert line.startswith("tw --output=json studios start --id=")


def test_each_difference_is_shown_old_and_new(a_user: User) -> None:
    a_user.made(environment={"A": "1", "B": "2"})
    a_user.writes(environment={"A": "one"}, resources={"cpu": 4})
    document = planned(a_user)
    assert document["action"] == "update"
    assert document["changes"] == [
        {"field": "resources.cpu", "old": "2", "new": "4", "how": "in place"},
        {"field": "environment.A", "old": "1", "new": "one", "how": "in place"},
        {"field": "environment.B", "old": "2", "new": "not set", "how": "in place"},
    ]
    stop, change, start = document["commands"]
    assert stop.startswith("tw --output=json studios stop ")
    assert change.startswith("# through the API, PUT /studios/")
    assert start.startswith("tw --output=json studios start ")


def test_another_image_is_a_replacement(a_user: User) -> None:
    a_user.made()
    other = IMAGE.replace(":1", ":2")
    document = planned(a_user, "--image", other)
    assert document["action"] == "replace"
    assert document["image"] == {"reference": other, "context_digest": None, "to_build": False}
    assert document["loses_data"] is False
    assert f"--custom-template={other}" in document["commands"][-1]


def test_a_replacement_that_loses_the_runs_says_so_first(a_user: User) -> None:
    a_user.made(**NO_LINK)
    done = a_user.calls("plan", "--image", IMAGE.replace(":1", ":2"))
    assert "replace (LOSES all runs; they stay in the stopped old Studio)" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("--accept-data-loss")


def test_a_read_only_link_is_no_store(a_user: User) -> None:
    a_user.platform.add_link("data", "s3://elsewhere")
    a_user.writes(**{"data-links": ["data"]})
    assert planned(a_user)["store"]["kind"] == "checkpoint"


def test_of_two_links_the_one_in_use_is_the_store(a_user: User) -> None:
    a_user.platform.add_link("a", "s3://acme-runs/a", folder=a_user.folder)
    used = a_user.folder / "mlflow-studio" / "sessions" / "20260101T000000Z-0000"
    a_user.writes(**{"data-links": ["runs", "a"]})
    assert planned(a_user)["store"]["words"].startswith('data link "a"')
    used.mkdir(parents=True)
    a_user.platform.links.all.clear()
    a_user.platform.add_link("z", "s3://acme-runs/z", folder=a_user.folder)
    a_user.platform.add_link("runs", "s3://acme-runs")
    a_user.writes(**{"data-links": ["runs", "z"]})
    assert planned(a_user)["store"]["words"].startswith('data link "z"')


def test_the_compute_environment_can_be_exchanged_for_one_with_the_same_work_directory(
    a_user: User,
) -> None:
    a_user.made()
    same, other = {"work_dir": "s3://acme-work/dir"}, {"work_dir": "s3://acme-work/other"}
    for name, where, action in (("same", same, "update"), ("other", other, "replace")):
        a_user.platform.add_compute_env(
            name, platform="aws-cloud", allowBuckets=["s3://acme-runs"], **where
        )
        a_user.writes(**{"compute-env": name})
        assert planned(a_user)["action"] == action


def test_a_studio_among_hundreds_is_found_by_its_exact_name(a_user: User) -> None:
    for number in range(250):
        a_user.platform.add_studio(f"mlflow {number}")
    studio = a_user.made()
    assert planned(a_user)["studio"]["id"] == studio.id


def test_somebody_elses_studio_is_known_by_its_missing_labels(a_user: User) -> None:
    a_user.platform.add_studio("mlflow", image=IMAGE)
    document = planned(a_user)
    assert document["action"] == "update"
    assert "not made by studioctl" in document["warnings"][0]


def test_an_interrupted_replacement_is_seen(a_user: User) -> None:
    studio = a_user.made()
    studio.name = "mlflow-previous-20260101T000000Z"
    document = planned(a_user)
    assert document["action"] == "create"
    assert "studioctl rollback" in document["warnings"][0]


def test_secrets_are_nowhere(a_user: User) -> None:
    a_user.env |= {"MY_PASSWORD": "planted-before"}
    variables = {"A_PASSWORD": {"from_env": "MY_PASSWORD", "visible": True}}
    a_user.made(environment=variables)
    a_user.platform.studio("mlflow").configuration["environment"]["OLD_TOKEN"] = "planted-old"
    a_user.env |= {"MY_PASSWORD": "planted-after"}
    for words in ((), ("--json",)):
        done = a_user.calls("plan", *words)
        assert done.exit_code == 0, done.stderr
        assert "environment.A_PASSWORD" in done.stdout
        assert "environment.OLD_TOKEN" in done.stdout
        assert "planted" not in done.output
        assert TOKEN not in done.output
    del a_user.platform.studios[a_user.platform.studio("mlflow").id]
    done = a_user.calls("plan")
    assert '--env=A_PASSWORD="$MY_PASSWORD"' in done.stdout
    assert "planted" not in done.output


MISSPELT = {"STUDIO_WORKRES": "2"}


def test_a_secret_that_the_runtime_would_refuse_is_masked(a_user: User) -> None:
    a_user.env["MINE"] = "planted-value"
    a_user.writes(environment={"STUDIO_WORKERS": {"from_env": "MINE"}})
    done = a_user.calls("plan")
    assert "STUDIO_WORKERS=***" in done.stderr
    assert "planted" not in done.output


def test_all_problems_are_reported_together(a_user: User, a_wave: Wave) -> None:
    a_user.platform.workspaces[0].roles = ["launch"]
    missing = {"compute-env": "gone", "data-links": ["nowhere"]}
    a_user.writes(**missing, environment=MISSPELT, image=BUILT)
    done = a_user.calls("plan")
    assert (done.exit_code, done.stdout) == (3, "")
    for word in ("gone", "nowhere", "launch", "STUDIO_WORKERS"):
        assert word in done.stderr
    done = a_user.calls("plan", "--json")
    assert done.exit_code == 3
    document = json.loads(done.stdout)
    assert document["action"] is None
    assert {each["level"] for each in document["findings"]} == {"error"}
    assert a_user.written == []


def test_an_image_of_another_release_may_know_other_variables(a_user: User) -> None:
    a_user.writes(environment=MISSPELT)
    done = a_user.calls("plan")
    assert done.exit_code == 0
    assert "warning: environment: STUDIO_WORKRES" in done.stderr


@pytest.mark.parametrize("token", ["", "eyJwb2xk"])
def test_without_a_good_token_the_exit_code_says_so(a_user: User, token: str) -> None:
    a_user.env["TOWER_ACCESS_TOKEN"] = token
    done = a_user.calls("plan")
    assert (done.exit_code, done.stdout) == (4, "")
    assert "TOWER_ACCESS_TOKEN" in done.stderr


def test_warnings_go_to_the_person(a_user: User) -> None:
    a_user.writes(session={"lifespan": "8h"})
    done = a_user.calls("plan")
    assert "warning: lifespan" in done.stderr
    assert "lifespan" not in done.stdout.replace("--lifespan", "")


def test_tw_that_is_not_there_cannot_be_asked_for(a_user: User) -> None:
    done = a_user.calls("plan", "--via", "tw")
    assert (done.exit_code, done.stdout) == (4, "")
    a_user.made()
    assert a_user.calls("plan", "--via", "tw").exit_code == 0


def test_tw_that_can_do_all_is_taken(a_user: User, tmp_path: Path) -> None:
    a_user.env["PATH"] = os.pathsep.join((str(install(tmp_path / "bin").folder), os.defpath))
    assert planned(a_user)["via"] == "tw"
    assert planned(a_user, "--via", "api")["via"] == "api"
    a_user.writes(environment={"A": {"value": "hunter2hunter2", "visible": True}}, description="é")
    document = planned(a_user)
    assert document["via"] == "api"
    assert "description" in document["via_why"]


def test_an_image_that_is_not_built_yet_is_foreseen(a_user: User, a_wave: Wave) -> None:
    a_user.writes(image=BUILT)
    document = planned(a_user)
    assert (document["action"], document["image"]["to_build"]) == ("create", True)
    assert not any(call.json().get("dryRun") is None for call in a_wave.asked("POST /v1alpha2"))


@pytest.fixture
def a_built_studio(a_user: User, a_wave: Wave) -> Studio:
    """A Studio with a temporary image of ours, an hour old."""
    studio = a_user.made(image=BUILT)
    a_wave.calls.clear()
    return studio


def test_what_was_built_is_not_built_again(
    a_user: User, a_wave: Wave, a_built_studio: Studio
) -> None:
    document = planned(a_user)
    assert document["action"] == "nothing"
    assert document["image"]["reference"] == a_built_studio.image
    assert a_wave.asked("POST /v1alpha2") == []


def test_another_machine_knows_the_content_by_its_label(
    a_user: User, a_wave: Wave, a_built_studio: Studio
) -> None:
    a_user.env["XDG_STATE_HOME"] = str(a_user.folder / "elsewhere")
    assert planned(a_user)["action"] == "nothing"
    assert planned(a_user)["image"]["reference"] == a_built_studio.image
    assert a_wave.asked("POST /v1alpha2") == []


def test_an_expired_image_is_replaced_when_the_studio_has_to_start(
    a_user: User, a_wave: Wave, a_built_studio: Studio
) -> None:
    a_user.clock.sleep(37 * 3600)
    assert planned(a_user)["action"] == "nothing"
    assert a_wave.asked("POST /v1alpha2") == []
    a_user.writes(image=BUILT, resources={"cpu": 4})
    document = planned(a_user)
    assert (document["action"], document["image"]["to_build"]) == ("replace", True)
    assert "has expired" in document["why"]


def test_to_freeze_what_was_temporary_is_a_replacement(
    a_user: User, a_wave: Wave, a_built_studio: Studio
) -> None:
    a_user.platform.workspaces[0].registries = ["registry.example.com"]
    repository = "registry.example.com/acme/mlflow"
    a_user.writes(image={"build": "wave", "freeze": True, "repository": repository})
    document = planned(a_user)
    assert (document["action"], document["image"]["to_build"]) == ("replace", True)
    assert document["image"]["reference"].startswith(repository + ":")


def test_an_image_of_docker_needs_a_registry(a_user: User) -> None:
    a_user.writes(image={"build": "docker"})
    done = a_user.calls("plan")
    assert done.exit_code == 3
    assert "image.repository" in done.stderr


def test_another_tool_keeps_its_data_where_only_its_users_know(a_user: User, a_wave: Wave) -> None:
    (a_user.folder / "tool").mkdir()
    (a_user.folder / "tool" / "Dockerfile").write_text("FROM scratch\n")
    a_user.writes(image={"build": "wave", "context": "tool"}, environment={"STUDIO_X": "1"})
    document = planned(a_user)
    assert document["store"]["kind"] == "unknown"
