"""Flags > environment > profile > default, and where each value came from."""

from pathlib import Path

import pytest

from deploy import formats, profile
from deploy.errors import InvalidSetting
from deploy.profile import Loaded
from deploy.resolve import BuildFlags, BuildSettings, build_settings, workspace

PROFILE = """\
workspace: of/profile
image:
  build: docker
  repository: registry.example.com/of/profile
  cache-repository: registry.example.com/of/cache
  platform: linux/arm64
  context: folder
  arguments: {A: profile, B: profile}
"""


@pytest.fixture
def a_profile(tmp_path: Path) -> Loaded:
    return written(tmp_path, PROFILE)


def written(folder: Path, text: str) -> Loaded:
    file = folder / "studio.yaml"
    file.write_text(text)
    return profile.load(file, None, {})


def settled(
    found: Loaded | None = None, flags: BuildFlags | None = None, **env: str
) -> BuildSettings:
    return build_settings(found, flags or BuildFlags(), env)


def test_without_anything_there_are_defaults() -> None:
    found = settled()
    assert (found.method, found.freeze, found.push) == ("wave", False, False)
    assert (found.repository, found.image, found.context) == (None, None, None)
    assert (found.platform, dict(found.arguments)) == ("linux/amd64", {})
    assert (found.workspace, found.token) == (None, None)
    assert found.wave_endpoint == "https://wave.seqera.io"
    assert found.tower_endpoint == "https://api.cloud.seqera.io"
    assert set(found.sources.values()) == {"default"}


def test_the_profile_comes_before_the_defaults(a_profile: Loaded) -> None:
    found = settled(a_profile)
    assert found.method == "docker"
    assert found.repository == "registry.example.com/of/profile"
    assert found.cache_repository == "registry.example.com/of/cache"
    assert found.platform == "linux/arm64"
    assert found.context == a_profile.file.parent / "folder"
    assert found.arguments == {"A": "profile", "B": "profile"}
    assert found.workspace == "of/profile"
    assert found.sources["method"] == f"{a_profile.file}:3"
    assert found.sources["platform"] == f"{a_profile.file}:6"
    assert found.sources["freeze"] == "default"


def test_the_environment_comes_before_the_profile(a_profile: Loaded) -> None:
    found = settled(
        a_profile,
        TOWER_WORKSPACE_ID="123",
        WAVE_ENDPOINT="https://wave.example.com:8443/",
        TOWER_API_ENDPOINT="http://localhost:8000/api/",
        TOWER_ACCESS_TOKEN=" a-token\n",
    )
    assert found.workspace == "123"
    assert found.wave_endpoint == "https://wave.example.com:8443"
    assert found.tower_endpoint == "http://localhost:8000/api"
    assert found.token is not None
    assert found.token.reveal() == "a-token"
    assert found.sources["workspace"] == "TOWER_WORKSPACE_ID"
    assert found.sources["token"] == "TOWER_ACCESS_TOKEN"
    assert "a-token" not in repr(found)


def test_flags_come_before_everything(a_profile: Loaded) -> None:
    flags = BuildFlags(
        method="wave",
        freeze=True,
        repository="registry.example.com/of/flag",
        platform="linux/amd64",
        context=Path("elsewhere"),
        arguments={"A": "flag"},
        workspace="of/flag",
    )
    found = settled(a_profile, flags, TOWER_WORKSPACE_ID="123")
    assert (found.method, found.freeze) == ("wave", True)
    assert found.repository == "registry.example.com/of/flag"
    assert found.context == Path("elsewhere")
    assert found.arguments == {"A": "flag", "B": "profile"}
    assert found.workspace == "of/flag"
    assert found.sources["method"] == "--wave"
    assert found.sources["freeze"] == "--freeze"
    assert found.sources["workspace"] == "--workspace"
    assert found.sources["arguments"] == f"--build-arg, {a_profile.file}:8"


def test_empty_variables_count_as_none(a_profile: Loaded) -> None:
    found = settled(a_profile, TOWER_WORKSPACE_ID="", TOWER_ACCESS_TOKEN=" ", WAVE_ENDPOINT="")
    assert found.workspace == "of/profile"
    assert found.token is None
    assert found.sources["wave_endpoint"] == "default"


def test_a_prebuilt_image_is_taken_unless_a_build_is_asked_for(tmp_path: Path) -> None:
    found = written(tmp_path, "image: {reference: registry.example.com/a/b:c}")
    assert settled(found).image == "registry.example.com/a/b:c"
    assert settled(found, BuildFlags(method="wave")).image is None
    assert settled(found, BuildFlags(context=tmp_path)).image is None
    assert settled(found, BuildFlags(image="a/b:d")).image == "a/b:d"


def test_a_profile_that_freezes_with_wave_still_builds_with_docker(tmp_path: Path) -> None:
    found = written(tmp_path, "image: {freeze: true, repository: a.example.com/b}")
    assert settled(found).freeze
    assert not settled(found, BuildFlags(method="docker")).freeze
    assert not settled(found, BuildFlags(freeze=False)).freeze


@pytest.mark.parametrize(
    ("flags", "env", "said"),
    [
        (BuildFlags(freeze=True), {}, "--freeze: needs a place for the image"),
        (BuildFlags(method="docker", push=True), {}, "--push: needs a place for the image"),
        (BuildFlags(push=True), {}, "--push: is for --docker"),
        (BuildFlags(method="docker", freeze=True), {}, "--freeze: is for Wave"),
        (BuildFlags(repository="https://a/b"), {}, "--repository: write it without a protocol"),
        (BuildFlags(cache_repository="a/b:c"), {}, "--cache-repository: write it without a tag"),
        (BuildFlags(platform="linux/s390x"), {}, "--platform: write linux/amd64 or linux/arm64"),
        (BuildFlags(workspace="acme"), {}, "--workspace: write Organization/Workspace"),
        (BuildFlags(image="A B"), {}, "--image: write registry.example.com/path/name:tag"),
        (None, {"TOWER_WORKSPACE_ID": "acme"}, "TOWER_WORKSPACE_ID: write Organization/Workspace"),
        (None, {"TOWER_ACCESS_TOKEN": "a b"}, "TOWER_ACCESS_TOKEN: is not a token"),
        (None, {"TOWER_ACCESS_TOKEN": "a\nb"}, "TOWER_ACCESS_TOKEN: is not a token"),
        (None, {"TOWER_ACCESS_TOKEN": "é"}, "TOWER_ACCESS_TOKEN: is not a token"),
        (None, {"WAVE_ENDPOINT": "http://wave.example.com"}, "WAVE_ENDPOINT: has to start with ht"),
        (None, {"WAVE_ENDPOINT": "wave.example.com"}, "WAVE_ENDPOINT: is not the address of a ser"),
        (None, {"WAVE_ENDPOINT": "https://a:b@c"}, "WAVE_ENDPOINT: has a user name in it"),
        (None, {"WAVE_ENDPOINT": "https://[::1"}, "WAVE_ENDPOINT: is not the address of a server"),
        (None, {"WAVE_ENDPOINT": "https://a:99999"}, "WAVE_ENDPOINT: is not the address of a serv"),
        (None, {"TOWER_API_ENDPOINT": "https://a?b"}, "TOWER_API_ENDPOINT: is not the address of"),
    ],
)
def test_what_cannot_work_is_refused_by_its_name(
    flags: BuildFlags | None, env: dict[str, str], said: str
) -> None:
    with pytest.raises(InvalidSetting) as caught:
        settled(None, flags, **env)
    assert str(caught.value).startswith(said)
    assert caught.value.exit_code == 3


def test_a_profile_that_freezes_without_a_repository_is_named_with_its_line(tmp_path: Path) -> None:
    found = written(tmp_path, "image:\n  freeze: true\n")
    with pytest.raises(InvalidSetting, match=r"image\.freeze \(.*studio\.yaml:2\): needs a place"):
        settled(found)


def test_the_workspace_alone_can_be_settled(a_profile: Loaded) -> None:
    assert workspace(a_profile, None, {}).source == f"{a_profile.file}:1"
    assert workspace(a_profile, None, {"TOWER_WORKSPACE_ID": "1"}).value == "1"
    assert workspace(None, None, {}).value is None


@pytest.mark.parametrize(
    "text", ["a/b", "registry.example.com/a", "localhost:5000/a/b_c", "ghcr.io/a-b/c__d/e.f"]
)
def test_repositories_of_all_kinds_are_fine(text: str) -> None:
    assert formats.repository(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "python",
        "python:3.11",
        "a.b:5000/c",
        "a.b:5000/c:d",
        "a/b@sha256:" + "0" * 64,
        "a/b:c@sha256:" + "0" * 64,
        "wave.seqera.io/wt/0123456789ab/wave/build:1-2",
    ],
)
def test_references_of_all_kinds_are_fine(text: str) -> None:
    assert formats.reference(text) == text
