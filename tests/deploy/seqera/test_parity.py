"""The same profile gives the same Studio through the API and through tw, key by key.

The keys are read from the profile's model: one that is new fails here until it has a case.
"""

import os
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from deploy.errors import TwCannot
from deploy.planning.desired import Desired
from deploy.profile.model import Profile
from deploy.secret import Secret
from deploy.seqera import tw as tw_command
from deploy.seqera.tw import Tw
from deploy.seqera.ways import TwWay, decide, supports
from tests.deploy.seqera.both import Both, both_ways
from tests.deploy.wishes import DATA, RUNS, local, plain, secret
from tests.fakes.platform import TOKEN
from tests.fakes.tw.installed import OLDER

Said = dict[str, Any]

# What a key of the profile changes in the Studio, and what is tried of it.
SAME: dict[str, list[Said]] = {
    "name": [{"name": "Team A: MLflow, dev"}, {"name": "a" * 80}, {"name": "@notes"}],
    "description": [
        {"description": "Runs of everybody: 'quoted', $HOME,\n=second line="},
        {"description": ""},
    ],
    "image.reference": [{"image": f"registry.example.com:5000/a/b:1@sha256:{'0' * 64}"}],
    "resources.cpu": [{"cpu": 4}, {"cpu": 0}],
    "resources.memory": [{"memory": 16384}, {"memory": 0}],
    "resources.gpu": [{"gpu": 1}],
    "session.lifespan": [{"lifespan_h": None}, {"lifespan_h": 12}, {"lifespan_h": 0}],
    "session.private": [{"private": True}],
    "session.spot": [{"spot": True}, {"spot": False}],
    "session.ssh": [{"ssh": True}, {"ssh": False}],
    "session.auto-start": [{"auto_start": False}],
    "data-links.name": [{"mounts": (RUNS,)}, {"mounts": (RUNS, DATA)}],
    "environment.value": [
        {"environment": {"A": plain("b=c,D=e"), "E": plain(""), "F": plain('--cpu="5" $X\n')}}
    ],
    "labels": [{"labels": {"team": "research", "cost": "low"}}, {"labels": {}}],
}
# Keys that tw has no way for: what is wished, and the field that is named.
API_ONLY: dict[str, list[tuple[Said, str]]] = {
    "name": [({"name": "-c"}, "name"), ({"name": "Prüfung"}, "name")],
    "description": [({"description": "--cpu=5"}, "description")],
    "data-links.id": [({"mounts": (replace(RUNS, id="a,b"),)}, "data-links")],
    "environment.value": [({"environment": {"A": plain("ü")}}, "environment.A")],
    "environment.from_env": [({"environment": {"A": local("x")}}, "environment.A")],
    "environment.visible": [({"environment": {"A": secret("hunter2-2")}}, "environment.A")],
    "labels": [({"labels": {"team": "a,b"}}, "labels.team")],
}
# Keys that are settled before a way is chosen: both ways are given the result.
SETTLED_BEFORE = {
    "workspace": "its number is what both ways are given",
    "compute-env": "its id is what both ways are given",
    "image.build": "it decides which image is named",
    "image.freeze": "it decides which image is named",
    "image.repository": "it decides which image is named",
    "image.cache-repository": "it decides how the image is built",
    "image.platform": "it decides which image is named",
    "image.context": "it decides which image is named",
    "image.arguments": "it decides which image is named",
    "data-links.uri": "the link's id is what both ways are given",
    "data-links.writable": "it is checked before anything is made",
}
# What the Platform makes up anew for each Studio.
OF_ITS_OWN = ("sessionId", "studioUrl")


def keys(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Go through the keys of the profile, as they are written, down to the single values."""
    for name, field in model.model_fields.items():
        path = above + (field.alias or name)
        below = list(parts(field.annotation))
        if below:
            for part in below:
                yield from keys(part, path + ".")
        else:
            yield path


def parts(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from parts(inner)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    with both_ways(tmp_path) as found:
        yield found


def given(cases: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(case, id=f"{key}-{number}")
        for key, listed in cases.items()
        for number, case in enumerate(listed)
    ]


def test_every_key_of_the_profile_has_a_case_and_no_other() -> None:
    assert set(keys(Profile)) == set(SAME) | set(API_ONLY) | set(SETTLED_BEFORE)


def test_every_part_of_a_wish_is_varied_or_the_same_for_both() -> None:
    varied = {name for cases in SAME.values() for case in cases for name in case}
    same = {"workspace_id", "compute_env", "writable", "origin", "context_digest"}
    assert {field.name for field in fields(Desired)} == varied | same
    assert not varied & same


def made(both: Both, way: Any, desired: Desired) -> tuple[Said, dict[str, str], Said]:
    """Create it in an empty workspace: the body and query that arrived, and the final Studio."""
    both.platform.studios.clear()
    id_ = both.create(way, desired)
    call = both.platform.asked("POST /api/studios")[-1]
    return plainly(call.json()), dict(call.query), seen(both, id_)


def seen(both: Both, id_: str) -> Said:
    """The Studio as the Platform describes it."""
    return plainly(both.studios.calls.read("studios", id_).document())


def plainly(document: Said) -> Said:
    """Leave out what only one client says: nulls, what is empty, and the old form of mounts."""
    configuration = {**document["configuration"]}
    mounts = configuration.pop("mountData", None) or []
    links = configuration.pop("mountDataV2", None) or [{"dataLinkId": id_} for id_ in mounts]
    document = {
        **document,
        "configuration": {**configuration, "mounts": [each["dataLinkId"] for each in links]},
        "labelIds": sorted(document.get("labelIds") or []),
    }
    return _full({name: value for name, value in document.items() if name not in OF_ITS_OWN})


def _full(value: Said) -> Said:
    kept = {name: _full(part) if isinstance(part, dict) else part for name, part in value.items()}
    return {name: part for name, part in kept.items() if part not in (None, "", [], {})}


@pytest.mark.parametrize("said", given(SAME))
def test_both_ways_send_the_same_and_make_the_same_studio(both: Both, said: Said) -> None:
    desired, way = both.wish(**said), both.tw()
    assert decide("auto", desired, way.tw).name == "tw"
    assert made(both, way, desired) == made(both, both.api, desired)


def test_a_studio_with_everything_is_the_same(both: Both) -> None:
    everything: Said = {}
    for cases in SAME.values():
        everything |= cases[0]
    desired = both.wish(**everything)
    body, query, studio = made(both, both.tw(), desired)
    assert (body, query, studio) == made(both, both.api, desired)
    # That much was compared.
    assert body["name"] == studio["name"] == desired.name
    assert body["configuration"]["environment"]["A"] == "b=c,D=e"
    assert query == {"workspaceId": "71", "autoStart": "false"}
    assert len(studio["labels"]) > 2


@pytest.mark.parametrize("case", given(API_ONLY))
def test_where_tw_cannot_auto_takes_the_api_and_says_why(
    both: Both, case: tuple[Said, str]
) -> None:
    said, field = case
    mounts = said.get("mounts", ())
    desired = replace(both.wish(**{**said, "mounts": ()}), mounts=mounts)
    found = both.tw().tw
    choice = decide("auto", desired, found)
    assert choice.name == "api"
    assert f"{field}: " in choice.why
    with pytest.raises(TwCannot, match=f"{field}: "):
        decide("tw", desired, found)


NEWER = [case for key in ("environment.value", "session.spot", "session.ssh") for case in SAME[key]]


@pytest.mark.parametrize("said", NEWER)
def test_an_older_tw_is_passed_over_for_what_it_lacks(both: Both, said: Said) -> None:
    desired = both.wish(**said)
    assert decide("auto", desired, both.tw(OLDER).tw).name == "api"


@pytest.mark.parametrize("said", [{}, *SAME["labels"], *SAME["session.lifespan"]])
def test_an_older_tw_makes_the_same_of_the_rest(both: Both, said: Said) -> None:
    desired, way = both.wish(**said), both.tw(OLDER)
    assert supports(desired, way.tw.version) == ()
    assert made(both, way, desired) == made(both, both.api, desired)


def restarted(both: Both, way: Any, **said: Any) -> Said:
    """Create a stopped one, start it, and give what the Platform has then."""
    both.platform.studios.clear()
    desired = both.wish(auto_start=False, **said)
    id_ = both.create(way, desired)
    way.start(id_, desired.name, desired)
    return seen(both, id_)


def test_a_start_keeps_what_is_there_both_ways(both: Both) -> None:
    everything: Said = {}
    for key in ("description", "environment.value", "data-links.name", "session.ssh", "labels"):
        everything |= SAME[key][0]
    everything["spot"] = True
    assert restarted(both, both.tw(), **everything) == restarted(both, both.api, **everything)


@pytest.mark.tw
@pytest.mark.parametrize("said", given(SAME))
def test_the_real_tw_makes_the_same_studio(both: Both, said: Said) -> None:
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    found = tw_command.look(env, both.platform.endpoint, Secret(TOKEN))
    assert isinstance(found, Tw)
    desired = both.wish(**said)
    if supports(desired, found.version):
        return
    way = TwWay(found, both.studios, both.said.append)
    assert made(both, way, desired) == made(both, both.api, desired)
