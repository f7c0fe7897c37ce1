"""Sessions of the fake Platform made real: a Studio's image in a container, its links as mounts.

As the Platform does it: the Studio's environment with CONNECT_TOOL_PORT, the memory it asks for,
each data link at `/workspace/data/<name>`, read-only where the compute environment may not write;
SIGTERM at the stop and SIGKILL 30 s later. The disk is not kept as a checkpoint unless `keeps_disk`
says so: then a next start finds what the last session left on it.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import requests

from tests.fakes.seqera.records import ComputeEnv, Link, Studio
from tests.image.containers import PORT, Container, docker
from tests.running import wait_until

DATA = "/workspace/data"
STOP_S = 30


@dataclass
class DockerSessions:
    """A runner for `Platform(clock, runner=…)`, on the engine of the environment.

    A link's content is its `folder`. `options` are further ones of `docker run`, and `environment`
    is what the compute environment gives to each session.
    """

    options: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    keeps_disk: bool = False
    start_limit_s: float = 120
    running: dict[str, Container] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    disks: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for container in self.running.values():
            docker("rm", "--force", "--volumes", container.id)
        for disk in self.disks.values():
            docker("image", "rm", "--force", disk)

    def start(self, studio: Studio, mounted: list[Link]) -> str:
        """Start it, and wait until its port answers: only then the Platform calls it running."""
        if studio.id in self.running:
            self._remove(studio)
        image = self.disks.get(studio.id, studio.image)
        started = docker("run", "--detach", *self._arguments(studio, mounted), image)
        container = self.running[studio.id] = Container(started.splitlines()[-1])
        url = ""

        def answers() -> bool:
            nonlocal url
            if not self.runs(studio):
                return True
            url = url or container.url
            return _answers(url)

        wait_until(answers, self.start_limit_s, lambda: container.log)
        if not self.runs(studio):
            self._remove(studio)
            raise RuntimeError("Essential container in task exited")
        return url

    def stop(self, studio: Studio) -> None:
        container = self.running[studio.id]
        docker("stop", f"--time={STOP_S}", container.id)
        if self.keeps_disk:
            self.disks[studio.id] = docker("commit", container.id)
        self._remove(studio)

    def runs(self, studio: Studio) -> bool:
        container = self.running.get(studio.id)
        return container is not None and bool(container.state()["Running"])

    def _remove(self, studio: Studio) -> None:
        container = self.running.pop(studio.id)
        self.logs[studio.id] = container.log
        docker("rm", "--force", "--volumes", container.id)

    def _arguments(self, studio: Studio, mounted: list[Link]) -> list[str]:
        port = {"CONNECT_TOOL_PORT": str(PORT)}
        # The session's own values win over those of the compute environment.
        variables = {**self.environment, **studio.environment, **port}
        memory = studio.configuration.get("memory") or 0
        return [
            f"--publish=127.0.0.1::{PORT}",
            *(f"--env={name}={value}" for name, value in variables.items()),
            *((f"--memory={memory}m",) if memory else ()),
            *(_mount(link, studio.compute_env) for link in mounted),
            *self.options,
        ]


def _mount(link: Link, environment: ComputeEnv) -> str:
    folder = Path(link.folder or "").absolute()
    access = "" if writable(link, environment) else ",readonly"
    return f"--mount=type=bind,source={folder},target={DATA}/{link.name}{access}"


def writable(link: Link, environment: ComputeEnv) -> bool:
    """Tell whether sessions may write: in the allowed buckets, and in the work directory's.

    >>> environment = ComputeEnv("1", None, "e", "aws-cloud", "AVAILABLE", "r", "s3://acme/dir",
    ...                          {"allowBuckets": ["s3://data"]})
    >>> [writable(Link("1", None, "l", uri), environment)
    ...  for uri in ("s3://data/mlflow", "s3://acme", "s3://database")]
    [True, True, False]
    """
    forge: dict[str, Any] = environment.config.get("forge") or {}
    allowed = [*environment.config.get("allowBuckets", ()), *forge.get("allowBuckets", ())]
    return _bucket(link.uri) in map(_bucket, [*allowed, environment.work_dir])


def _bucket(uri: str) -> str:
    return uri.partition("://")[2].partition("/")[0]


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        requests.get(url, timeout=5, allow_redirects=False)
        return True
    return False
