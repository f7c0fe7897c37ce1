"""Which data link is meant, and whether it can be written: pure, case by case."""

from typing import Any

import pytest

from deploy.preflight import links
from deploy.preflight.buckets import writable
from deploy.preflight.links import Settled, Wanted
from deploy.seqera.links import Found, Wish
from deploy.seqera.models import ComputeEnv, Link

RUNS = Link("v1-cloud-1", "runs", "s3://acme-runs/mlflow", status="VALID")
OWN = Link("v1-user-1", "runs", "s3://acme-runs/own", status="VALID")
DATA = Link("v1-cloud-2", "data", "s3://acme-data", status="VALID")


def batch(*buckets: str, **members: Any) -> ComputeEnv:
    given: dict[str, Any] = {"work_dir": "s3://acme-work/dir", **members}
    config = given.pop("config", {"forge": {"allowBuckets": list(buckets)}})
    return ComputeEnv("ce1", "aws-eu", "aws-batch", "AVAILABLE", config=config, **given)


def cloud(*buckets: str, **config: Any) -> ComputeEnv:
    members = {"allowBuckets": list(buckets), **config}
    return ComputeEnv("ce1", "aws-eu", "aws-cloud", "AVAILABLE", config=members)


def settled(wish: Wish, *matches: Link, known: tuple[Link, ...] = (), **more: Any) -> Settled:
    env = more.pop("env", batch("s3://acme-runs"))
    return links.settled([Wanted(wish, **more)], Found((matches,), known or matches), env)


def errors(found: Settled) -> list[str]:
    return [str(finding) for finding in found.findings if finding.level == "error"]


NAME = Wish("name", "runs")


def test_the_only_one_is_taken() -> None:
    found = settled(NAME, RUNS)
    assert (found.links, found.writable) == ((RUNS,), frozenset())
    assert [finding.level for finding in found.findings] == ["ok"]


def test_several_are_listed_with_the_way_to_choose() -> None:
    found = settled(NAME, RUNS, OWN)
    assert found.links == ()
    (said,) = errors(found)
    assert "v1-cloud-1 (s3://acme-runs/mlflow), v1-user-1 (s3://acme-runs/own)" in said
    assert "{id: v1-cloud-1}" in said


@pytest.mark.parametrize(
    "other",
    [
        Link("v1-cloud-9", "runs", "s3://x", status="INVALID"),
        Link("v1-cloud-9", "runs", "s3://x", status="VALID", hidden=True),
    ],
    ids=["broken", "hidden"],
)
def test_of_several_the_only_one_that_is_meant_is_taken(other: Link) -> None:
    assert settled(NAME, other, RUNS).links == (RUNS,)


def test_a_broken_one_is_refused_with_the_platforms_reason() -> None:
    broken = Link("v1-cloud-9", "runs", "s3://x", status="INVALID", message="no access")
    found = settled(NAME, broken)
    assert found.links == ()
    assert "is INVALID: no access" in errors(found)[0]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish("name", "rums"), 'did you mean "runs"?'),
        (Wish("uri", "s3://acme-runs/mlfow"), 'did you mean "s3://acme-runs/mlflow"?'),
        (Wish("id", "v1-user-9"), '"v1-cloud-1"'),
    ],
)
def test_one_that_is_missing_is_said_with_those_like_it(wish: Wish, said: str) -> None:
    found = settled(wish, known=(RUNS, DATA))
    assert found.links == ()
    assert said in errors(found)[0]


def test_one_link_meant_twice_is_refused() -> None:
    wanted = [Wanted(NAME), Wanted(Wish("id", RUNS.id))]
    found = links.settled(wanted, Found(((RUNS,), (RUNS,))), batch())
    assert "is in the profile twice" in errors(found)[0]


def test_two_links_at_one_place_are_refused() -> None:
    wanted = [Wanted(Wish("id", RUNS.id)), Wanted(Wish("id", OWN.id))]
    found = links.settled(wanted, Found(((RUNS,), (OWN,))), batch())
    assert "/workspace/data/runs" in errors(found)[0]


def test_the_order_is_that_of_the_profile() -> None:
    wanted = [Wanted(Wish("name", "data"), True), Wanted(NAME, True)]
    found = links.settled(wanted, Found(((DATA,), (RUNS,))), batch("s3://acme-runs", "acme-data"))
    assert found.links == (DATA, RUNS)
    assert found.writable == {DATA.id, RUNS.id}
    assert errors(found) == []


def test_a_link_that_has_to_be_writable_and_is_not_is_refused() -> None:
    found = settled(NAME, RUNS, env=batch("s3://other"), writable=True)
    assert found.links == (RUNS,)
    assert [finding.level for finding in found.findings] == ["error"]
    assert "read-only" in errors(found)[0]
    assert "s3://acme-runs" in errors(found)[0]


def test_where_nobody_knows_whether_it_is_writable_that_is_a_warning() -> None:
    env = ComputeEnv("g", "gcp", "google-cloud", "AVAILABLE")
    found = settled(NAME, RUNS, env=env, writable=True)
    assert [finding.level for finding in found.findings] == ["ok", "warning"]


def test_without_a_compute_environment_nothing_is_said_of_writing() -> None:
    found = settled(NAME, RUNS, env=None, writable=True)
    assert found.writable == {RUNS.id}
    assert [finding.level for finding in found.findings] == ["ok"]


@pytest.mark.parametrize(
    ("uri", "env", "expected"),
    [
        ("s3://acme-runs/mlflow", batch("s3://acme-runs"), True),
        ("s3://acme-runs/mlflow", batch("acme-runs"), True),
        ("s3://acme-runs/mlflow/", batch("s3://acme-runs/mlflow"), True),
        ("s3://acme-runs/mlflow", batch("s3://acme-runs/"), True),
        ("s3://acme-runs/mlflow", batch("s3://acme-runs/*"), True),
        ("s3://acme-runs/mlflow", batch("s3://acme"), False),
        ("s3://acme-runs/mlflow", batch("s3://acme-runs/ml"), False),
        ("s3://acme-runs", batch("s3://acme-runs/mlflow"), False),
        ("s3://acme-runs/mlflow", batch(), False),
        ("s3://acme-work/other", batch(), True),
        ("s3://acme-worker", batch(), False),
        ("s3://acme-runs", batch(config={}), None),
        ("s3://acme-work", batch(config={}), True),
        ("gs://acme-runs", batch("s3://acme-runs"), None),
        ("az://acme-runs", ComputeEnv("z", "z", "azure-cloud", "AVAILABLE"), None),
        ("s3://acme-runs", cloud("s3://acme-runs"), True),
        ("s3://acme-runs", cloud("s3://other"), False),
        ("s3://acme-runs", cloud(instanceProfileArn="arn:aws:iam::1:x"), None),
    ],
)
def test_who_may_write_where(uri: str, env: ComputeEnv, expected: bool | None) -> None:
    assert writable(Link("v1-cloud-1", "runs", uri), env) is expected
