"""Which image a Studio gets: one that is named, one built before, or a new one."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.build import Options
from deploy.builders import Request
from deploy.context import pack
from deploy.images import Image
from deploy.planning import choosing, temporary
from deploy.records import Record, Records, folder
from deploy.resolve import BuildFlags, BuildSettings, build_settings
from tests.deploy.wishes import made, wish
from tests.fakes.clock import FakeClock

REPOSITORY = "registry.example.com/acme/tool"
TEMPORARY = "wave.seqera.io/wt/0a1b2c3d/wave/build:x"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def a_context(tmp_path: Path) -> Path:
    place = tmp_path / "tool"
    place.mkdir()
    (place / "Dockerfile").write_text("ARG A\nFROM scratch\nCOPY a /\n")
    (place / "a").write_text("a")
    return place


@pytest.fixture
def options() -> Options:
    return Options(clock=FakeClock().clock)


@pytest.fixture
def by_docker(a_context: Path) -> BuildSettings:
    flags = BuildFlags(method="docker", context=a_context, repository=REPOSITORY, push=True)
    return build_settings(None, flags, {})


def request(settings: BuildSettings, place: Path) -> Request:
    with pack(place) as packed:
        return Request(packed, repository=settings.repository, arguments=settings.arguments)


def remembered(
    settings: BuildSettings, place: Path, env: dict[str, str], reference: str, **said: object
) -> None:
    """Keep a record of a build, as Docker's builder does."""
    wanted = request(settings, place)
    image = replace(Image(reference, "linux/amd64", wanted.packed.digest, "sha256:d"), **said)
    record = Record(image, 0, wanted.content, "docker", source=wanted.source)
    Records(folder(env)).add(record)


def test_an_image_that_is_named_is_not_built(env: dict[str, str], options: Options) -> None:
    settings = build_settings(None, BuildFlags(image="ghcr.io/acme/mlflow:1"), {})
    choice = choosing.choose(settings, None, options, env)
    assert (choice.reference, choice.content) == ("ghcr.io/acme/mlflow:1", None)


def test_of_an_image_that_was_built_here_the_content_is_known(
    env: dict[str, str], options: Options, by_docker: BuildSettings, a_context: Path
) -> None:
    remembered(by_docker, a_context, env, f"{REPOSITORY}:1")
    settings = build_settings(None, BuildFlags(image=f"{REPOSITORY}:1"), {})
    choice = choosing.choose(settings, None, options, env)
    assert choice.content == request(by_docker, a_context).source


def test_the_newest_build_that_was_pushed_is_taken(
    env: dict[str, str], options: Options, by_docker: BuildSettings, a_context: Path
) -> None:
    assert choosing.choose(by_docker, None, options, env).reference is None
    remembered(by_docker, a_context, env, f"{REPOSITORY}:local", digest=None)
    assert choosing.choose(by_docker, None, options, env).reference is None
    remembered(by_docker, a_context, env, f"{REPOSITORY}:pushed")
    assert choosing.choose(by_docker, None, options, env).reference == f"{REPOSITORY}:pushed"
    (a_context / "a").write_text("b")
    assert choosing.choose(by_docker, None, options, env).reference is None


def test_what_a_studio_runs_is_not_built_again(
    env: dict[str, str], options: Options, by_docker: BuildSettings, a_context: Path
) -> None:
    content = request(by_docker, a_context).source
    actual = made(wish(image=f"{REPOSITORY}:theirs", context_digest=content))
    assert choosing.choose(by_docker, actual, options, env).reference == f"{REPOSITORY}:theirs"
    elsewhere = made(wish(image="ghcr.io/other/tool:1", context_digest=content))
    assert choosing.choose(by_docker, elsewhere, options, env).reference is None


def test_an_image_that_is_gone_is_no_choice_any_more(
    env: dict[str, str], options: Options, by_docker: BuildSettings, a_context: Path
) -> None:
    remembered(by_docker, a_context, env, f"{REPOSITORY}:pushed")
    content = request(by_docker, a_context).source
    for image, label, expired in (
        (f"{REPOSITORY}:theirs", content, f"{REPOSITORY}:theirs"),
        (f"{REPOSITORY}:another", "sha256:0", None),
    ):
        actual = made(wish(image=image, context_digest=label))
        left = choosing.without(choosing.choose(by_docker, actual, options, env), actual)
        assert (left.reference, left.expired, left.content) == (None, expired, content)


def test_what_is_to_be_temporary_is_not_taken_from_a_repository(
    env: dict[str, str], options: Options, by_docker: BuildSettings, a_context: Path
) -> None:
    by_wave = build_settings(None, BuildFlags(method="wave", context=a_context), {})
    content = request(by_wave, a_context).source
    frozen, temporary_one = (
        made(wish(image=image, context_digest=content)) for image in (f"{REPOSITORY}:1", TEMPORARY)
    )
    assert choosing.choose(by_wave, frozen, options, env).reference is None
    assert choosing.choose(by_wave, temporary_one, options, env).reference == TEMPORARY


def test_another_argument_is_another_content_and_another_place_is_not(
    by_docker: BuildSettings, a_context: Path
) -> None:
    source = request(by_docker, a_context).source
    assert request(replace(by_docker, repository=None), a_context).source == source
    assert request(replace(by_docker, arguments={"A": "1"}), a_context).source != source
    assert request(replace(by_docker, arguments={"A_TOKEN": "x"}), a_context).source == ""


@pytest.mark.parametrize(
    ("ours", "folder_has_it"), [(False, False), (True, True)], ids=["another tool", "ours"]
)
def test_our_runtime_in_the_context_makes_it_ours(
    env: dict[str, str],
    options: Options,
    by_docker: BuildSettings,
    a_context: Path,
    ours: bool,
    folder_has_it: bool,
) -> None:
    if folder_has_it:
        (a_context / "studio").mkdir()
        (a_context / "studio" / "__main__.py").write_text("")
    assert choosing.choose(by_docker, None, options, env).ours is ours


@pytest.mark.parametrize(
    ("image", "ends_at", "started", "now", "expired"),
    [
        ("ghcr.io/a/b:1", 0.0, 0.0, 1e9, False),
        (TEMPORARY, 100.0, 0.0, 99.0, False),
        (TEMPORARY, 100.0, 0.0, 100.0, True),
        (TEMPORARY, None, 0.0, 36 * 3600 - 1.0, False),
        (TEMPORARY, None, 0.5, 36 * 3600 + 1.0, True),
        (TEMPORARY, None, None, 1e9, False),
    ],
)
def test_a_temporary_image_ends_when_it_was_said_or_certainly_has(
    image: str, ends_at: float | None, started: float | None, now: float, expired: bool
) -> None:
    studio = made(wish(image=image), last_started=started)
    assert temporary.expired(studio, ends_at, now) is expired
