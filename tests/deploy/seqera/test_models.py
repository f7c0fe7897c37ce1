"""The Platform's documents as values: what is there, what is absent, and what is new."""

import json
from typing import Any

import pytest

from deploy.seqera.models import (
    ComputeEnv,
    Configuration,
    Label,
    Link,
    Mount,
    Step,
    Studio,
)

STUDIO: dict[str, Any] = {
    "sessionId": "1a2b3c4d",
    "name": "mlflow",
    "description": "Runs of the team",
    "studioUrl": "https://a1a2b3c4d.connect.example.com",
    "statusInfo": {
        "status": "stopped",
        "message": "by its lifespan",
        "stopReason": "LIFESPAN_EXPIRED",
        "lastUpdate": "2026-11-23T04:00:00Z",
    },
    "template": {"repository": "registry.example.com/mlflow:1", "icon": "mlflow"},
    "computeEnv": {"id": "ce1", "name": "aws", "platform": "aws-batch"},
    "configuration": {
        "cpu": 2,
        "memory": 8192,
        "gpu": 0,
        "lifespanHours": 0,
        "environment": {"DATABASE": "planted-secret"},
        "mountDataV2": [{"dataLinkId": "v1-user-7", "path": "runs"}],
        "mountData": ["v1-user-7"],
        "sshEnabled": False,
    },
    "isPrivate": True,
    "labels": [{"id": 5, "name": "studioctl", "value": "mlflow", "resource": True}],
    "progress": [{"message": "Provisioning", "status": "errored", "warnings": ["slow"]}],
    "waveBuildUrl": "https://wave.example.com/view/builds/bd-1",
    "effectiveLifespanHours": 8,
    "mountedDataLinks": [
        {
            "id": "v1-user-7",
            "name": "runs",
            "resourceRef": "s3://acme/runs",
            "provider": "aws",
            "region": "eu-west-1",
            "status": "VALID",
        }
    ],
    "lastStarted": "2026-11-22T20:00:00Z",
    "lastUpdated": "2026-11-22T19:00:00+00:00",
    "user": {"id": 7, "userName": "ada"},
    "aMemberOfTomorrow": {"x": 1},
}


def test_a_description_is_read_whole() -> None:
    studio = Studio.from_json(STUDIO)
    assert studio.configuration == Configuration(
        cpu=2,
        memory=8192,
        lifespan_h=0,
        environment={"DATABASE": "planted-secret"},
        mounts=(Mount("v1-user-7", "runs"),),
        ssh=False,
    )
    assert studio.mounted == (Link("v1-user-7", "runs", "s3://acme/runs", "VALID"),)
    assert studio.progress == (Step("Provisioning", "errored", ("slow",)),)
    assert studio.labels == (Label(5, "studioctl", "mlflow"),)
    assert (studio.image, studio.compute_env_id, studio.compute_env_name) == (
        "registry.example.com/mlflow:1",
        "ce1",
        "aws",
    )
    assert (studio.stop_reason, studio.message) == ("LIFESPAN_EXPIRED", "by its lifespan")
    assert (studio.last_started, studio.last_updated) == (1795377600.0, 1795374000.0)
    assert (studio.private, studio.effective_lifespan_h, studio.creator) == (True, 8, "ada")
    assert studio.status_at == 1795406400.0


def test_an_entry_of_a_list_knows_that_it_lacks_the_configuration() -> None:
    assert Studio.from_json({"sessionId": "1a2b3c4d", "labels": None}).configuration is None


def test_nothing_at_all_is_a_studio_with_nothing_said() -> None:
    assert Studio.from_json({}) == Studio("", "")


@pytest.mark.parametrize("wrong", [None, 7, "text", [], [7], {"x": []}, True])
def test_members_of_an_unknown_kind_count_as_absent(wrong: Any) -> None:
    odd = Studio.from_json(dict.fromkeys(STUDIO, wrong))
    assert odd.status == ""
    assert odd.progress == ()


def test_a_status_of_tomorrow_is_kept() -> None:
    studio = Studio.from_json({"statusInfo": {"status": "hibernating"}})
    assert studio.status == "hibernating"
    assert not studio.idle
    assert not studio.terminal


@pytest.mark.parametrize(
    ("status", "idle", "terminal"),
    [
        ("building", False, False),
        ("starting", False, False),
        ("running", False, True),
        ("stopping", False, False),
        ("stopped", True, True),
        ("errored", True, True),
        ("buildFailed", True, True),
    ],
)
def test_a_status_tells_what_can_be_done(status: str, idle: bool, terminal: bool) -> None:
    studio = Studio("", "", status=status)
    assert (studio.idle, studio.terminal) == (idle, terminal)


def test_a_label_is_found_by_its_name() -> None:
    studio = Studio.from_json(STUDIO)
    assert (studio.label("studioctl"), studio.label("other")) == ("mlflow", None)


def test_an_older_platform_names_the_mounts_by_their_ids() -> None:
    found = Configuration.from_json({"mountData": ["v1-user-7", "v1-cloud-8"]})
    assert found.mounts == (Mount("v1-user-7"), Mount("v1-cloud-8"))


def test_no_value_shows_the_environment() -> None:
    studio = Studio.from_json(STUDIO)
    config = {"environment": [{"name": "X", "value": "planted-secret"}]}
    shown = [
        repr(studio),
        repr(studio.configuration),
        repr(ComputeEnv.from_json({"config": config})),
    ]
    assert "planted-secret" in json.dumps(STUDIO)
    assert "planted-secret" not in "".join(shown)


def test_a_compute_environment_has_its_folder_beside_or_within_its_configuration() -> None:
    inside = ComputeEnv.from_json({"id": "ce1", "config": {"workDir": "s3://w"}})
    beside = ComputeEnv.from_json({"workDir": "s3://w"})
    assert (inside.work_dir, beside.work_dir) == ("s3://w", "s3://w")
