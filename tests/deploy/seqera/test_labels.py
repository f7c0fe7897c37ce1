"""Resource labels: made when they are missing, deleted when nothing carries them."""

import pytest

from deploy.planning.desired import OURS, label_value
from deploy.seqera.models import Label
from deploy.seqera.studios import Studios
from tests.fakes.platform import Platform


def test_labels_are_made_once_and_known_ones_are_not_asked_for(
    a_platform: Platform, studios: Studios
) -> None:
    there = a_platform.add_label("team", "ml")
    wanted = {"studioctl": "mlflow", "team": "ml", "studioctl-spec": "0a1b2c3d4e5f"}
    ids = studios.label_ids(wanted)
    assert ids[1] == there.id
    assert len(set(ids)) == 3
    assert studios.label_ids(wanted) == ids
    before = len(a_platform.calls)
    known = [Label(id_, *each) for id_, each in zip(ids, wanted.items(), strict=True)]
    assert studios.label_ids(wanted, known) == ids
    assert len(a_platform.calls) == before


@pytest.mark.parametrize("name", ["mlflow", "m", "aws-mlflow", "User 1", "Team A: MLflow", "日本"])
def test_the_platform_takes_the_label_of_every_name(studios: Studios, name: str) -> None:
    assert studios.label_ids({OURS: label_value(name)})


def test_only_own_labels_that_nothing_carries_are_dropped(
    a_platform: Platform, studios: Studios
) -> None:
    a_platform.workspaces[0].roles = ["admin"]
    kept = a_platform.add_studio("mlflow", labels={"studioctl-spec": "new", "team": "ml"})
    old = a_platform.add_label("studioctl-spec", "old")
    foreign = a_platform.add_label("other-spec", "old")
    labels = [Label(each.id, each.name, each.value) for each in (*kept.labels, old, foreign)]
    assert [label.value for label in studios.drop_labels(labels)] == ["old"]
    left = {(label.name, label.value) for label in a_platform.labels.all.values()}
    assert left == {("studioctl-spec", "new"), ("team", "ml"), ("other-spec", "old")}


def test_labels_stay_where_they_cannot_be_dropped(a_platform: Platform, studios: Studios) -> None:
    old = a_platform.add_label("studioctl-spec", "old")
    assert studios.drop_labels([Label(old.id, old.name, old.value)]) == []
    assert a_platform.labels.all
