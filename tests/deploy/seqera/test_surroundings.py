"""Who asks, in which workspace, and which compute environments and data links are there."""

from dataclasses import replace

import pytest

from deploy.errors import CredentialMissing, InvalidSetting, StillCollecting
from deploy.seqera import api, links, surroundings
from deploy.seqera.calls import Calls
from deploy.seqera.links import Kind, Wish
from tests.deploy.seqera.platforms import door
from tests.fakes.platform import Platform, Workspace
from tests.fakes.server import Reply


@pytest.fixture
def calls(a_platform: Platform) -> Calls:
    return Calls(door(a_platform), 71)


@pytest.mark.parametrize("text", ["Acme/ml", "acme/ML", "71"])
def test_a_workspace_is_found_by_its_names_or_its_number(a_platform: Platform, text: str) -> None:
    a_platform.workspaces[0].lifespan_h = 24
    found = surroundings.look(door(a_platform), text)
    assert (found.organization, found.workspace, found.workspace_id) == ("Acme", "ml", 71)
    assert (found.user_name, found.roles) == ("ada", ("maintain",))
    assert (found.api_version, found.lifespan_h) == ("1.200.0", 24)


def test_between_two_workspaces_their_case_counts(a_platform: Platform) -> None:
    a_platform.workspaces.append(Workspace(73, "Acme", "ML"))
    assert surroundings.look(door(a_platform), "Acme/ML").workspace_id == 73
    assert surroundings.look(door(a_platform), "Acme/ml").workspace_id == 71
    with pytest.raises(InvalidSetting):
        surroundings.look(door(a_platform), "acme/mL")


@pytest.mark.parametrize("text", ["Acme/mll", "99", "Other/ml"])
def test_a_workspace_that_is_not_there_is_said_with_those_that_are(
    a_platform: Platform, text: str
) -> None:
    with pytest.raises(InvalidSetting, match="Acme/ml") as caught:
        surroundings.look(door(a_platform), text)
    assert caught.value.name == "workspace"


@pytest.mark.parametrize(
    ("text", "number", "calls"), [(None, None, 0), ("99", 99, 0), ("acme/ML", 71, 2)]
)
def test_the_number_of_a_workspace_is_asked_for_only_by_its_names(
    a_platform: Platform, text: str | None, number: int | None, calls: int
) -> None:
    assert surroundings.workspace_id(door(a_platform), text) == number
    assert len(a_platform.calls) == calls
    with pytest.raises(InvalidSetting, match=r'did you mean "Acme/ml"\?$'):
        surroundings.workspace_id(door(a_platform), "Acme/mll")


def test_the_own_workspace_has_neither_number_nor_settings(a_platform: Platform) -> None:
    found = surroundings.look(door(a_platform), None)
    assert (found.workspace_id, found.lifespan_h, found.user_name) == (None, None, "ada")
    assert len(a_platform.calls) == 2


@pytest.mark.parametrize("begin", ["GET /api/orgs", "GET /api/service-info"])
def test_what_only_some_may_read_is_not_known(a_platform: Platform, begin: str) -> None:
    a_platform.workspaces[0].lifespan_h = 24
    a_platform.fail(begin, Reply(403), times=9)
    found = surroundings.look(door(a_platform), "71")
    assert None in (found.lifespan_h, found.api_version)
    assert found.workspace_id == 71


def test_a_platform_that_is_busy_is_one(a_platform: Platform) -> None:
    a_platform.fail("GET /api/service-info", Reply.error(429, "later"), times=2)
    base = a_platform.endpoint.removesuffix("/api")
    assert api.find(base, lambda place: replace(door(a_platform), base=place)) == f"{base}/api"
    a_platform.fail("GET /api/service-info", Reply.error(429, "later"))
    assert surroundings.look(door(a_platform), None).api_version == "1.200.0"


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_not_accepted_is_a_missing_credential(
    a_platform: Platform, status: int
) -> None:
    a_platform.fail("GET /api/user-info", Reply(status), times=9)
    with pytest.raises(CredentialMissing):
        surroundings.look(door(a_platform), "71")


def test_compute_environments_are_listed_whatever_their_status(
    a_platform: Platform, calls: Calls
) -> None:
    a_platform.add_compute_env("aws-eu", headJobCpus=4)
    a_platform.add_compute_env("broken", status="INVALID", message="no credentials")
    found = surroundings.compute_envs(calls)
    assert [(each.name, each.status) for each in found] == [
        ("aws-eu", "AVAILABLE"),
        ("broken", "INVALID"),
    ]
    described = surroundings.compute_env(calls, found[0].id)
    assert described.config["headJobCpus"] == 4
    assert described.work_dir == "s3://acme-work/dir"


WISHES: list[tuple[Kind, str]] = [("name", "runs"), ("uri", "s3://acme/runs/")]


@pytest.mark.parametrize(("kind", "text"), WISHES)
@pytest.mark.parametrize("others", [0, 240])
def test_a_data_link_is_found_among_few_and_among_many(
    a_platform: Platform, calls: Calls, kind: Kind, text: str, others: int
) -> None:
    for number in range(others):
        a_platform.add_link(f"runs-{number}", f"s3://acme/runs-{number}")
    wanted = a_platform.add_link("runs", "s3://acme/runs")
    found = links.find(calls, [Wish(kind, text)])
    assert [[link.id for link in each] for each in found.matches] == [[wanted.id]]
    assert len(a_platform.calls) <= (1 if others == 0 else 8)


def test_a_search_that_shows_nothing_is_not_believed(a_platform: Platform, calls: Calls) -> None:
    for number in range(120):
        a_platform.add_link(f"data-{number}", f"s3://acme/data-{number}")
    odd = a_platform.add_link("region:runs", "s3://acme/runs")
    found = links.find(calls, [Wish("name", "region:runs"), Wish("name", "missing")])
    assert [[link.id for link in each] for each in found.matches] == [[odd.id], []]
    assert len(found.known) == 121


def test_a_hidden_data_link_is_found_by_its_id(a_platform: Platform, calls: Calls) -> None:
    hidden = a_platform.add_link("runs", "s3://acme/runs", hidden=True)
    found = links.find(calls, [Wish("id", hidden.id), Wish("id", "v1-user-none")])
    assert [[link.name for link in each] for each in found.matches] == [["runs"], []]


def test_all_links_of_a_name_are_given(a_platform: Platform, calls: Calls) -> None:
    ids = [a_platform.add_link("runs", "s3://acme/runs", custom=custom).id for custom in (0, 1)]
    found = links.find(calls, [Wish("name", "runs")])
    assert [link.id for link in found.matches[0]] == ids


def test_a_list_that_is_being_built_is_waited_for(a_platform: Platform, calls: Calls) -> None:
    a_platform.add_link("runs", "s3://acme/runs")
    a_platform.links.filling_s = 20
    assert links.find(calls, [Wish("name", "runs")]).matches[0]
    a_platform.links.filling_s = 3600
    with pytest.raises(StillCollecting):
        links.find(calls, [Wish("name", "runs")])


def test_without_wishes_nothing_is_asked(a_platform: Platform, calls: Calls) -> None:
    assert links.find(calls, []).matches == ()
    assert a_platform.calls == []
