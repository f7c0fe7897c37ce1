"""What the Platform is sent for a Studio, and the labels by which it is known again."""

import re
from dataclasses import replace

import pytest

from deploy.planning import previous
from deploy.planning.desired import CONTEXT, GIT, OURS, SPEC, Desired, Origin, label_value
from deploy.preflight import session
from deploy.seqera.models import Label
from tests.deploy.wishes import CE, DATA, RUNS, local, made, plain, secret, wish

DIGEST = "sha256:" + "ab" * 32


def test_a_studio_is_created_with_all_that_the_platform_offers() -> None:
    desired = wish(
        environment={"A": plain("1"), "AWS_SECRET_ACCESS_KEY": secret("hunter22")},
        mounts=(RUNS, DATA),
        spot=True,
        ssh=False,
        private=True,
        gpu=1,
    )
    assert desired.create_body([5, 6]) == {
        "name": "mlflow",
        "description": "Runs of everybody",
        "computeEnvId": "ce1",
        "dataStudioToolUrl": "ghcr.io/acme/mlflow:1",
        "configuration": {
            "cpu": 2,
            "memory": 8192,
            "gpu": 1,
            "lifespanHours": 0,
            "sshEnabled": False,
            "environment": {"A": "1", "AWS_SECRET_ACCESS_KEY": "hunter22"},
            "mountDataV2": [{"dataLinkId": RUNS.id}, {"dataLinkId": DATA.id}],
        },
        "labelIds": [5, 6],
        "isPrivate": True,
        "spot": True,
    }


def test_without_an_opinion_the_platform_decides() -> None:
    body = wish(description=None, lifespan_h=None).create_body([])
    assert not {"description", "spot"} & set(body)
    assert not {"lifespanHours", "sshEnabled"} & set(body["configuration"])


def test_a_change_sends_the_whole_configuration_and_keeps_what_nobody_asked_about() -> None:
    before = made(wish(lifespan_h=8, ssh=True, environment={"OLD": plain("x")}))
    desired = wish(description=None, lifespan_h=None, ssh=None, mounts=(), cpu=4)
    body = desired.update_body([1], before)
    assert body["description"] == "Runs of everybody"
    assert body["configuration"] == {
        "cpu": 4,
        "memory": 8192,
        "gpu": 0,
        "lifespanHours": 8,
        "sshEnabled": True,
        "environment": {},
        "mountDataV2": [],
    }
    # Neither is accepted in a change.
    assert not {"dataStudioToolUrl", "isPrivate", "spot", "computeEnvId"} & set(body)
    moved = replace(desired, compute_env=replace(CE, id="ce2"))
    assert moved.update_body([], before)["computeEnvId"] == "ce2"


def test_the_state_that_a_put_back_studio_starts_from_stays() -> None:
    before = made(wish(environment={"STUDIO_RESTORE_FROM": plain("a/1"), "OLD": plain("x")}))
    kept = wish().update_body([], before)["configuration"]["environment"]
    assert kept == {"STUDIO_RESTORE_FROM": "a/1"}
    chosen = wish(environment={"STUDIO_RESTORE_FROM": plain("b/2")})
    sent = chosen.update_body([], before)["configuration"]["environment"]
    assert sent == {"STUDIO_RESTORE_FROM": "b/2"}


@pytest.mark.parametrize(("spot", "body"), [(None, {}), (True, {"spot": True})])
def test_a_start_sends_only_what_cannot_be_set_before(spot: bool | None, body: object) -> None:
    assert wish(spot=spot).start_body() == body


def test_our_labels_name_the_studio_the_commit_the_spec_and_the_content() -> None:
    desired = wish(context_digest=DIGEST)
    assert desired.own_labels == {
        OURS: "mlflow",
        GIT: "0123456789ab",
        SPEC: desired.spec,
        CONTEXT: "abababababab",
    }
    assert re.fullmatch("[0-9a-f]{12}", desired.spec)
    assert set(wish(origin=Origin("studio.yaml")).own_labels) == {OURS, SPEC}


def test_a_new_studio_keeps_the_labels_of_its_compute_environment() -> None:
    labelled = replace(
        CE, labels=(Label(1, "cost", "42"), Label(2, "simple"), Label(3, "team", "x"))
    )
    labels = wish(compute_env=labelled).all_labels
    assert (labels["cost"], labels["team"], "simple" in labels) == ("42", "research", False)


def test_the_labels_of_others_stay_on_a_studio_that_is_changed() -> None:
    desired = wish()
    actual = made(desired)
    theirs = (Label(90, "owner", "ada"), Label(91, "starred"), Label(92, "studioctl-state", "a/1"))
    assert desired.kept_label_ids(replace(actual, labels=(*actual.labels, *theirs))) == [90, 91]


DIFFERENT = [
    {"name": "other"},
    {"description": None},
    {"compute_env": replace(CE, id="ce2")},
    {"image": "ghcr.io/acme/mlflow:2"},
    {"context_digest": DIGEST},
    {"cpu": 4},
    {"memory": 4096},
    {"gpu": 1},
    {"lifespan_h": 8},
    {"lifespan_h": None},
    {"private": True},
    {"spot": False},
    {"spot": True},
    {"ssh": True},
    {"mounts": (RUNS, DATA)},
    {"environment": {"A": plain("1")}},
    {"environment": {"A": plain("2")}},
    {"labels": {}},
]


def test_every_property_has_a_spec_of_its_own() -> None:
    specs = [wish().spec, *(wish(**said).spec for said in DIFFERENT)]
    assert len(set(specs)) == len(specs)


@pytest.mark.parametrize(
    "said",
    [
        {"origin": Origin("elsewhere.yaml", "prod", "f" * 40)},
        {"mounts": (RUNS,), "writable": frozenset()},
        {"auto_start": False},
        {"compute_env": replace(CE, status="DISABLED")},
    ],
)
def test_what_does_not_make_the_studio_is_not_in_the_spec(said: dict[str, object]) -> None:
    assert wish(**said).spec == wish().spec


def test_one_content_has_one_spec_under_every_name() -> None:
    one, other = (wish(context_digest=DIGEST, image=f"wave.example.com/wt/{n}/x:1") for n in "ab")
    assert one.spec == other.spec
    assert wish(context_digest="abababababab", image=one.image).spec == one.spec


def test_secrets_are_neither_shown_nor_in_the_spec() -> None:
    def with_secret(value: str) -> Desired:
        return wish(environment={"TOKEN": secret(value), "HERE": local("a value")})

    assert with_secret("hunter22").spec == with_secret("another1").spec
    assert "hunter22" not in repr(with_secret("hunter22"))


NAMES = [
    *("mlflow", "Team A", "é", "", "a" * 80, "a_b", "-", "A.B/c", "日本"),
    *("a", "7", "aws-mlflow", "AWS Team", "users", "user" * 20),
]


@pytest.mark.parametrize("text", NAMES)
def test_every_name_has_a_label_that_every_cloud_takes(text: str) -> None:
    assert re.fullmatch("(?!aws|user)[a-z0-9]+(-[a-z0-9]+)*", label_value(text))
    assert 2 <= len(label_value(text)) <= 39
    assert session.labels({"team": label_value(text)}) == []


def test_names_that_look_alike_have_labels_of_their_own() -> None:
    names = ["team a", "team-a", "Team A", "team_a", "a" * 50, "a" * 51]
    assert len({label_value(name) for name in names}) == len(names)


def test_studios_that_were_put_aside_are_found_by_name_and_label() -> None:
    names = [previous.name_of("mlflow", at) for at in (1e9, 2e9)]
    ours = [made(wish(), name=name) for name in names]
    theirs = replace(ours[0], labels=())
    other = made(wish(name="mlflow-dev"), name=previous.name_of("mlflow-dev", 1e9))
    assert previous.of("mlflow", [*ours, theirs, other, made(wish())]) == ours[::-1]


def test_a_long_name_is_cut_when_it_is_put_aside() -> None:
    name = "m" * 80
    aside = previous.name_of(name, 1e9)
    assert len(aside) == 80
    assert previous.of(name, [made(wish(name=name), name=aside)])
