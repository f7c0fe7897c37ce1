"""How a Studio's life goes on after an act: status and progress, told by the seconds since then.

Nothing here acts or waits. A script says how the life goes; the Platform asks it at every call, so
that a test's clock is all that lets a Studio start.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

BUILD = "Building container image"
STEPS = ("Provisioning compute resources", "Pulling container image", "Mounting data-links")
LAST_STEP = "Starting the tool"
IDLE = frozenset({"stopped", "errored", "buildFailed"})
ACTIVE = frozenset({"building", "starting", "running"})
LIFESPAN, SPOT, CREDITS = "LIFESPAN_EXPIRED", "SPOT_RECLAMATION", "CREDITS_RUN_OUT"


@dataclass(frozen=True, slots=True)
class Step:
    message: str
    status: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """What the Platform says; `since_s` is when the status began, in seconds after the act."""

    status: str
    since_s: float = 0
    message: str = ""
    stop_reason: str | None = None
    progress: tuple[Step, ...] = ()


class Script(Protocol):
    """One way for a life to go on."""

    def at(self, seconds: float) -> Moment: ...


@dataclass(frozen=True, slots=True)
class NeverStarted:
    """What was made with autoStart=false."""

    def at(self, seconds: float) -> Moment:
        return Moment("stopped")


@dataclass(frozen=True, slots=True)
class Started:
    """A start as it should be: built first where `building_s` says so; over after `runs_s`."""

    building_s: float = 0
    starting_s: float = 40
    runs_s: float | None = None
    reason: str = LIFESPAN
    stopping_s: float = 12
    warnings: tuple[str, ...] = ()

    def at(self, seconds: float) -> Moment:
        if seconds < self.building_s:
            return Moment("building", progress=steps(0, built=True))
        runs_from_s = self.building_s + self.starting_s
        if seconds < runs_from_s:
            part = (seconds - self.building_s) / self.starting_s
            done = int(part * len(all_steps(False))) + bool(self.building_s)
            return Moment("starting", self.building_s, progress=self._steps(done))
        if self.runs_s is not None and seconds >= runs_from_s + self.runs_s:
            ended = Stopping(self.stopping_s, self.reason)
            return shifted(ended.at(seconds - runs_from_s - self.runs_s), runs_from_s + self.runs_s)
        return Moment("running", runs_from_s, progress=self._steps(9))

    def _steps(self, done: int) -> tuple[Step, ...]:
        return steps(done, built=bool(self.building_s), warnings=self.warnings)


def ends(reason: str, runs_s: float = 3600) -> Started:
    """A start that is good, and a session that is taken away later."""
    return Started(runs_s=runs_s, reason=reason)


@dataclass(frozen=True, slots=True)
class Errored:
    """A start that fails: in which step, after how long and with which words."""

    message: str = "Essential container in task exited"
    after_s: float = 25
    stop_reason: str | None = None
    step: int = 1
    warnings: tuple[str, ...] = ()

    def at(self, seconds: float) -> Moment:
        if seconds < self.after_s:
            done = int(seconds / self.after_s * (self.step + 1))
            return Moment("starting", progress=steps(done, built=False))
        failed = steps(self.step, built=False, now="errored", warnings=self.warnings)
        return Moment("errored", self.after_s, self.message, self.stop_reason, failed)


@dataclass(frozen=True, slots=True)
class BuildFailed:
    """A build that fails, with the address of Wave's page about it."""

    message: str = "Container build failed"
    after_s: float = 60
    build_url: str = "https://wave.example.com/view/builds/bd-5f3a9c01_1"

    def at(self, seconds: float) -> Moment:
        if seconds < self.after_s:
            return Moment("building", progress=steps(0, built=True))
        failed = steps(0, built=True, now="errored")
        return Moment("buildFailed", self.after_s, self.message, progress=failed)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A start without an end."""

    status: str = "starting"

    def at(self, seconds: float) -> Moment:
        return Moment(self.status, progress=steps(1, built=self.status == "building"))


@dataclass(frozen=True, slots=True)
class Stopping:
    """A stop, by whoever: a slow one takes longer."""

    takes_s: float = 12
    reason: str | None = None

    def at(self, seconds: float) -> Moment:
        if seconds < self.takes_s:
            return Moment("stopping", stop_reason=self.reason)
        return Moment("stopped", self.takes_s, stop_reason=self.reason)


def all_steps(built: bool) -> Sequence[str]:
    return (*((BUILD,) if built else ()), *STEPS, LAST_STEP)


def steps(
    done: int, *, built: bool, now: str = "in-progress", warnings: tuple[str, ...] = ()
) -> tuple[Step, ...]:
    """Give the steps of a start of which so many are done, and one goes on or has failed."""
    states = {True: "succeeded", False: "pending"}
    return tuple(
        Step(message, now if n == done else states[n < done], warnings if n == done else ())
        for n, message in enumerate(all_steps(built))
    )


def shifted(moment: Moment, by_s: float) -> Moment:
    """Count a moment's seconds from an earlier act."""
    return Moment(
        moment.status, moment.since_s + by_s, moment.message, moment.stop_reason, moment.progress
    )
