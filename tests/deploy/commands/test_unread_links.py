"""Data links that a Studio mounts, and that the Platform does not describe: nothing is guessed."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from deploy.planning import situation
from deploy.rollout import deploying
from deploy.seqera import entry
from deploy.seqera.studios import Studios
from tests.deploy.commands.calling import PATIENCE, User
from tests.fakes.platform import TOKEN

UNREAD = "its data links cannot be read now"
NO_LINK: dict[str, Any] = {"data-links": None}
DATABASE: dict[str, Any] = {
    "environment": {"MLFLOW_BACKEND_STORE_URI": "postgresql://mlflow@db.example.com/runs"}
}
PUBLISHED = "mlflow-studio/sessions/20260921T141401Z-0a1b2c3d/manifests"


def fetching(user: User) -> None:
    """The Platform fetches the links in the background, and does not get to the end of it."""
    user.platform.book.fetching_s = 1e9


def invisible(user: User) -> None:
    """Nobody of this workspace is told of the link any more, but the Studio mounts it."""
    fetching(user)
    (link,) = user.platform.links.all.values()
    link.workspace = -1


def read(user: User) -> tuple[Studios, Any]:
    given = {
        **os.environ,
        "TOWER_ACCESS_TOKEN": TOKEN,
        "TOWER_API_ENDPOINT": user.platform.endpoint,
    }
    studios = Studios(entry.enter(given, user.clock.clock, PATIENCE), 71)
    return studios, studios.named("mlflow")


def test_one_that_is_not_described_is_looked_up(a_user: User) -> None:
    a_user.made()
    fetching(a_user)
    done = a_user.calls("delete", "--dry-run")
    assert 'kept: its runs (data link "runs"' in done.stderr
    assert "LOST" not in done.stderr
    assert 'store: data link "runs"' in a_user.calls("status").stdout
    a_user.writes(**NO_LINK)
    done = a_user.calls("plan")
    assert 'artifacts of old runs stay on data link "runs"' in done.output


def test_one_that_nobody_may_see_makes_the_store_unknown(a_user: User) -> None:
    a_user.made()
    invisible(a_user)
    done = a_user.calls("delete", "--dry-run")
    assert f"may be LOST with it: all runs (not known: {UNREAD})" in done.stderr
    assert "no data link" not in done.stderr
    (link,) = a_user.platform.links.all
    assert f"kept: all that is on the data link {link}, which cannot be read" in done.stderr
    assert f"store: not known: {UNREAD}" in a_user.calls("status").stdout
    assert json.loads(a_user.calls("status", "--json").stdout)["store"]["kind"] == "unknown"


@pytest.mark.parametrize(
    ("said", "loss", "warning"),
    [
        (NO_LINK, "", "artifacts of old runs may stay"),
        ({**NO_LINK, "image": {"reference": "127.0.0.1:9/acme/mlflow:2"}}, "may LOSE all runs", ""),
        ({**NO_LINK, **DATABASE}, "LEAVES all runs behind", ""),
    ],
    ids=["in place", "replaced", "to a database"],
)
def test_a_change_with_an_unknown_store_promises_nothing(
    a_user: User, said: dict[str, Any], loss: str, warning: str
) -> None:
    a_user.made()
    invisible(a_user)
    a_user.writes(**said)
    document = json.loads(a_user.calls("plan", "--json").stdout)
    assert document["loss"].startswith(loss)
    assert bool(document["loss"]) is bool(loss)
    assert warning in "\n".join(document["warnings"])


def test_of_runs_in_a_database_the_artifacts_alone_are_unknown(a_user: User) -> None:
    a_user.made(**DATABASE)
    invisible(a_user)
    done = a_user.calls("delete", "--dry-run")
    assert "kept: its runs (PostgreSQL at db.example.com" in done.stderr
    assert f"may be LOST with it: all artifacts ({UNREAD})" in done.stderr
    a_user.writes(**NO_LINK, **DATABASE, image={"reference": "127.0.0.1:9/acme/mlflow:2"})
    document = json.loads(a_user.calls("plan", "--json").stdout)
    assert document["loss"].startswith("may LOSE all artifacts")


def test_what_was_published_is_read_from_a_link_that_is_looked_up(
    a_user: User, tmp_path: Path
) -> None:
    a_user.made()
    (tmp_path / PUBLISHED).mkdir(parents=True)
    (link,) = a_user.platform.links.all.values()
    link.folder = tmp_path
    fetching(a_user)
    studios, studio = read(a_user)
    found = situation.store_of(studio, studios.calls).link
    assert found is not None
    assert found.name == "runs"
    assert deploying.publishing(studio, studios)() == ()


def test_what_was_published_on_a_link_that_cannot_be_seen_is_not_known(a_user: User) -> None:
    a_user.made()
    invisible(a_user)
    studios, studio = read(a_user)
    assert deploying.publishing(studio, studios)() is None


def test_a_studio_without_links_asks_for_none(a_user: User) -> None:
    a_user.made(**NO_LINK)
    fetching(a_user)
    done = a_user.calls("delete", "--dry-run")
    assert "LOST with it: all runs" in done.stderr
    assert not [call for call in a_user.platform.calls if "data-links" in call.path]
