"""A build by Docker from its request to its image, with an engine that pretends."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import context
from deploy.builders import Builder, Request
from deploy.builders.local import LocalBuilder
from deploy.errors import CredentialMissing, InvalidSetting, StepFailed, WrongPlatform
from deploy.images import Image
from tests.deploy.context.folders import a_folder_with
from tests.deploy.docker.fake_engine import DIGEST, FakeEngine, running

TOKEN = "geheim-geheim-geheim"


@pytest.fixture
def an_engine() -> Iterator[FakeEngine]:
    with running(FakeEngine()) as engine:
        yield engine


@pytest.fixture
def env(an_engine: FakeEngine, tmp_path: Path) -> dict[str, str]:
    """An environment with this engine, and without a docker command."""
    return {"DOCKER_HOST": an_engine.address, "HOME": str(tmp_path), "PATH": str(tmp_path / "no")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return a_folder_with(
        tmp_path / "studio", {"Dockerfile": "ARG NOTE\nARG API_TOKEN\nFROM scratch\n", "a": "x"}
    )


def build(env: dict[str, str], folder: Path, **wanted: object) -> tuple[Image, str]:
    out = io.StringIO()
    builder: Builder = LocalBuilder(env, out=out)
    with context.pack(folder) as packed:
        return builder.build(Request(packed, **wanted)), out.getvalue()


def test_the_engines_builder_gets_the_archive_and_all_that_was_asked(
    an_engine: FakeEngine, env: dict[str, str], folder: Path
) -> None:
    with context.pack(folder) as packed:
        archive = packed.path.read_bytes()
    image, shown = build(
        env,
        folder,
        arguments={"NOTE": "x"},
        tags=("v1",),
        platform="linux/amd64",
    )
    assert an_engine.context == archive
    assert an_engine.sent["t"] == image.reference
    assert an_engine.sent["platform"] == "linux/amd64"
    assert json.loads(an_engine.sent["buildargs"]) == {"NOTE": "x"}
    assert json.loads(an_engine.sent["labels"]) == {
        "studioctl.context.digest": image.context_digest
    }
    assert an_engine.images.keys() == {image.reference, "studio-studio:v1"}
    assert (image.cached, image.digest) == (False, None)
    assert image.duration_s is not None
    assert "[2/2] COPY . /: done" in shown


def test_an_unchanged_image_is_said_to_be_cached(env: dict[str, str], folder: Path) -> None:
    assert build(env, folder)[0].cached is False
    assert build(env, folder)[0].cached is True


def test_a_pushed_image_has_its_digest(
    an_engine: FakeEngine, env: dict[str, str], folder: Path
) -> None:
    image, _ = build(env, folder, repository="a.io/b", push=True, tags=("latest",))
    assert image.digest == DIGEST
    assert image.reference.startswith("a.io/b:")
    assert an_engine.calls.count("POST /images/a.io/b/push") == 2


def test_another_image_under_the_own_tag_is_mentioned(
    an_engine: FakeEngine, env: dict[str, str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(env, folder, repository="a.io/b", push=True)
    assert "warning" not in capsys.readouterr().err
    an_engine.before_push = "sha256:" + "0" * 64
    build(env, folder, repository="a.io/b", push=True)
    assert f"a.io/b@{DIGEST}" in capsys.readouterr().err


def test_what_would_be_built_is_foreseen_without_building(
    an_engine: FakeEngine, env: dict[str, str], folder: Path
) -> None:
    with context.pack(folder) as packed:
        builder = LocalBuilder(env, out=io.StringIO())
        foreseen = builder.foresee(Request(packed))
        assert not any(call.startswith("POST") for call in an_engine.calls)
        built = builder.build(Request(packed))
        assert (foreseen.reference, foreseen.cached) == (built.reference, False)
        assert builder.foresee(Request(packed)).cached is True


def test_a_failing_step_ends_the_build(
    an_engine: FakeEngine, env: dict[str, str], folder: Path
) -> None:
    an_engine.building[4:] = [
        {"stream": " ---> Running in 012\n"},
        {"stream": "copying\n"},
        {
            "errorDetail": {"code": 1, "message": "COPY failed: no such file"},
            "error": "COPY failed",
        },
    ]
    with pytest.raises(StepFailed, match="COPY failed: no such file") as failed:
        build(env, folder)
    assert failed.value.step == "[2/2] COPY . /"
    assert failed.value.lines == ("copying", "COPY failed: no such file")


def test_what_the_engine_refuses_is_told_in_its_words(
    an_engine: FakeEngine, env: dict[str, str], folder: Path
) -> None:
    an_engine.refusal = (400, "dockerfile parse error line 3: unknown instruction: BAKE")
    with pytest.raises(StepFailed, match="unknown instruction: BAKE"):
        build(env, folder)


def test_an_image_for_another_processor_is_an_error(
    an_engine: FakeEngine, env: dict[str, str], folder: Path
) -> None:
    an_engine.image_architecture = "arm64"
    with pytest.raises(WrongPlatform, match="is for linux/arm64, not for linux/amd64"):
        build(env, folder)


def test_emulation_is_named_as_slow(
    an_engine: FakeEngine, env: dict[str, str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(env, folder)
    assert "emulated" not in capsys.readouterr().err
    an_engine.architecture = "aarch64"
    build(env, folder)
    assert "emulated, which takes several times as long" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ({"push": True}, "--push"),
        ({"platform": "linux/amd64,linux/arm64"}, "--platform"),
        ({"tags": ("a/b",)}, "--tag"),
        ({"arguments": {"NOTES": "x"}}, "NOTES"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_built(
    wanted: dict[str, object], name: str, an_engine: FakeEngine, env: dict[str, str], folder: Path
) -> None:
    with pytest.raises(InvalidSetting, match=name):
        build(env, folder, **wanted)
    assert an_engine.calls == []


def test_waves_cache_is_said_to_be_waves(
    env: dict[str, str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(env, folder, cache_repository="a.io/cache")
    assert "the cache repository is for Wave" in capsys.readouterr().err


def test_the_password_of_an_address_is_masked_on_its_own_too(
    an_engine: FakeEngine, env: dict[str, str], folder: Path
) -> None:
    (folder / "Dockerfile").write_text("ARG INDEX\nFROM scratch\n")
    an_engine.building[4:4] = [{"stream": "asking me with pa55word-pa55word\n"}]
    an_engine.building.append({"errorDetail": {"message": "stop"}, "error": "stop"})
    with pytest.raises(StepFailed, match=r"asking me with \*\*\*") as failed:
        build(env, folder, arguments={"INDEX": "https://me:pa55word-pa55word@host/simple"})
    assert "pa55word" not in str(failed.value)


def test_a_credential_store_that_is_not_there_is_named(
    env: dict[str, str], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"credsStore": "not-there"}')
    with pytest.raises(CredentialMissing, match="docker-credential-not-there"):
        build({**env, "DOCKER_CONFIG": str(tmp_path)}, folder)


def test_a_secret_is_shown_nowhere_and_warned_of(
    an_engine: FakeEngine, env: dict[str, str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    an_engine.building[3] = {"stream": f"Step 2/2 : RUN login {TOKEN}"}
    image, shown = build(
        {**env, "MY_PASSWORD": "also-geheim"}, folder, arguments={"API_TOKEN": TOKEN}
    )
    an_engine.building[4:] = [{"errorDetail": {"message": f"{TOKEN} also-geheim"}, "error": ""}]
    with pytest.raises(StepFailed) as failed:
        build({**env, "MY_PASSWORD": "also-geheim"}, folder, arguments={"API_TOKEN": TOKEN})
    said = capsys.readouterr()
    assert "API_TOKEN looks like a secret" in said.err
    everything = shown + said.out + said.err + str(failed.value) + json.dumps(image.to_json())
    assert "RUN login ***" in everything
    assert "geheim" not in everything
