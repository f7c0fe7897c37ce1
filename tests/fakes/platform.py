"""A Platform over a real socket: users, workspaces, and Studios that live on the test's clock.

It answers as the documented one does, and refuses what that refuses; where SEQERA_SPECS names its
OpenAPI file, every call and answer is checked against that. Tests set its attributes before or
during a run; what arrived is in `calls`, and `fail` makes single calls go wrong.
"""

import threading
from collections import Counter
from typing import Any, Self

from tests.fakes import openapi
from tests.fakes.seqera import life
from tests.fakes.seqera.environments import Environments
from tests.fakes.seqera.house import NEWER, TOKEN, House, Timed
from tests.fakes.seqera.life import BuildFailed, Errored, Started, Stopping, Stuck, ends
from tests.fakes.seqera.links import Links
from tests.fakes.seqera.lives import Lives, Runner
from tests.fakes.seqera.people import People
from tests.fakes.seqera.records import ComputeEnv, Label, Link, Studio, Workspace
from tests.fakes.seqera.studios import Studios
from tests.fakes.server import Call, Reply, Server
from tests.fakes.sessions import Sessions, Standing
from tests.fakes.validation import Refusal

__all__ = [
    "TOKEN",
    "BuildFailed",
    "ComputeEnv",
    "Errored",
    "Label",
    "Link",
    "Platform",
    "Started",
    "Stopping",
    "Stuck",
    "Studio",
    "Workspace",
    "ends",
]

# How a Studio comes to be what a test wants it to be.
SCRIPTS: dict[str, life.Script] = {
    "starting": Stuck(),
    "running": Started(starting_s=0),
    "stopping": Stopping(10_000),
    "stopped": Stopping(0),
    "errored": Errored(after_s=0),
    "building": Stuck("building"),
    "buildFailed": BuildFailed(after_s=0),
}


class Platform(Server):
    """The API below `/api`, as an installation of one's own has it; a page is at the top.

    >>> from tests.fakes.clock import FakeClock
    >>> with Platform(FakeClock()) as platform:
    ...     environment = platform.add_compute_env("aws-eu", allowBuckets=["s3://acme"])
    ...     link = platform.add_link("mlflow", "s3://acme/mlflow")
    ...     studio = platform.add_studio("mlflow-dev", image="registry.example.com/mlflow:1")
    ...     platform.status("mlflow-dev")
    'running'
    """

    def __init__(self, clock: Timed, prefix: str = "/api", runner: Runner | None = None) -> None:
        super().__init__()
        self.clock = clock
        self.prefix = prefix
        self.tokens = {TOKEN}
        self.house = House(clock, [Workspace(71, "Acme", "ml"), Workspace(72, "Acme", "bio")])
        self.people = People(self.house)
        self.environments = Environments(self.house)
        self.links = Links(self.house)
        self.lives = Lives(self.house, self.links.mounted, runner=runner)
        self.book = Studios(self.house, self.environments, self.links, self.lives)
        self.labels = self.book.labels
        self.sessions = Sessions(self._standing)
        self.book.url_of = self.sessions.url_of
        # Calls of one token in one second of the clock; None is without a limit.
        self.rate_limit: int | None = None
        # What did not fit the API's description; a test that means it may empty the list.
        self.description = openapi.description()
        self.mismatches: list[str] = []
        self._seconds: Counter[tuple[str, int]] = Counter()
        self._one_at_a_time = threading.RLock()
        topics = (self.people, self.environments, self.links, self.labels, self.book)
        self._routes = [route for topic in topics for route in topic.routes()]

    # What tests read and set

    @property
    def endpoint(self) -> str:
        return self.url + self.prefix

    @property
    def workspaces(self) -> list[Workspace]:
        return self.house.workspaces

    @property
    def own_registries(self) -> list[str]:
        return self.people.own_registries

    @own_registries.setter
    def own_registries(self, hosts: list[str]) -> None:
        self.people.own_registries = hosts

    @property
    def studios(self) -> dict[str, Studio]:
        """All Studios by their session's id, the oldest first."""
        return self.book.all

    @property
    def next_start(self) -> life.Script | None:
        return self.lives.next_start

    @next_start.setter
    def next_start(self, script: life.Script | None) -> None:
        self.lives.next_start = script

    @property
    def outcomes(self) -> dict[str, life.Script]:
        """Scripts of the starts of an image."""
        return self.lives.outcomes

    def studio(self, name: str, workspace: int | None = 71) -> Studio:
        """Give the Studio of this very name."""
        alike = [s for s in self.studios.values() if (s.name, s.workspace) == (name, workspace)]
        names = sorted(each.name for each in self.studios.values())
        assert len(alike) == 1, f"{len(alike)} Studios are named {name!r}; there are {names}"
        return alike[0]

    def names(self, workspace: int | None = 71) -> list[str]:
        return [each.name for each in self.studios.values() if each.workspace == workspace]

    def status(self, name: str, workspace: int | None = 71) -> str:
        with self._one_at_a_time:
            return self.lives.moment(self.studio(name, workspace)).status

    def writes(self) -> list[Call]:
        """The calls that were to change something."""
        return [call for call in self.calls if call.method != "GET"]

    def add_compute_env(self, name: str, workspace: int | None = 71, **more: Any) -> ComputeEnv:
        """Add one by the members of `Environments.add`; others are its config's."""
        return self.environments.add(workspace, name, **more)

    def add_link(self, name: str, uri: str, workspace: int | None = 71, **more: Any) -> Link:
        return self.links.add(workspace, name, uri, **more)

    def add_label(self, name: str, value: str | None, workspace: int | None = 71) -> Label:
        return self.labels.add(workspace, name, value)

    def add_studio(
        self,
        name: str,
        *,
        image: str = "registry.example.com/acme/mlflow:1",
        workspace: int | None = 71,
        status: str = "running",
        compute_env: str | None = None,
        labels: dict[str, str] | None = None,
        **configuration: Any,
    ) -> Studio:
        """Add one that has been started before, whatever has become of it."""
        known = [e for e in self.environments.all.values() if e.workspace == workspace]
        chosen = next((e for e in known if compute_env in (None, e.name)), None)
        with self._one_at_a_time:
            found = chosen or self.environments.add(workspace, compute_env or "aws-eu")
            studio = self.book.add(workspace, name, image, found, configuration)
            studio.labels = [self.labels.add(workspace, *each) for each in (labels or {}).items()]
            self.lives.began(studio, SCRIPTS[status])
            return studio

    # What the server does

    def now(self) -> float:
        return self.clock.now()

    def __enter__(self) -> Self:
        self.sessions.__enter__()
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.sessions.__exit__(*error)
        self.lives.settle()
        # Not instead of what has already gone wrong.
        if not any(error):
            assert not self.mismatches, "not as the API is described:\n" + "\n".join(
                self.mismatches
            )

    def arrived(self, call: Call) -> None:
        path = call.path.removeprefix(self.prefix)
        # Elsewhere are the page for people, and addresses where a client looks for the API.
        elsewhere = path == call.path if self.prefix else path.startswith("/api/")
        if self.description and not elsewhere:
            self.mismatches += self.description.request(call, path)

    def answer(self, call: Call) -> Reply:
        if not call.path.startswith(self.prefix + "/"):
            return Reply.page(200, b"<!DOCTYPE html><html><title>Seqera</title></html>")
        path = call.path.removeprefix(self.prefix)
        try:
            with self._one_at_a_time:
                reply = self._answer(call, path)
        except Refusal as refusal:
            reply = refusal.reply
        if self.description:
            self.mismatches += self.description.answer(call, path, reply)
        return reply

    def _answer(self, call: Call, path: str) -> Reply:
        if path == "/service-info":
            about = {"version": "26.2.0", "apiVersion": "1.200.0", "waveEnabled": True}
            return Reply.exactly({"serviceInfo": {**about, **NEWER}})
        token = call.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return Reply(401)
        if self.rate_limit is not None:
            second = token, int(self.now())
            self._seconds[second] += 1
            if self._seconds[second] > self.rate_limit:
                return Reply.error(429, "Too many requests")
        return self.house.routed(self._routes, call, path)

    def _standing(self, id_: str) -> Standing | None:
        """Tell the sessions' server how a Studio is."""
        with self._one_at_a_time:
            studio = self.studios.get(id_)
            if studio is None:
                return None
            return Standing(self.lives.moment(studio).status, studio.address)
