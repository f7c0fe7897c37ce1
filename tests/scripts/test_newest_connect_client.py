"""`scripts/newest_connect_client.py` against a registry that gives its tags page by page."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.server import Call, Reply, Server

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "scripts" / "newest_connect_client.py"
PAGE = 3


class Tags(Server):
    """A registry with one repository."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def now(self) -> float:
        return 0

    def answer(self, call: Call) -> Reply:
        if call.path != "/v2/platform/connect-client/tags/list":
            return Reply.error(404, "no such repository")
        last = call.query.get("last")
        rest = self.tags[self.tags.index(last) + 1 :] if last else self.tags
        more = {"Link": "</v2/next>; rel=next"} if len(rest) > PAGE else {}
        return Reply.of({"name": "platform/connect-client", "tags": rest[:PAGE]}, **more)


@pytest.fixture
def a_registry() -> Iterator[Tags]:
    with Tags() as registry:
        yield registry


def newest(registry: Tags, name: str = "connect-client") -> subprocess.CompletedProcess[str]:
    image = f"127.0.0.1:{registry.port}/platform/{name}"
    return subprocess.run(
        [sys.executable, SCRIPT, "--image", image],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("tags", "release"),
    [
        (["0.9", "0.12", "0.11.3"], "0.12"),
        (["0.12", "0.12.1", "0.12.1-rc2"], "0.12.1"),
        (["latest", "0.13-beta", "sha-99", "99", "0.12"], "0.12"),
        (["0.8", "a", "b", "c", "0.10", "d", "e", "0.2"], "0.10"),
    ],
)
def test_the_highest_release_is_printed(a_registry: Tags, tags: list[str], release: str) -> None:
    a_registry.tags = tags
    done = newest(a_registry)
    assert (done.returncode, done.stdout) == (0, f"version={release}\n"), done.stderr


def test_without_a_release_it_fails(a_registry: Tags) -> None:
    a_registry.tags = ["latest"]
    done = newest(a_registry)
    assert (done.returncode, done.stdout) == (1, "")
    assert "has no release among its tags" in done.stderr


def test_a_registry_that_refuses_is_a_failure(a_registry: Tags) -> None:
    done = newest(a_registry, "another")
    assert (done.returncode == 0, done.stdout) == (False, "")
    assert "404" in done.stderr


def test_it_asks_for_the_image_of_the_dockerfile() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--help"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "public.cr.seqera.io/platform/connect-client]" in done.stdout
