"""The two ways to create, start and stop a Studio: the Platform's API, and the `tw` command.

The same Studio comes of both. All else (reading, waiting, changing, deleting) goes through the API:
tw's own waiting ends at the first failed question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from deploy import secret, ui
from deploy.errors import NameTaken, ToolMissing, TwCannot, TwFailed
from deploy.planning.desired import SPEC, unshown
from deploy.seqera import tw as command
from deploy.seqera.limits import Unsupported, supports, supports_start
from deploy.seqera.models import IDLE, UNDER_WAY
from deploy.seqera.tw import Line, Missing, Said, Tw

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.seqera.studios import Studios

__all__ = [
    "ApiWay",
    "Choice",
    "Chosen",
    "TwWay",
    "Unsupported",
    "Via",
    "Way",
    "choose",
    "decide",
    "supports",
]

Via = Literal["auto", "tw", "api"]
Name = Literal["tw", "api"]
# tw has no retries of its own. Before each one the Platform is asked what became of the last.
TRIES = 3
STOPPED = IDLE | {"stopping"}
# What studioctl itself heeds and a Java program does not.
CONNECTION_SETTINGS = (
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"),
)


class Way(Protocol):
    """How a Studio is created, started and stopped; each returns when the Platform has agreed."""

    name: ClassVar[Name]

    def create(self, desired: Desired, labels: Mapping[str, str]) -> str:
        """Create the Studio with these resource labels and no others, and give its id.

        The workspace must not have one of its name: `NameTaken`.
        """
        ...

    def start(self, id_: str, name: str, desired: Desired | None) -> None:
        """Start a stopped Studio, with what of `desired` can only be said now."""
        ...

    def stop(self, id_: str, name: str) -> None:
        """Stop a running Studio."""
        ...


@dataclass(frozen=True, slots=True)
class ApiWay:
    """The Platform's API."""

    studios: Studios
    name: ClassVar[Name] = "api"

    def create(self, desired: Desired, labels: Mapping[str, str]) -> str:
        """Create it; `AnswerLost` leaves open whether it is there."""
        ids = self.studios.label_ids(labels, known=desired.compute_env.labels)
        return self.studios.create(desired.create_body(ids), auto_start=desired.auto_start).id

    def start(self, id_: str, name: str, desired: Desired | None) -> None:
        """Start it."""
        self.studios.start(id_, desired.start_body() if desired else {})

    def stop(self, id_: str, name: str) -> None:
        """Stop it."""
        self.studios.stop(id_)


@dataclass(frozen=True, slots=True)
class TwWay:
    """The `tw` command; what became of a failed call is looked up through the API."""

    tw: Tw
    studios: Studios
    explain: Callable[[str], None] = ui.say
    name: ClassVar[Name] = "tw"

    def create(self, desired: Desired, labels: Mapping[str, str]) -> str:
        """Create it, and give its id although tw has failed after it was there.

        tw does not tell a name that is taken from other errors, so that is looked up before.
        """
        if self.studios.named(desired.name) is not None:
            raise NameTaken(desired.name)
        line, hidden = command.add(desired, labels), unshown(desired.environment)
        for _ in range(TRIES):
            said = self._said(line, hidden)
            if said.session:
                return said.session
            there = self.studios.named(desired.name)
            if there is not None:
                if there.label(SPEC) != desired.spec:
                    raise NameTaken(desired.name)
                self.explain("the Studio is there all the same: going on with it")
                return there.id
            if said.code == command.WRONG_USAGE:
                break
        raise TwFailed(line.task, said.code, said.errors)

    def start(self, id_: str, name: str, desired: Desired | None) -> None:
        """Start it."""
        self._change(command.start(self.studios.workspace_id, id_, desired), id_, UNDER_WAY)

    def stop(self, id_: str, name: str) -> None:
        """Stop it."""
        self._change(command.stop(self.studios.workspace_id, id_), id_, STOPPED)

    def _change(self, line: Line, id_: str, done: frozenset[str]) -> None:
        for _ in range(TRIES):
            said = self._said(line)
            if said.code == 0 or self.studios.described(id_).status in done:
                return
            if said.code == command.WRONG_USAGE:
                break
        raise TwFailed(line.task, said.code, said.errors)

    def _said(self, line: Line, hidden: tuple[str, ...] = ()) -> Said:
        said = self.tw.run(line)
        if said.code == 0:
            return said
        # A server may repeat what it was sent.
        hidden += secret.known(self.tw.env)
        errors = tuple(secret.redact(text, hidden) for text in said.errors)
        self.explain(f"{line.task} ended with {said.code}: {' '.join(errors)}")
        return Said(said.code, said.document, errors)


@dataclass(frozen=True, slots=True)
class Choice:
    """A way by its name, and why it was chosen, for people."""

    name: Name
    why: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """A way that is ready to go, and why it was chosen."""

    way: Way
    why: str


def decide(
    via: Via,
    desired: Desired | None,
    found: Tw | Missing,
    labels: Mapping[str, str] | None = None,
    *,
    started: Desired | None = None,
    secret_arguments: bool = False,
) -> Choice:
    """Choose a way for a Studio to be created; None is one that is only started or stopped.

    `auto` takes tw where it is there and can do all that is needed. `tw` that is not there, or
    cannot, is an error that says what and why.
    """
    if via == "api":
        return Choice("api", "--via api")
    if isinstance(found, Missing):
        if via == "tw":
            raise ToolMissing(
                "tw",
                f"{found.why}, and --via tw needs it.",
                "Install it from https://github.com/seqeralabs/tower-cli, or use --via api.",
            )
        return Choice("api", found.why)
    if desired is None:
        limits = supports_start(started, found.version)
    else:
        accepted = secret_arguments and via == "tw"
        limits = supports(desired, found.version, labels, secret_arguments=accepted)
    if via == "tw":
        if limits:
            raise TwCannot(found.release, [str(limit) for limit in limits])
        return Choice("tw", "--via tw")
    if limits:
        listed = "; ".join(map(str, limits))
        return Choice("api", f"tw {found.release} cannot do all that is needed ({listed})")
    unheeded = [name for name in CONNECTION_SETTINGS if found.env.get(name) and not found.insecure]
    if unheeded:
        return Choice("api", f"tw does not heed {', '.join(unheeded)}")
    return Choice("tw", f"tw {found.release} is there and can do all that is needed")


def choose(
    via: Via,
    desired: Desired | None,
    studios: Studios,
    look: Callable[[], Tw | Missing],
    labels: Mapping[str, str] | None = None,
    *,
    started: Desired | None = None,
    secret_arguments: bool = False,
) -> Chosen:
    """Choose a way and make it ready; tw is only looked for where it may be used."""
    found = Missing("it was not asked for") if via == "api" else look()
    choice = decide(via, desired, found, labels, started=started, secret_arguments=secret_arguments)
    way: Way = ApiWay(studios)
    if choice.name == "tw" and isinstance(found, Tw):
        way = TwWay(found, studios)
    return Chosen(way, choice.why)
