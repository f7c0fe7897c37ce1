"""An image is called after all that goes into it."""

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from deploy import context
from deploy.builders import Request
from deploy.context import Packed
from deploy.docker import naming
from deploy.errors import InvalidSetting

PACKED = Packed(Path("c.tar"), "sha256:d", 0, (), "FROM x", folder=Path("/home/me/My Studio!"))
REQUEST = Request(PACKED, arguments={"A": "1"})
COMMIT = "0123456789abcdef" * 2 + "01234567"


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        (Path("/home/me/My Studio!"), "studio-my-studio"),
        (Path("/home/me/jupyter/.seqera"), "studio-jupyter"),
        (Path("/home/me/日本"), "studio"),
        (context.locate(), "mlflow-studio"),
    ],
)
def test_an_image_of_this_machine_has_the_folders_name(folder: Path, expected: str) -> None:
    request = Request(replace(PACKED, folder=folder))
    assert naming.repository(request) == expected
    assert naming.repository(replace(request, repository="a.io/b")) == "a.io/b"


def test_the_own_tag_changes_with_everything_that_changes_the_image() -> None:
    others = [
        replace(REQUEST, platform="linux/arm64"),
        replace(REQUEST, arguments={"A": "2"}),
        replace(REQUEST, arguments={"A": "1", "B": ""}),
        replace(REQUEST, packed=replace(PACKED, digest="sha256:e")),
        replace(REQUEST, packed=replace(PACKED, dockerfile_name="b")),
    ]
    tags = {naming.unique_tag(request, None) for request in (REQUEST, *others)}
    assert len(tags) == len(others) + 1
    assert naming.unique_tag(replace(REQUEST, repository="x", tags=("y",)), None) in tags
    assert all(re.fullmatch("[0-9a-f]{12}", tag) for tag in tags)
    assert naming.unique_tag(REQUEST, COMMIT).endswith("-0123456")


def test_a_tag_does_not_help_to_guess_a_secret() -> None:
    one, other = (replace(REQUEST, arguments={"API_TOKEN": value}) for value in ("one", "other"))
    assert naming.unique_tag(one, None) == naming.unique_tag(other, None)


@pytest.mark.parametrize("tag", ["", "a/b", "a:b", "-a", "é", "x" * 129, "a\n"])
def test_a_tag_that_is_none_is_refused(tag: str) -> None:
    with pytest.raises(InvalidSetting, match="--tag"):
        naming.checked(("latest", tag))


def test_the_labels_tell_the_context_and_the_commit_but_no_date() -> None:
    assert naming.labels(REQUEST, COMMIT) == {
        "studioctl.context.digest": "sha256:d",
        "org.opencontainers.image.revision": COMMIT,
    }
    assert naming.labels(REQUEST, None) == {"studioctl.context.digest": "sha256:d"}


def test_the_commit_is_the_one_that_made_the_folder_what_it_is(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com"]

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", *who, *words], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    folder = tmp_path / "studio"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM x")
    assert naming.commit_of(folder, env) is None
    git("init", "--quiet")
    assert naming.commit_of(folder, env) is None
    git("add", ".")
    git("commit", "--quiet", "-m", "one")
    first = git("rev-parse", "HEAD")
    (tmp_path / "elsewhere").write_text("x")
    git("add", ".")
    git("commit", "--quiet", "-m", "two")
    assert naming.commit_of(folder, env) == first
    assert naming.commit_of(folder, {**env, "GIT_DIR": "/nowhere"}) == first
    (folder / "Dockerfile").write_text("FROM y")
    assert naming.commit_of(folder, env) is None
    git("checkout", "--quiet", "studio")
    (folder / "new").write_text("x")
    assert naming.commit_of(folder, env) is None
    assert naming.commit_of(tmp_path / "missing", env) is None
    assert naming.commit_of(folder, {**env, "PATH": str(tmp_path)}) is None
