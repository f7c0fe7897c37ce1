"""Build an image with Docker on this machine, and push it if asked."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TextIO

from deploy import secret, ui
from deploy.builders import Request
from deploy.context.dockerfile import check_declared
from deploy.context.suspects import is_secret
from deploy.docker import buildx, naming
from deploy.docker.progress import Screen
from deploy.docker.steps import Steps
from deploy.errors import InvalidSetting, WrongPlatform
from deploy.formats import Method
from deploy.images import Image
from deploy.records import Record, Records, folder
from deploy.wait import Clock, spelt

if TYPE_CHECKING:
    from deploy.docker.engine import Engine

METHOD: Method = "docker"
PASSWORD = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")


@dataclass(frozen=True, slots=True)
class LocalBuilder:
    """The Docker engine that the environment names: with BuildKit if it can, else by itself."""

    env: Mapping[str, str]
    clock: Clock = field(default_factory=Clock)
    out: TextIO | None = None

    def build(self, request: Request) -> Image:
        """Build, and push if asked; raise when there is no usable image."""
        from deploy.docker import engine

        started = self.clock.steady()
        plan = self._plan(request)
        with engine.connected(self.env) as found:
            self._mention_emulation(found, request.platform)
            before = found.image_id(plan.reference)
            self._build(found, request, plan)
            self._check_platform(found, request, plan)
            image_id = found.image_id(plan.reference)
            digest = self._push(found, request, plan) if request.push else None
        took_s = self.clock.steady() - started
        ui.say(f"{plan.reference} is {'pushed' if digest else 'built'} ({spelt(took_s)})")
        image = Image(
            plan.reference,
            request.platform,
            request.packed.digest,
            digest=digest,
            cached=before is not None and before == image_id,
            duration_s=round(took_s, 3),
        )
        record = Record(image, self.clock.now(), request.content, METHOD, source=request.source)
        Records(folder(self.env)).add(record)
        return image

    def foresee(self, request: Request) -> Image:
        """Give what a build would give; the engine is only asked whether it has it."""
        from deploy.docker import engine

        plan = self._plan(request)
        with engine.connected(self.env) as found:
            self._mention_emulation(found, request.platform)
            cached = found.image_id(plan.reference) is not None
        return Image(plan.reference, request.platform, request.packed.digest, cached=cached)

    def remembered(self, request: Request) -> Image | None:
        """Give the last such image that was pushed: what was not is on this machine alone."""
        wanted = (METHOD, request.content)
        found = Records(folder(self.env)).newest(
            lambda record: (
                bool(request.content)
                and (record.method, record.content) == wanted
                and bool(record.image.digest)
            )
        )
        return found.image if found else None

    def _plan(self, request: Request) -> Plan:
        if request.push and not request.repository:
            raise InvalidSetting("--push", "needs a place for the image: --repository.")
        if "," in request.platform:
            raise InvalidSetting("--platform", "Docker builds for one platform at a time.")
        check_declared(request.packed.dockerfile, request.arguments)
        for name, value in request.arguments.items():
            if is_secret(name, value):
                ui.say(
                    f"warning: the build argument {name} looks like a secret. The history of the "
                    "image shows it if the last stage declares it."
                )
        if request.cache_repository:
            ui.say("the cache repository is for Wave: Docker keeps its own cache")
        commit = naming.commit_of(request.packed.folder, self.env)
        own = naming.unique_tag(request, commit)
        return Plan(
            naming.repository(request),
            tuple(dict.fromkeys((own, *naming.checked(request.tags)))),
            naming.labels(request, commit),
        )

    def _build(self, found: Engine, request: Request, plan: Plan) -> None:
        from deploy.docker import classic

        packed, steps = request.packed, Steps(self._screen(request))
        if not found.is_podman and buildx.is_there(self.env):
            ui.say(f"building {plan.reference} with BuildKit")
            env = {**self.env, **found.endpoint.variables}
            planned = buildx.command(
                packed, request.platform, plan.names, plan.labels, request.arguments, env
            )
            buildx.build(planned, packed, steps)
            return
        ui.say(f"building {plan.reference} with the engine's own builder")
        classic.build(
            *(found, packed, request.platform, plan.reference),
            *(plan.labels, request.arguments, steps),
        )
        for tag in plan.tags[1:]:
            found.tag(plan.reference, plan.repository, tag)

    def _push(self, found: Engine, request: Request, plan: Plan) -> str:
        from deploy.docker.push import push, there_before

        screen = self._screen(request)
        ui.say(f"pushing {', '.join(plan.names)}")
        before = there_before(found, plan.reference)
        # The unique tag comes last: its digest is the one that is told.
        digests = [push(found, plan.repository, tag, screen) for tag in reversed(plan.tags)]
        digest = digests[-1]
        if before not in (None, digest):
            ui.say(
                f"warning: the registry had another image under {plan.reference}: the same context "
                "on a newer base image, or built anew. Machines that have pulled it may keep it; "
                f"the digest names this one: {plan.repository}@{digest}"
            )
        return digest

    def _screen(self, request: Request) -> Screen:
        secrets = {*secret.known(self.env)}
        for name, value in request.arguments.items():
            if value and is_secret(name, value):
                # pip, for one, shows an address in pieces.
                secrets |= {value, *PASSWORD.findall(value)}
        known = sorted(secrets, key=len, reverse=True)
        return Screen(
            self.out or sys.stderr,
            partial(secret.redact, secrets=tuple(known)),
            self.clock.steady,
        )

    def _mention_emulation(self, found: Engine, platform: str) -> None:
        wanted = platform.split("/")[1]
        if found.architecture and wanted != found.architecture:
            ui.say(
                f"the image is for {wanted}, and the engine's machine is {found.architecture}: "
                "programs are emulated, which takes several times as long"
            )

    def _check_platform(self, found: Engine, request: Request, plan: Plan) -> None:
        known = found.image(plan.reference) or {}
        built = f"{known.get('Os')}/{known.get('Architecture')}"
        if built != "/".join(request.platform.split("/")[:2]):
            raise WrongPlatform(plan.reference, request.platform, built)


@dataclass(frozen=True, slots=True)
class Plan:
    """The names and labels of an image that is to be; its own tag is the first."""

    repository: str
    tags: tuple[str, ...]
    labels: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{self.repository}:{tag}" for tag in self.tags)

    @property
    def reference(self) -> str:
        return self.names[0]
