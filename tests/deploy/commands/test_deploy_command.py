"""`studioctl deploy` from the command line to the exit code, by both ways to the Platform."""

import json
from typing import Any

import pytest

from tests.deploy.commands.calling import IMAGE, User

OTHER = "127.0.0.1:9/acme/mlflow:2"


def url(user: User, name: str = "mlflow") -> str:
    return f"{user.platform.studio(name).url}\n"


def test_a_first_deploy_prints_the_sessions_address_and_nothing_else(a_deployer: User) -> None:
    done = a_deployer.calls("deploy")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == url(a_deployer)
    assert "ready: ready" in done.stderr
    by_tw = "PATH" in a_deployer.env
    assert f"  by: {'tw' if by_tw else 'api'} (" in done.stderr


def test_a_second_deploy_writes_nothing_and_prints_the_same(a_deployer: User) -> None:
    first = a_deployer.calls("deploy")
    again = a_deployer.calls("deploy")
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert a_deployer.written == []


MUTABLE: list[tuple[dict[str, Any], str]] = [
    ({"description": "Runs of all"}, "description"),
    ({"resources": {"cpu": 4}}, "resources.cpu"),
    ({"resources": {"memory": "16 GiB"}}, "resources.memory"),
    ({"resources": {"gpu": 1}}, "resources.gpu"),
    ({"session": {"lifespan": "unlimited", "ssh": True}}, "session.ssh"),
    ({"session": {"lifespan": "unlimited", "spot": True}}, "session.spot"),
    ({"environment": {"STUDIO_WORKERS": "1"}}, "environment.STUDIO_WORKERS"),
    ({"labels": {"team": "research"}}, "labels.team"),
    ({"data-links": [{"name": "runs", "writable": True}, {"name": "more"}]}, "data-links"),
    ({"session": {"lifespan": "24h"}}, "session.lifespan"),
]


@pytest.mark.parametrize(("said", "field"), MUTABLE, ids=[field for _, field in MUTABLE])
def test_what_can_be_changed_is_changed_in_the_same_studio(
    a_user: User, said: dict[str, Any], field: str
) -> None:
    changed(a_user, said, [field])


def test_all_that_can_be_changed_is_changed_at_once(a_deployer: User) -> None:
    everything: dict[str, Any] = {}
    for said, _ in MUTABLE:
        for key, value in said.items():
            both = isinstance(value, dict) and isinstance(everything.get(key), dict)
            everything[key] = {**everything[key], **value} if both else value
    changed(a_deployer, everything, [field for _, field in MUTABLE])


def changed(user: User, said: dict[str, Any], fields: list[str]) -> None:
    user.compute_env.config["gpuEnabled"] = True
    user.platform.add_link("more", "s3://acme-more")
    user.calls("deploy")
    before = user.platform.studio("mlflow").id
    user.clock.sleep(3600)
    user.writes(**said)
    done = user.calls("deploy")
    assert done.exit_code == 0, done.stderr
    assert [field for field in fields if f"    {field}: " not in done.stderr] == []
    assert user.platform.studio("mlflow").id == before
    assert user.platform.status("mlflow") == "running"
    assert user.calls("plan", "--detailed-exitcode").exit_code == 0


def test_another_image_replaces_the_studio(a_deployer: User) -> None:
    a_deployer.calls("deploy")
    old = a_deployer.platform.studio("mlflow").id
    a_deployer.clock.sleep(3600)
    done = a_deployer.calls("deploy", "--image", OTHER, "--json")
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    new = a_deployer.platform.studio("mlflow")
    assert said["studio"] == {"id": new.id, "name": "mlflow", "status": "running"}
    assert (said["action"], said["image"], said["ready"]) == ("replace", OTHER, "ready")
    assert said["url"] == new.url
    assert any(old in action for action in said["actions"])
    assert len(a_deployer.platform.names()) == 2


def test_the_old_studio_is_deleted_where_that_is_wished(a_deployer: User) -> None:
    a_deployer.calls("deploy")
    a_deployer.clock.sleep(3600)
    done = a_deployer.calls("deploy", "--image", OTHER, "--delete-previous")
    assert done.exit_code == 0, done.stderr
    assert a_deployer.platform.names() == ["mlflow"]


def test_rollback_swaps_the_two_and_back_again(a_deployer: User) -> None:
    a_deployer.calls("deploy")
    a_deployer.clock.sleep(3600)
    a_deployer.calls("deploy", "--image", OTHER)
    for image in (IMAGE, OTHER):
        a_deployer.clock.sleep(3600)
        done = a_deployer.calls("rollback")
        assert done.exit_code == 0, done.stderr
        assert done.stdout == url(a_deployer)
        assert a_deployer.platform.studio("mlflow").image == image
        assert a_deployer.platform.status("mlflow") == "running"
        assert len(a_deployer.platform.names()) == 2


def test_what_a_rollback_would_do_is_said_to_people_and_to_programs(a_deployer: User) -> None:
    a_deployer.calls("deploy")
    a_deployer.clock.sleep(3600)
    a_deployer.calls("deploy", "--image", OTHER)
    done = a_deployer.calls("rollback", "--dry-run", "--json")
    document = json.loads(done.stdout)
    assert (document["kept"]["image"], document["present"]["image"]) == (IMAGE, OTHER)
    assert document["actions"] == []
    assert f"({document['kept']['id']}, {IMAGE}) becomes" in done.stderr
    assert a_deployer.written == []


def test_a_rollback_without_a_kept_studio_changes_nothing(a_user: User) -> None:
    a_user.made()
    done = a_user.calls("rollback")
    assert (done.exit_code, a_user.written) == (1, [])
    assert "nothing to go back to" in done.stderr


def test_a_studio_on_the_third_page_is_found(a_deployer: User) -> None:
    a_deployer.calls("deploy")
    for number in range(230):
        a_deployer.platform.add_studio(f"other-{number}", status="stopped")
    done = a_deployer.calls("deploy")
    assert done.exit_code == 0, done.stderr
    assert a_deployer.written == []


def test_a_dry_run_never_writes(a_deployer: User) -> None:
    assert a_deployer.calls("deploy", "--dry-run").exit_code == 0
    assert a_deployer.written == []
    a_deployer.calls("deploy")
    another = ("--image", OTHER, "--detailed-exitcode")
    for words, code in ((another, 10), (("--detailed-exitcode",), 0), (("--json",), 0)):
        plan = a_deployer.calls("plan", *words)
        done = a_deployer.calls("deploy", "--dry-run", "--yes", *words)
        assert (done.exit_code, a_deployer.written) == (code, [])
        assert (plan.exit_code, plan.stdout) == (code, done.stdout)


def test_a_replacement_that_loses_runs_has_to_be_accepted(a_deployer: User) -> None:
    a_deployer.writes(**{"data-links": None})
    a_deployer.calls("deploy")
    a_deployer.clock.sleep(3600)
    refused = a_deployer.calls("deploy", "--image", OTHER)
    assert (refused.exit_code, a_deployer.written) == (1, [])
    assert "LOSES all runs" in refused.stderr
    assert "--accept-data-loss" in refused.stderr
    done = a_deployer.calls("deploy", "--image", OTHER, "--accept-data-loss")
    assert done.exit_code == 0, done.stderr


def test_on_a_terminal_a_replacement_is_asked_for(a_user: User) -> None:
    a_user.calls("deploy")
    a_user.clock.sleep(3600)
    a_user.is_terminal = True
    assert a_user.calls("deploy", "--image", OTHER, typed="n\n").exit_code == 1
    assert a_user.written == []
    assert a_user.calls("deploy", "--image", OTHER, typed="y\n").exit_code == 0
    assert a_user.calls("rollback", "--yes").exit_code == 0


def test_without_waiting_it_is_said_that_nobody_has_looked(a_user: User) -> None:
    done = a_user.calls("deploy", "--no-wait")
    assert done.exit_code == 0
    assert "ready: not checked (it was not waited for)" in done.stderr
    assert a_user.platform.status("mlflow") == "starting"


def test_labels_of_others_are_kept_and_stale_ones_of_ours_are_tidied_up(a_user: User) -> None:
    a_user.platform.workspaces[0].roles = ["admin"]
    a_user.calls("deploy")
    studio = a_user.platform.studio("mlflow")
    studio.labels.append(a_user.platform.add_label("cost-centre", "4711"))
    before = {(label.name, label.value) for label in a_user.platform.labels.all.values()}
    a_user.clock.sleep(3600)
    a_user.writes(resources={"cpu": 4})
    a_user.calls("deploy")
    a_user.clock.sleep(3600)
    a_user.calls("deploy", "--image", OTHER)
    labels = {label.name: label.value for label in a_user.platform.studio("mlflow").labels}
    assert labels["cost-centre"] == "4711"
    assert labels["studioctl"] == "mlflow"
    now = {(label.name, label.value) for label in a_user.platform.labels.all.values()}
    # The first specification's is gone; the kept Studio and the present one have theirs.
    assert [name for name, _ in sorted(before - now)] == ["studioctl-spec"]
    assert sum(name == "studioctl-spec" for name, _ in now) == 2
