"""`studio-config.yaml` against the Platform's schema 0.0.1, written down here field by field.

The Platform's own schema is not published as a file; these are the fields that its documentation
of Git repositories as Studios lists.
"""

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from deploy.lock import CONTEXT

TEXT, NUMBER, FLAG = str, int, bool
# A trailing "!" marks what must be there; a list holds the shape of its items, a set the choices.
SCHEMA: dict[str, Any] = {
    "schemaVersion!": {"0.0.1"},
    "kind!": {"studio-config"},
    "session": {
        "name": TEXT,
        "description": TEXT,
        "template!": {
            "kind!": {"registry", "dockerfile", "none"},
            "registry": TEXT,
            "dockerfile": TEXT,
        },
        "clone": {"enabled": FLAG, "path": TEXT},
        "dependencies": {"condaEnvironmentFile": TEXT},
        "computeRequirements": {"awsBatch": {"cpu": NUMBER, "gpu": NUMBER, "memory": NUMBER}},
        "environmentVariables": [{"name!": TEXT, "value!": TEXT}],
        "management": {"lifespanHours": NUMBER, "isPrivate": FLAG},
    },
}


def problems(value: Any, shape: Any, path: str = "") -> list[str]:
    """What does not fit, each with its path."""
    if isinstance(shape, set):
        return [] if value in shape else [f"{path}: {value!r} is none of {sorted(shape)}"]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{path}: not a list"]
        return [p for i, item in enumerate(value) for p in problems(item, shape[0], f"{path}[{i}]")]
    if isinstance(shape, type):
        # For Python a bool is a number as well.
        return [] if type(value) is shape else [f"{path}: {value!r} is not a {shape.__name__}"]
    if not isinstance(value, Mapping):
        return [f"{path}: not a mapping"]
    fields = {name.rstrip("!"): inner for name, inner in shape.items()}
    missing = [name[:-1] for name in shape if name.endswith("!") and name[:-1] not in value]
    return [
        *(f"{path}.{name}: missing" for name in missing),
        *(f"{path}.{name}: unknown" for name in value if name not in fields),
        *(p for name in fields if name in value
          for p in problems(value[name], fields[name], f"{path}.{name}")),
    ]  # fmt: skip


@pytest.fixture
def config() -> dict[str, Any]:
    text = (CONTEXT / "studio-config.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_the_configuration_fits_the_schema(config: dict[str, Any]) -> None:
    assert problems(config, SCHEMA) == []


def test_the_schema_notices_what_does_not_fit(config: dict[str, Any]) -> None:
    config["session"]["lifespan"] = 8
    config["session"]["clone"]["enabled"] = "no"
    del config["kind"]
    assert problems(config, SCHEMA) == [
        ".kind: missing",
        ".session.lifespan: unknown",
        ".session.clone.enabled: 'no' is not a bool",
    ]


def test_the_dockerfile_is_in_the_folder(config: dict[str, Any]) -> None:
    template = config["session"]["template"]
    assert template["kind"] == "dockerfile"
    assert (CONTEXT / template["dockerfile"]).is_file()


def test_the_platform_accepts_the_values(config: dict[str, Any]) -> None:
    session = config["session"]
    assert re.fullmatch(r"[A-Za-z0-9 _-]{1,80}", session["name"])
    assert len(session["description"]) <= 2048
    assert 1 <= session["management"]["lifespanHours"] <= 120
    # A server that stops after the default of 8 hours is of no use to a team.
    assert session["management"]["lifespanHours"] > 8


def test_nothing_that_the_platform_sets_is_set(config: dict[str, Any]) -> None:
    names = {variable["name"] for variable in config["session"]["environmentVariables"]}
    assert not {name for name in names if name.startswith("CONNECT_")}
