"""All checks together, against a Platform: every problem is found, none hides another."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import profile
from deploy.preflight import Resolved, require, resolve
from tests.deploy.seqera.platforms import a_new_platform, door
from tests.fakes.platform import TOKEN, Platform
from tests.fakes.server import BEFORE, Reply

GOOD = """\
name: mlflow
compute-env: aws-eu
resources: {cpu: 4, memory: 8 GiB}
session: {lifespan: unlimited}
data-links: [{name: runs, writable: true}, "s3://acme-data"]
environment: {STUDIO_WORKERS: "2"}
image: {reference: "registry.example.com/acme/mlflow:1"}
"""
BAD = """\
name: theirs
compute-env: small
resources: {cpu: 4, memory: 8 GiB}
data-links:
- {name: runs, writable: true}
- twice
- broken
- runz
environment: {DATABASE_PASSWORD: {from_env: PLANTED_PASSWORD, visible: true}}
image: {reference: "registry.example.com/acme/mlflow:1"}
"""


@pytest.fixture
def a_platform() -> Iterator[Platform]:
    with a_new_platform() as platform:
        platform.add_link("runs", "s3://acme-runs")
        platform.add_link("data", "s3://acme-data")
        forge = {"allowBuckets": ["s3://acme-runs"]}
        platform.add_compute_env("aws-eu", forge=forge, headJobCpus=8)
        yield platform


def resolved(
    platform: Platform,
    folder: Path,
    text: str = GOOD,
    workspace: str | None = "Acme/ml",
    token: str | None = TOKEN,
) -> Resolved:
    file = folder / "studio.yaml"
    file.write_text(text)
    loaded = profile.load(file, None, {"PLANTED_PASSWORD": "planted-secret"})
    return resolve(loaded.profile, workspace, loaded.environment, door(platform, token))


def wrong(found: Resolved, level: str = "error") -> dict[str, list[str]]:
    """What is wrong, by its check."""
    said: dict[str, list[str]] = {}
    for finding in found.findings:
        if finding.level == level:
            said.setdefault(finding.check, []).append(str(finding))
    return said


def test_a_good_profile_is_resolved(a_platform: Platform, tmp_path: Path) -> None:
    a_platform.add_studio("other")
    found = resolved(a_platform, tmp_path)
    assert wrong(found) == wrong(found, "warning") == {}
    assert found.surroundings is not None
    assert found.surroundings.workspace_id == 71
    assert found.compute_env is not None
    assert found.compute_env.config["headJobCpus"] == 8
    assert [link.uri for link in found.links] == ["s3://acme-runs", "s3://acme-data"]
    assert found.writable == {found.links[0].id}
    assert [studio.name for studio in found.studios] == ["other"]
    assert not found.is_cloud


def test_looking_takes_eight_calls_and_changes_nothing(
    a_platform: Platform, tmp_path: Path
) -> None:
    resolved(a_platform, tmp_path)
    assert a_platform.writes() == []
    assert len(a_platform.calls) == 8


def test_every_problem_is_said_at_once(a_platform: Platform, tmp_path: Path) -> None:
    workspace = a_platform.workspaces[0]
    workspace.roles, workspace.lifespan_h = ["launch"], 8
    forge = {"allowBuckets": [], "fargateHeadEnabled": True}
    a_platform.add_compute_env(
        "small", status="ERRORED", message="no role", forge=forge, headJobCpus=2
    )
    a_platform.add_link("broken", "s3://acme-broken", status="INVALID", message="no key")
    for custom in (False, True):
        a_platform.add_link("twice", "s3://acme-twice", custom=custom)
    a_platform.add_studio("theirs")
    found = resolved(a_platform, tmp_path, BAD)
    errors = wrong(found)
    assert list(errors) == ["role", "compute environment", "data links"]
    assert len(errors["compute environment"]) == 3
    environment = "\n".join(errors["compute environment"])
    assert "no role" in environment
    assert "Fargate" in environment
    assert "resources.cpu 4" in environment
    links = "\n".join(errors["data links"])
    assert len(errors["data links"]) == 4
    assert "read-only" in links
    assert "v1-user-" in links
    assert "no key" in links
    assert 'did you mean "runs"?' in links
    warnings = wrong(found, "warning")
    assert set(warnings) == {"lifespan", "environment", "name"}
    assert "planted-secret" not in str(found.findings)
    assert [link.name for link in found.links] == ["runs"]


def test_a_missing_token_is_said_beside_what_can_be_seen_without(
    a_platform: Platform, tmp_path: Path
) -> None:
    found = resolved(a_platform, tmp_path, BAD, token=None)
    assert list(wrong(found)) == ["token"]
    assert list(wrong(found, "warning")) == ["environment"]
    assert a_platform.calls == []
    with pytest.raises(Exception, match="TOWER_ACCESS_TOKEN") as caught:
        require(found.findings)
    assert getattr(caught.value, "exit_code", None) == 4


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("after", range(8))
def test_a_token_that_expires_at_any_moment_is_said_once(
    a_platform: Platform, tmp_path: Path, after: int, status: int
) -> None:
    a_platform.fail("GET", Reply(status), times=99, after=after)
    found = resolved(a_platform, tmp_path)
    errors = wrong(found)
    assert list(errors) == ["token"]
    assert len(errors["token"]) == 1
    assert TOKEN not in str(found.findings)


def test_a_workspace_that_is_not_there_ends_the_reading(
    a_platform: Platform, tmp_path: Path
) -> None:
    found = resolved(a_platform, tmp_path, workspace="Acme/mll")
    errors = wrong(found)
    assert list(errors) == ["workspace"]
    assert "Acme/ml" in errors["workspace"][0]


@pytest.mark.parametrize(
    ("begin", "check"),
    [
        ("GET /api/compute-envs", "compute environment"),
        ("GET /api/data-links", "data links"),
        ("GET /api/studios", "name"),
    ],
)
@pytest.mark.parametrize("what", [Reply.page(), Reply(404), BEFORE], ids=str)
def test_a_part_that_cannot_be_read_hides_no_other(
    a_platform: Platform, tmp_path: Path, begin: str, check: str, what: Reply | str
) -> None:
    a_platform.fail(begin, what, times=999)
    found = resolved(a_platform, tmp_path)
    assert list(wrong(found)) == [check]
    assert bool(found.links) == (check != "data links")
    assert (found.compute_env is None) == (check == "compute environment")


def test_the_own_workspace_is_looked_at_like_any_other(
    a_platform: Platform, tmp_path: Path
) -> None:
    a_platform.add_compute_env("own", workspace=None)
    a_platform.add_link("runs", "s3://own-runs", workspace=None)
    text = GOOD.replace("aws-eu", "own").replace("{name: runs, writable: true}", "runs")
    found = resolved(a_platform, tmp_path, text.replace(', "s3://acme-data"', ""), workspace=None)
    assert wrong(found) == {}
    assert [link.uri for link in found.links] == ["s3://own-runs"]


def test_a_list_of_links_that_does_not_come_is_said(a_platform: Platform, tmp_path: Path) -> None:
    a_platform.links.filling_s = 3600
    found = resolved(a_platform, tmp_path)
    assert list(wrong(found)) == ["data links"]
    assert "still collecting" in wrong(found)["data links"][0]


def test_a_platform_with_a_limit_is_not_overrun(a_platform: Platform, tmp_path: Path) -> None:
    a_platform.rate_limit = 20
    assert wrong(resolved(a_platform, tmp_path)) == {}
    assert a_platform.clock.now() == 1_790_000_000
