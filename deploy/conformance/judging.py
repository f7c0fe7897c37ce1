"""Judge one image, or the server of this machine, from beginning to end."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deploy import image_labels, ui
from deploy.conformance import image, promises, reach, running, tracking
from deploy.conformance.containers import containers
from deploy.conformance.processes import processes
from deploy.conformance.report import Result, not_checked
from deploy.conformance.session import STOP_S, Platform
from deploy.docker.engine import connected, credentials
from deploy.errors import InvalidSetting
from deploy.wait import Clock

if TYPE_CHECKING:
    from deploy.docker.engine import Engine

CHECKS = (*image.CHECKS, *running.CHECKS, *promises.CHECKS)
# Closing it early ends what still runs.
Results = Generator[Result, None, None]


@dataclass(frozen=True, slots=True)
class Wish:
    """How to judge. `mlflow` asks for MLflow's promises as well; None lets an image's label say."""

    start_s: float
    mlflow: bool | None = None
    stop_s: int = STOP_S
    clock: Clock = field(default_factory=Clock)


def judge(reference: str, wish: Wish, env: Mapping[str, str]) -> Results:
    """Run an image with Docker, and give each result as soon as it is known."""
    with connected(env) as engine:
        reach.require_near(engine.endpoint)
        found = _image(engine, reference)
        mlflow = _names_mlflow(found) if wish.mlflow is None else wish.mlflow
        program = image.program(found)
        if why := _cannot_run(engine, found, program):
            yield from image.look(found)
            yield from not_checked((*running.CHECKS, *(promises.CHECKS if mlflow else ())), why)
            return
        with containers(
            engine, str(found["Id"]), program, wish.clock, wish.start_s, wish.stop_s
        ) as platform:
            reach.require_published(platform, engine.endpoint)
            yield from image.look(found)
            yield from _run(platform, mlflow)


def judge_here(program: Sequence[str], wish: Wish, env: Mapping[str, str]) -> Results:
    """Judge a program of this machine in place of an image."""
    with processes(program, env, wish.clock, wish.start_s, wish.stop_s) as platform:
        yield from _run(platform, wish.mlflow is not False)


def _run(platform: Platform, mlflow: bool) -> Iterator[Result]:
    starts = True
    for result in running.run(platform):
        starts = starts and not (result.check is running.START and result.verdict != "ok")
        yield result
    if mlflow and starts:
        yield from tracking.run(platform)
    elif mlflow:
        yield from not_checked(promises.CHECKS, "it did not start")


def _names_mlflow(found: Mapping[str, Any]) -> bool:
    labels = (found.get("Config") or {}).get("Labels") or {}
    return image_labels.is_ours(labels, otherwise=False)


def _cannot_run(engine: Engine, found: Mapping[str, Any], program: Sequence[str]) -> str:
    """Say why it cannot be run here, if so; each reason has failed a check of the image."""
    platform = image.platform(found)
    if platform not in (image.PLATFORM, f"linux/{engine.architecture}"):
        return f"this engine runs no {platform}"
    return "" if program else "the image names no program to start"


def _image(engine: Engine, reference: str) -> Mapping[str, Any]:
    """Take it from the engine, which asks its registry for one that it does not have."""
    found = engine.image(reference)
    if found is None:
        _pull(engine, reference)
        found = engine.image(reference)
    if found is None:
        raise InvalidSetting(reference, "the engine has pulled it, and does not know it.")
    return found


def _pull(engine: Engine, reference: str) -> None:
    from docker.errors import APIError

    ui.say(f"pulling {reference}")
    try:
        with credentials(reference):
            events = engine.client.pull(
                reference, platform=image.PLATFORM, stream=True, decode=True
            )
        # The stream is read to its end: else its connection would stay.
        errors = [str(event["error"]) for event in events if "error" in event]
    except APIError as error:
        raise InvalidSetting(
            reference, f"it is not here, and cannot be pulled: {error.explanation}"
        ) from error
    if errors:
        raise InvalidSetting(reference, f"it cannot be pulled: {errors[0]}")
