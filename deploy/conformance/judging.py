"""Judge one image from beginning to end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deploy import ui
from deploy.conformance import image, running, tracking
from deploy.conformance.containers import containers
from deploy.conformance.processes import processes
from deploy.conformance.report import Result
from deploy.conformance.session import STOP_S
from deploy.docker.engine import connected
from deploy.errors import InvalidSetting
from deploy.wait import Clock

if TYPE_CHECKING:
    from deploy.docker.engine import Engine

CHECKS = (*image.CHECKS, *running.CHECKS, *tracking.CHECKS)
TITLE_LABEL = "org.opencontainers.image.title"
TITLE = "MLflow Studio"


@dataclass(frozen=True, slots=True)
class Wish:
    """What to judge, and whether it has MLflow; with None an image's label decides."""

    reference: str
    mlflow: bool | None = None
    start_s: float = running.START_S
    stop_s: int = STOP_S
    clock: Clock = field(default_factory=Clock)


def judge(wish: Wish, env: Mapping[str, str]) -> Iterator[Result]:
    """Give each result as soon as it is known."""
    with connected(env) as engine:
        found = _image(engine, wish.reference)
        yield from image.look(found)
        program = image.program(found)
        if not program:
            raise InvalidSetting(wish.reference, "the image names no program to start.")
        with containers(engine, str(found["Id"]), program, wish.clock, wish.stop_s) as platform:
            yield from running.run(platform, wish.start_s)
            if _has_mlflow(wish, found):
                yield from tracking.run(platform)


def judge_here(
    program: Sequence[str],
    env: Mapping[str, str],
    wish: Wish,
) -> Iterator[Result]:
    """Judge a program of this machine in place of an image."""
    with processes(program, env, wish.clock, wish.stop_s) as platform:
        yield from running.run(platform, wish.start_s)
        if wish.mlflow is not False:
            yield from tracking.run(platform)


def _has_mlflow(wish: Wish, found: Mapping[str, Any]) -> bool:
    labels = (found.get("Config") or {}).get("Labels") or {}
    return labels.get(TITLE_LABEL) == TITLE if wish.mlflow is None else wish.mlflow


def _image(engine: Engine, reference: str) -> Mapping[str, Any]:
    """Take it from the engine, which asks its registry for one that it does not have."""
    from docker.errors import APIError

    found = engine.image(reference)
    if found is None:
        ui.say(f"pulling {reference}")
        try:
            engine.client.pull(reference, platform="linux/amd64")
        except APIError as error:
            raise InvalidSetting(
                reference, f"there is no such image, here or in its registry: {error.explanation}"
            ) from error
        found = engine.image(reference)
    if found is None:
        raise InvalidSetting(reference, "the engine has pulled it, and does not know it.")
    return found
