"""Before a frozen build: the token, the workspace, the registry's credential, the Platform."""

import pytest

from deploy.wave import ids
from tests.deploy.wave.conftest import REPOSITORY, Studioctl
from tests.fakes.platform import TOKEN
from tests.fakes.server import BEFORE, Reply


def sent(studioctl: Studioctl) -> dict[str, object]:
    (call,) = studioctl.wave.asked("POST /v1alpha2")
    document: dict[str, object] = call.json()
    return document


@pytest.mark.parametrize("workspace", ["Acme/ml", "acme/ML", "71"])
def test_a_workspace_is_found_by_name_and_by_number(studioctl: Studioctl, workspace: str) -> None:
    done = studioctl.freeze("-w", workspace)
    assert done.code == 0, done.stderr
    assert sent(studioctl)["towerWorkspaceId"] == 71
    assert studioctl.platform.asked("GET /api/credentials")[0].query == {"workspaceId": "71"}


def test_the_workspace_can_come_from_the_environment(studioctl: Studioctl) -> None:
    assert studioctl.freeze(TOWER_WORKSPACE_ID="71").code == 0
    assert sent(studioctl)["towerWorkspaceId"] == 71


def test_without_a_workspace_it_is_ones_own(studioctl: Studioctl) -> None:
    assert studioctl.freeze().code == 0
    assert "towerWorkspaceId" not in sent(studioctl)
    assert studioctl.platform.asked("GET /api/credentials")[0].query == {}


def test_an_unknown_workspace_is_refused_with_the_nearest_name(studioctl: Studioctl) -> None:
    done = studioctl.freeze("-w", "Acme/mll")
    assert (done.code, done.stdout) == (3, "")
    assert 'did you mean "Acme/ml"?' in done.stderr
    assert studioctl.wave.calls == []


def test_a_registry_without_credential_is_found_before_the_build(studioctl: Studioctl) -> None:
    done = studioctl.freeze("-w", "Acme/bio")
    assert (done.code, done.stdout) == (4, "")
    assert "no credential for the registry registry.example.com" in done.stderr
    assert studioctl.wave.calls == []


def test_the_cache_needs_a_credential_too(studioctl: Studioctl) -> None:
    done = studioctl.freeze("--cache-repository", "ghcr.io/acme/cache")
    assert done.code == 4
    assert "ghcr.io" in done.stderr


def test_a_token_that_may_not_list_credentials_is_no_reason_to_stop(studioctl: Studioctl) -> None:
    studioctl.platform.fail("GET /api/credentials", Reply(403))
    done = studioctl.freeze()
    assert done.code == 0
    assert "not checked whether the registry's credential is there" in done.stderr


def test_a_token_that_the_platform_refuses_is(studioctl: Studioctl) -> None:
    studioctl.platform.tokens = set()
    done = studioctl.freeze()
    assert (done.code, done.stdout) == (4, "")
    assert "does not accept the token" in done.stderr
    assert studioctl.wave.calls == []


def test_the_platform_is_asked_again_after_a_lost_connection(studioctl: Studioctl) -> None:
    for path in ("/user-info", "/user/7", "/credentials"):
        studioctl.platform.fail(f"GET /api{path}", BEFORE)
    assert studioctl.freeze("-w", "Acme/ml").code == 0


@pytest.mark.parametrize("ending", ["/api", "/api/", "", "/"])
def test_the_platform_is_found_with_and_without_api(studioctl: Studioctl, ending: str) -> None:
    done = studioctl.freeze(TOWER_API_ENDPOINT=studioctl.platform.url + ending)
    assert done.code == 0, done.stderr
    assert sent(studioctl)["towerEndpoint"] == studioctl.platform.endpoint


def test_an_api_at_the_top_is_found_too(studioctl: Studioctl) -> None:
    studioctl.platform.prefix = ""
    studioctl.wave.paired = {studioctl.platform.url}
    studioctl.wave.tokens = {studioctl.platform.url: {TOKEN}}
    assert studioctl.freeze(TOWER_API_ENDPOINT=studioctl.platform.url).code == 0
    assert sent(studioctl)["towerEndpoint"] == studioctl.platform.url


def test_no_platform_at_all_is_told(studioctl: Studioctl) -> None:
    done = studioctl.freeze(TOWER_API_ENDPOINT=studioctl.wave.url)
    assert done.code == 3
    assert "there is no Seqera Platform at" in done.stderr


def test_the_name_is_that_which_wave_gives(studioctl: Studioctl) -> None:
    done = studioctl.freeze("--json")
    text = (studioctl.context / "Dockerfile").read_text()
    digest = done.document["context_digest"]
    id_ = ids.container_id(text, "linux/amd64", REPOSITORY, digest)
    assert done.document["reference"] == f"{REPOSITORY}:{id_}"
    assert "Wave has named" not in done.stderr


def test_a_dry_run_asks_wave_and_builds_nothing(studioctl: Studioctl) -> None:
    done = studioctl.freeze("--dry-run", "--json")
    assert done.code == 0, done.stderr
    assert done.document["cached"] is False
    assert sent(studioctl)["dryRun"] is True
    assert studioctl.wave.builds == {}
    built = studioctl.freeze()
    assert built.reference == done.document["reference"]
    assert studioctl.freeze("--dry-run", "--json").document["cached"] is True


def test_a_dry_run_ends_as_the_run_would(studioctl: Studioctl) -> None:
    assert studioctl.freeze("--dry-run", "-w", "Acme/bio").code == 4


def test_a_request_can_be_printed_instead_of_sent(studioctl: Studioctl) -> None:
    done = studioctl.freeze("--print-request", "-w", "71")
    assert done.code == 0, done.stderr
    assert done.document["towerAccessToken"] == "***"
    assert done.document["buildRepository"] == REPOSITORY
    assert done.document["towerWorkspaceId"] == 71
    assert "towerWorkspaceId" not in done.stderr
    assert len(done.stdout) < 2000
    assert studioctl.wave.calls == []
    assert studioctl.platform.calls == []


def test_a_printed_request_says_that_a_workspace_is_looked_up_later(studioctl: Studioctl) -> None:
    done = studioctl.freeze("--print-request", "-w", "Acme/ml")
    assert "towerWorkspaceId" not in done.document
    assert "the number of Acme/ml, too: towerWorkspaceId" in done.stderr
    assert studioctl.platform.calls == []


def test_build_arguments_are_written_into_the_dockerfile(studioctl: Studioctl) -> None:
    import base64

    done = studioctl.build("--build-arg", "BASE=python:3.13", "--print-request")
    text = base64.b64decode(done.document["containerFile"]).decode()
    assert text.startswith('ARG BASE="python:3.13"\nFROM')
