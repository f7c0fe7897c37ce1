"""Build an image with Wave: check, submit, wait, look at the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from deploy import ui
from deploy.builders import Request
from deploy.context import check_compressed, check_dockerfile, compress
from deploy.context.dockerfile import render
from deploy.errors import InvalidSetting
from deploy.images import Image
from deploy.records import Record, Records, folder
from deploy.secret import Secret
from deploy.seqera import api, surroundings
from deploy.seqera.calls import Calls
from deploy.wait import Clock
from deploy.wave import checks, ids, submission
from deploy.wave.client import Client
from deploy.wave.results import Results
from deploy.wave.submission import Identity
from deploy.wave.waiting import BUILD_LIMIT_S, FREEZE_LIMIT_S
from deploy.web import Patience, Web


@dataclass(frozen=True, slots=True)
class WaveBuilder:
    """Wave at one address, for one token and workspace."""

    env: Mapping[str, str]
    endpoint: str
    tower_endpoint: str
    token: Secret | None = None
    workspace: str | None = None
    retry_failed: bool = False
    limit_s: float | None = None
    clock: Clock = field(default_factory=Clock)
    patience: Patience = field(default_factory=Patience)

    @property
    def client(self) -> Client:
        """A client of this Wave."""
        return Client(self._web(self.endpoint))

    def build(self, request: Request) -> Image:
        """Build, or find that it is built already; raise when there is no usable image."""
        order = self._order(request)
        records = Records(folder(self.env))
        before = records.newest(lambda record: order.asked_before(record, self))
        identity = self._checked(request, before)
        body = order.body(identity)
        limit_s = self.limit_s or (
            FREEZE_LIMIT_S if request.freeze and self.token else BUILD_LIMIT_S
        )
        if order.name:
            ui.say(f"the image will be {order.name}")
        results = Results(self.client, self.clock, records, identity.members(), self.retry_failed)
        return results.get(body, self._record(request, order, identity), limit_s)

    def foresee(self, request: Request) -> Image:
        """Ask Wave what a build would give, without one; `cached` tells whether it is there."""
        order = self._order(request)
        identity = self._checked(request, None)
        answer = self.client.submit(order.body(identity, dry_run=True))
        return Image(
            order.name or answer.target_image,
            request.platform,
            request.packed.digest,
            cached=bool(answer.cached),
        )

    def remembered(self, request: Request) -> Image | None:
        """Give the last image of such a build that can still be used, without asking Wave."""
        order, now = self._order(request), self.clock.now()
        found = Records(folder(self.env)).newest(
            lambda record: order.asked_before(record, self) and record.usable(now)
        )
        return found.image if found else None

    def rejoin(self, id_: str) -> Image:
        """Wait for a build that was submitted earlier."""
        records = Records(folder(self.env))
        identity = Identity(self.token, api.bases(self.tower_endpoint)[0])
        results = Results(self.client, self.clock, records, identity.members())
        return results.rejoin(id_, self.limit_s or FREEZE_LIMIT_S)

    def printed(self, request: Request) -> dict[str, Any]:
        """Give the request as it would be sent, without its token. Nothing is asked or sent.

        Of a workspace that is given by its name the number is not known then, which is said.
        """
        checks.token_for(request.repository, self.token)
        number = int(self.workspace) if self.workspace and self.workspace.isdecimal() else None
        if self.token and self.workspace and number is None:
            ui.say(f"when it is sent, it has the number of {self.workspace}, too: towerWorkspaceId")
        endpoint = api.bases(self.tower_endpoint)[0]
        identity = Identity(self.token, endpoint, number)
        return submission.shown(self._order(request).body(identity))

    def _order(self, request: Request) -> Order:
        if request.freeze and not request.repository:
            raise InvalidSetting("--freeze", "needs a place for the image: --repository.")
        if request.cache_repository and not request.repository:
            raise InvalidSetting(
                "--cache-repository", "is used by Wave only with a --repository for the image."
            )
        text = render(request.packed.dockerfile, request.arguments)
        check_dockerfile(text)
        if self.token and self.token.reveal() in text:
            raise InvalidSetting(
                "Dockerfile", "has your token in it; the records of builds are public."
            )
        return Order(request, text)

    def _checked(self, request: Request, before: Record | None) -> Identity:
        """Find out who asks; what a build like this one has shown before is not asked again."""
        checks.token_for(request.repository, self.token)
        if not self.token:
            ui.say("there is no TOWER_ACCESS_TOKEN: Wave builds for nobody, with its lowest limits")
            return Identity()
        if before is not None and before.tower_endpoint:
            return Identity(self.token, before.tower_endpoint, before.workspace_id)
        endpoint = api.find(self.tower_endpoint, self._web)
        web = replace(self._web(endpoint), bearer=self.token)
        number = surroundings.workspace_id(web, self.workspace)
        if request.repository:
            pushed = (request.repository, request.cache_repository)
            checks.push_credentials(Calls(web, number), self.workspace, pushed)
        return Identity(self.token, endpoint, number)

    def _record(self, request: Request, order: Order, identity: Identity) -> Record:
        """What is known before Wave was asked."""
        return Record(
            Image(order.name or "", request.platform, request.packed.digest),
            self.clock.now(),
            order.content,
            "wave",
            finished=False,
            freeze=request.freeze,
            wave_endpoint=self.endpoint,
            tower_endpoint=identity.endpoint or None,
            workspace=self.workspace,
            workspace_id=identity.workspace_id,
            source=request.source,
        )

    def _web(self, base: str) -> Web:
        secrets = (self.token,) if self.token else ()
        return Web(base, self.env, secrets, clock=self.clock, patience=self.patience)


@dataclass(frozen=True, slots=True)
class Order:
    """A request with its Dockerfile as Wave gets it, and the names that follow from both."""

    request: Request
    dockerfile: str

    @property
    def content(self) -> str:
        """Name all that decides the image, and where it is pushed."""
        wanted = self.request
        id_ = ids.container_id(
            self.dockerfile, wanted.platform, wanted.repository or "", wanted.packed.digest
        )
        return f"{id_}{'-frozen' if wanted.freeze else ''}"

    @property
    def name(self) -> str | None:
        """The image's name, known beforehand where the repository is."""
        if not self.request.freeze:
            return None
        return f"{self.request.repository}:{self.content.removesuffix('-frozen')}"

    def asked_before(self, record: Record, builder: WaveBuilder) -> bool:
        """Tell whether a record is of the same build, for the same workspace."""
        return (
            record.finished
            and record.content == self.content
            and record.wave_endpoint == builder.endpoint
            and record.workspace == builder.workspace
            and record.tower_endpoint in (None, *api.bases(builder.tower_endpoint))
        )

    def body(self, identity: Identity, *, dry_run: bool = False) -> dict[str, Any]:
        """Write the request, unless the context is too large for it."""
        wanted = self.request
        with compress(wanted.packed) as compressed:
            for warning in check_compressed(wanted.packed, compressed):
                ui.say(f"warning: {warning}")
            return submission.body(
                self.dockerfile,
                compressed,
                identity,
                platform=wanted.platform,
                freeze=wanted.freeze,
                repository=wanted.repository,
                cache_repository=wanted.cache_repository,
                dry_run=dry_run,
            )
