"""The id of a build against the vectors of Wave's own tests."""

import pytest

from deploy.wave import ids


def test_names_and_values_are_digested_as_wave_does() -> None:
    assert ids.digest_of([("foo", "one"), ("bar", "two")]) == "28e758ec870964c8"


@pytest.mark.parametrize(
    ("dockerfile", "repository", "context", "wanted"),
    [
        ("FROM foo:latest", "foo.com/repo", False, "af15cb0a413a2d48"),
        ("FROM foo", "docker.io/wave", True, "181ec22b26ae6d04"),
    ],
)
def test_a_container_has_the_id_that_wave_gives_it(
    dockerfile: str, repository: str, context: bool, wanted: str
) -> None:
    found = ids.container_id(dockerfile, "linux/amd64", repository, None, context=context)
    assert found == wanted


def test_siphash_is_that_of_its_authors() -> None:
    # From the paper's appendix: key 00…0f, message 00…0e.
    assert ids.siphash(bytes(range(15))) == 0xA129CA6149BE45E5


@pytest.mark.parametrize(
    ("dockerfile", "platform", "repository", "digest"),
    [
        ("FROM a\n", "linux/amd64", "r.io/x", "sha256:1"),
        ("FROM a", "linux/arm64", "r.io/x", "sha256:1"),
        ("FROM a", "linux/amd64", "docker.io/r.io/x", "sha256:1"),
        ("FROM a", "linux/amd64", "r.io/x", "sha256:2"),
    ],
)
def test_everything_that_decides_the_content_changes_the_id(
    dockerfile: str, platform: str, repository: str, digest: str
) -> None:
    first = ids.container_id("FROM a", "linux/amd64", "r.io/x", "sha256:1")
    assert ids.container_id(dockerfile, platform, repository, digest) != first
