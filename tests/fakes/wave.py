"""A Wave that behaves like the documented one, over a real socket.

Builds are pretended on a clock that the test owns, or made for real by a Docker engine
(`tests/fakes/building.py`). What is checked, in which order and with which words, follows the
server's source.
"""

import json
import re
import threading
from dataclasses import dataclass, field
from typing import Any

from deploy import images
from deploy.wave import ids
from tests.fakes.building import Build, Pretended
from tests.fakes.clock import FakeClock
from tests.fakes.server import Call, Reply, Server
from tests.fakes.validation import Checks, Refusal

TOKEN_LIFE_S = 36 * 3600
FAILURE_S = 50
LARGEST_BODY = 10_485_760
ERROR_ID = "Error ID: 5f3a9c01"


@dataclass
class Request:
    """What Wave keeps about a submission."""

    id: str
    image: str
    target: str
    build: Build | None
    freeze: bool
    platform: str
    asked_at: float
    scanned: bool = False
    sent: dict[str, Any] = field(default_factory=dict)

    @property
    def expires_at(self) -> float | None:
        """The end of a temporary image; a frozen one has none."""
        return None if self.freeze else self.asked_at + TOKEN_LIFE_S


class Wave(Checks, Server):
    """One Wave. Its settings are attributes: change them before or during a test."""

    def __init__(self, clock: FakeClock, engine: Any = None) -> None:
        super().__init__()
        self.clock = clock
        self._one_at_a_time = threading.Lock()
        self.engine = engine or Pretended(clock)
        self.builds: dict[str, list[Build]] = {}
        self.requests: dict[str, Request] = {}
        self.in_registry: set[str] = set()
        self.scans = False
        self.log_lag_s = 3.0
        self.builds_left = 1000
        self.architecture: str | None = None

    def now(self) -> float:
        return self.clock.now()

    def forget_builds(self) -> None:
        """As after five days: the images are there, the records are not."""
        for made in self.builds.values():
            self.in_registry |= {build.image for build in made if build.succeeded}
        self.builds.clear()

    def answer(self, call: Call) -> Reply:
        try:
            with self._one_at_a_time:
                return self._routed(call)
        except Refusal as refusal:
            return refusal.reply

    def _routed(self, call: Call) -> Reply:
        if call.path == "/service-info":
            return Reply.of({"serviceInfo": {"version": "1.37.0", "commitId": "22dc629"}})
        if str(call) == "POST /v1alpha2/container":
            return self._submit(call)
        if str(call) == "POST /v1alpha1/inspect":
            return self._inspect(call)
        if found := re.fullmatch(r"/v1alpha2/container/(\w+)(/status)?", call.path):
            return self._request(found[1], status=bool(found[2]))
        if found := re.fullmatch(r"/v1alpha1/builds/([\w-]+)(/status|/logs)?", call.path):
            return self._build(found[1], found[2] or "")
        if found := re.fullmatch(r"/v2/wt/(\w+)/(.+)/(manifests|blobs)/(.+)", call.path):
            return self._pull(call, found[1], f"{found[3]}/{found[4]}")
        return Reply(200, b"{}") if call.path == "/v2/" else Reply.error(404, "Not found")

    def _submit(self, call: Call) -> Reply:
        if len(call.body) > LARGEST_BODY:
            text = f"The content length [{len(call.body)}] exceeds the maximum allowed content"
            raise Refusal(500, f"{text} length [{LARGEST_BODY}] - {ERROR_ID}")
        try:
            sent = json.loads(call.body)
        except ValueError:
            raise Refusal(500, f"Failed to convert argument [req] - {ERROR_ID}") from None
        text = self.checked(sent)
        freeze = bool(sent.get("freeze"))
        platform = sent.get("containerPlatform") or "linux/amd64"
        repository = sent.get("buildRepository") or self.own_repository
        context = sent.get("buildContext") or {}
        id_ = ids.container_id(
            text, platform, repository, context.get("tarDigest"), context=bool(context)
        )
        image = f"{repository}:{id_}"
        if sent.get("dryRun"):
            there = image in self.in_registry or bool(self._finished(id_))
            dry = {"cached": there, "buildId": f"{id_}_0", "succeeded": True, "freeze": freeze}
            return self._reply(self._remember(sent, image, None, freeze, platform), dry)
        build, cached = self._found(id_, image)
        if build is None and image not in self.in_registry:
            build, cached = self._started(id_, image, text, sent), False
        request = self._remember(sent, image, build, freeze, platform)
        # A scan hides the outcome, even of a hit: it has to be asked for.
        succeeded = True if build is None else build.succeeded
        answer = {
            "buildId": build and build.id,
            "cached": cached,
            "freeze": freeze,
            "mirror": False,
            "scanId": f"sc-{id_}_1" if request.scanned else None,
            "succeeded": None if request.scanned else succeeded,
        }
        return self._reply(request, answer)

    def _finished(self, id_: str) -> Build | None:
        made = self.builds.get(id_)
        return made[-1] if made and made[-1].succeeded else None

    def _found(self, id_: str, image: str) -> tuple[Build | None, bool | None]:
        """Give the build that answers a request, if there is one, and whether it is over."""
        last = self.builds.get(id_, [None])[-1]
        if last is None:
            return None, None
        if last.succeeded is None:
            return last, False
        if not last.succeeded and self.now() > (last.ended_at or 0) + FAILURE_S:
            return None, None
        return last, True

    def _started(self, id_: str, image: str, text: str, sent: dict[str, Any]) -> Build:
        self.builds_left -= 1
        if self.builds_left < 0:
            who = "user ada" if sent.get("towerAccessToken") else "IP 127.0.0.1"
            raise Refusal(429, f"Request exceeded build rate limit for {who}")
        made = self.builds.setdefault(id_, [])
        build = self.engine.start(f"bd-{id_}_{len(made) + 1}", image, text, sent)
        made.append(build)
        return build

    def _remember(
        self, sent: dict[str, Any], image: str, build: Build | None, freeze: bool, platform: str
    ) -> Request:
        id_ = f"{len(self.requests) + 0xA0B1C2D3E401:012x}"
        path = image.partition("/")[2]
        target = image if freeze else f"127.0.0.1:{self.port}/wt/{id_}/{path}"
        kept = {name: value for name, value in sent.items() if not name.startswith("tower")}
        self.requests[id_] = Request(
            id_, image, target, build, freeze, platform, self.now(), self.scans, kept
        )
        return self.requests[id_]

    def _reply(self, request: Request, more: dict[str, Any]) -> Reply:
        expires = request.expires_at
        known = {
            "requestId": request.id,
            "containerToken": None if request.freeze else request.id,
            "targetImage": request.target,
            "containerImage": request.image,
            "expiration": None if expires is None else images.written(expires),
        }
        return Reply.of({**known, **more})

    def _request(self, id_: str, *, status: bool) -> Reply:
        request = self.requests.get(id_)
        # A frozen image stays; what Wave knows of the request for it does not.
        if request is None or self.now() > request.asked_at + TOKEN_LIFE_S:
            return Reply(404)
        if status:
            return Reply.of({"id": id_, **self._state(request.build)})
        expires = request.expires_at
        return Reply.of(
            {
                "id": id_,
                "user": {"id": 7},
                "sourceImage": request.image,
                "waveImage": request.target,
                "buildId": request.build and request.build.id,
                "platform": request.platform,
                "freeze": request.freeze,
                "expiration": None if expires is None else images.written(expires),
            }
        )

    def _state(self, build: Build | None) -> dict[str, Any]:
        if build is None:
            return {"status": "DONE", "succeeded": True, "creationTime": images.written(self.now())}
        known = {"buildId": build.id, "creationTime": images.written(build.began_at)}
        if build.succeeded is None:
            return {**known, "status": "BUILDING"}
        over = {**known, "status": "DONE", "succeeded": build.succeeded}
        over["duration"] = build.duration_s
        if not build.succeeded:
            over["reason"] = "Container build did not complete successfully"
            over["detailsUri"] = f"{self.url}/view/builds/{build.id}"
        return over

    def _build(self, id_: str, what: str) -> Reply:
        build = next((b for made in self.builds.values() for b in made if b.id == id_), None)
        if build is None:
            return Reply(404)
        over = build.succeeded is not None
        if what == "/logs":
            if not over or self.now() < (build.ended_at or 0) + self.log_lag_s:
                return Reply(404)
            return Reply(200, build.log.encode(), "text/plain")
        times = {
            "startTime": images.written(build.began_at),
            "duration": build.duration_s if over else None,
        }
        if what == "/status":
            status = "COMPLETED" if over else "PENDING"
            return Reply.of({"id": id_, "status": status, "succeeded": build.succeeded, **times})
        # Of the two, only the record tells the exit code.
        record = {"buildId": id_, "targetImage": build.image, "platform": build.platform}
        record |= {"exitStatus": build.exit_code if over else None, **times}
        who = {"userName": "ada", "userEmail": "ada@example.com", "requestIp": "127.0.0.1"}
        return Reply.of({**record, **who, "dockerFile": build.text})

    def _inspect(self, call: Call) -> Reply:
        sent = call.json()
        platform = call.query.get("platform", "linux/amd64")
        if "," in platform:
            raise Refusal(400, "Multi-platform value is not allowed for inspect requests")
        self.authorised(sent)
        image = sent["containerImage"]
        made = [b for each in self.builds.values() for b in each if b.image == image]
        if not any(build.succeeded for build in made) and image not in self.in_registry:
            return Reply(404)
        host, _, rest = image.partition("/")
        found = self.engine.inspect(image, platform)
        if self.architecture:
            found["config"]["architecture"] = self.architecture
        known = {"registry": host, "hostName": f"https://{host}"}
        name, _, tag = rest.rpartition(":")
        return Reply.of({"container": {**known, "imageName": name, "reference": tag, **found}})

    def _pull(self, call: Call, token: str, what: str) -> Reply:
        request = self.requests.get(token)
        if request is None or (request.expires_at or 0) < self.now():
            errors = [{"code": "NOT_FOUND", "message": f"Unknown Wave container for '{token}'"}]
            return Reply.of({"errors": errors}, 404)
        return self.engine.pull(call, request.image, what)
