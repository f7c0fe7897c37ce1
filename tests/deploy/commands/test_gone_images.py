"""An image that was built once, and that its registry does not have any more, is built again."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.commands.calling import User
from tests.fakes.platform import Studio
from tests.fakes.registry import Registry
from tests.fakes.server import Reply
from tests.fakes.wave import Wave

MORE: dict[str, Any] = {"environment": {"STUDIO_WORKERS": "2"}}


def planned(user: User) -> dict[str, Any]:
    done = user.calls("plan", "--json")
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


def built(wave: Wave) -> int:
    """Count the builds that Wave was asked for; what it would do is no build."""
    return sum(not call.json().get("dryRun") for call in wave.asked("POST /v1alpha2/container"))


@pytest.fixture(params=["with records", "without records"])
def has_records(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "with records")


@pytest.fixture
def a_registry(a_user: User) -> Iterator[Registry]:
    with Registry(a_user.clock) as registry:
        yield registry


def frozen(registry: Registry, **said: Any) -> dict[str, Any]:
    """Say in a profile that its image stays in a registry."""
    place = f"{registry.host}/acme/studio"
    return {"image": {"build": "wave", "freeze": True, "repository": place}, **said}


@pytest.fixture
def a_frozen_studio(a_user: User, a_wave: Wave, a_registry: Registry, has_records: bool) -> Studio:
    """A Studio whose image has been removed from the registry since."""
    a_user.platform.workspaces[0].registries = [a_registry.host]
    studio = a_user.made(**frozen(a_registry))
    a_registry.push(studio.image.partition("/")[2])
    assert planned(a_user)["action"] == "nothing"
    a_registry.manifests.clear()
    for kept in (a_wave.builds, a_wave.in_registry, a_wave.calls):
        kept.clear()
    if not has_records:
        a_user.env["XDG_STATE_HOME"] = str(a_user.folder / "elsewhere")
    return studio


def test_a_studio_that_runs_needs_no_image(
    a_user: User, a_wave: Wave, a_frozen_studio: Studio
) -> None:
    for command in ("plan", "deploy"):
        done = a_user.calls(command)
        assert done.exit_code == 0, done.stderr
        assert f"{a_frozen_studio.image} is not in its registry any more" in done.stderr
        assert a_user.written == []
    assert planned(a_user)["action"] == "nothing"
    assert a_wave.asked("POST /v1alpha2") == []


def test_one_that_has_to_start_gets_it_built_again_under_its_name(
    a_user: User, a_wave: Wave, a_registry: Registry, a_frozen_studio: Studio
) -> None:
    a_user.writes(**frozen(a_registry, **MORE))
    document = planned(a_user)
    assert (document["action"], document["image"]["to_build"]) == ("update", True)
    assert document["image"]["reference"] == a_frozen_studio.image
    assert built(a_wave) == 0
    done = a_user.calls("deploy")
    assert done.exit_code == 0, done.stderr
    assert built(a_wave) == 1
    assert a_user.platform.status("mlflow") == "running"
    assert a_user.platform.studio("mlflow").environment["STUDIO_WORKERS"] == "2"


def test_one_that_was_stopped_gets_it_built_before_it_is_started(
    a_user: User, a_wave: Wave, a_frozen_studio: Studio
) -> None:
    assert a_user.calls("stop").exit_code == 0
    assert planned(a_user)["action"] == "start"
    done = a_user.calls("deploy")
    assert done.exit_code == 0, done.stderr
    assert built(a_wave) == 1


def test_what_was_built_and_removed_before_the_first_deploy_is_built_again(
    a_user: User, a_wave: Wave, a_frozen_studio: Studio
) -> None:
    del a_user.platform.studios[a_frozen_studio.id]
    done = a_user.calls("deploy")
    assert done.exit_code == 0, done.stderr
    assert built(a_wave) == 1


@pytest.mark.parametrize("reason", ["refused", "away"])
def test_what_the_registry_does_not_say_is_gone_is_not_built_again(
    a_user: User, a_wave: Wave, a_registry: Registry, a_frozen_studio: Studio, reason: str
) -> None:
    if reason == "refused":
        a_registry.login, a_registry.is_public = "bearer", False
    else:
        a_registry.fail("GET /v2", Reply(503), times=50)
    a_user.calls("deploy")
    assert a_wave.asked("POST /v1alpha2") == []


def test_one_that_the_profile_names_is_an_error(
    a_user: User, a_registry: Registry, a_frozen_studio: Studio
) -> None:
    for said, words in (({"reference": a_frozen_studio.image}, []), ({}, ["--image"])):
        a_user.writes(image=said) if said else a_user.writes(**frozen(a_registry))
        done = a_user.calls("plan", *words, *([a_frozen_studio.image] if words else []))
        assert done.exit_code == 3
        assert "is not in its registry" in done.stderr


def test_a_temporary_image_that_ends_before_anybody_can_know_is_replaced(
    a_user: User, a_wave: Wave
) -> None:
    said = {"image": {"build": "wave"}}
    old = a_user.made(**said).image
    a_user.clock.sleep(29 * 3600)
    assert [a_user.calls(word).exit_code for word in ("stop", "start")] == [0, 0]
    a_user.clock.sleep(10 * 3600)
    # The records of the build are on another machine.
    a_user.env["XDG_STATE_HOME"] = str(a_user.folder / "elsewhere")
    a_wave.calls.clear()
    assert planned(a_user)["action"] == "nothing"
    assert a_wave.asked("POST /v1alpha2") == []
    a_user.writes(**said, **MORE)
    document = planned(a_user)
    assert (document["action"], document["image"]["to_build"]) == ("replace", True)
    assert "has expired" in document["why"]
    done = a_user.calls("deploy")
    assert done.exit_code == 0, done.stderr
    assert built(a_wave) == 1
    assert a_user.platform.studio("mlflow").image != old
