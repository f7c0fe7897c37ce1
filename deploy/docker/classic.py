"""Build with the engine's own builder, through the SDK: where there is no buildx, and on Podman."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from deploy.context.model import Packed
from deploy.docker.engine import Engine, credentials
from deploy.docker.steps import Step, Steps
from deploy.errors import StepFailed

HEADING = re.compile(r"(?:Step|STEP) (\d+/\d+) ?: (.*)")
CACHED = re.compile(r"--->? Using cache")


def build(
    engine: Engine,
    packed: Packed,
    platform: str,
    tag: str,
    labels: Mapping[str, str],
    arguments: Mapping[str, str],
    steps: Steps,
) -> None:
    """Build the archive into an image of the engine, and raise with the step that failed."""
    from docker.errors import APIError
    from requests import RequestException

    reading = Reading(steps)
    try:
        with packed.path.open("rb") as archive, credentials("the registries"):
            stream = engine.client.build(
                fileobj=archive,
                custom_context=True,
                dockerfile=packed.dockerfile_name,
                tag=tag,
                labels=dict(labels),
                buildargs=dict(arguments),
                platform=platform,
                rm=True,
                forcerm=True,
                decode=True,
                # A step may be silent for long; the engine ends by itself.
                timeout=None,
            )
            # To the end, even after an error: else the connection stays open.
            for event in stream:
                reading.event(event)
    except APIError as error:
        raise steps.failure(steps.step, str(error.explanation or error)) from error
    except RequestException as error:
        raise steps.failure(steps.step, f"the engine broke off: {error}") from error
    if reading.failure:
        raise reading.failure
    reading.close()


class Reading:
    """Reads the events of the engine's builder, one after the other."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.step: Step | None = None
        self.cached = False
        self.failure: StepFailed | None = None

    def event(self, event: Mapping[str, Any]) -> None:
        """Take one event; after an error nothing more comes that matters."""
        if self.failure:
            return
        if "error" in event or "errorDetail" in event:
            said = (event.get("errorDetail") or {}).get("message") or event.get("error")
            self.failure = self.steps.failure(self.step or self.steps.step, str(said))
            return
        for line in str(event.get("stream", "")).splitlines():
            self._line(line)
        if "status" in event:
            self._pulling(event)

    def _line(self, line: str) -> None:
        heading = HEADING.fullmatch(line.strip())
        if heading:
            self.close()
            self.step = self.steps.start(f"[{heading[1]}] {heading[2]}")
        elif CACHED.search(line):
            self.cached = True
        elif self.step and not line.lstrip().startswith(("--->", "-->", "Removing intermediate")):
            self.steps.heard(self.step, line)

    def _pulling(self, event: Mapping[str, Any]) -> None:
        if self.step:
            name = f"{event['id']}: " if event.get("id") else ""
            self.steps.heard(self.step, f"{name}{event['status']}")

    def close(self) -> None:
        """Show the end of the step that was at work."""
        if self.step:
            self.steps.end(self.step, "cached" if self.cached else "done")
        self.step, self.cached = None, False
