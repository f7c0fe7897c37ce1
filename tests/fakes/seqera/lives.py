"""The lives of all Studios: each start and stop, and what a Studio's status is now."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from tests.fakes.seqera import life
from tests.fakes.seqera.house import House
from tests.fakes.seqera.records import Checkpoint, Link, Studio

HOUR_S = 3600
USUAL_LIFESPAN_H = 8


class Runner(Protocol):
    """What makes sessions real: it starts a Studio's image, and stops it again.

    `start` gives the address that the session answers on, or raises; both may take their time, and
    the Platform says `starting` or `stopping` meanwhile.
    """

    def start(self, studio: Studio, mounted: list[Link]) -> str: ...

    def stop(self, studio: Studio) -> None: ...

    def runs(self, studio: Studio) -> bool: ...


@dataclass
class Lives:
    """Scripts for what is started next: by image, the very next one, or as usual."""

    house: House
    mounted: Callable[[Studio], list[Link]]
    next_start: life.Script | None = None
    outcomes: dict[str, life.Script] = field(default_factory=dict)
    usual_start: life.Script = field(default_factory=life.Started)
    usual_stop: life.Stopping = field(default_factory=life.Stopping)
    runner: Runner | None = None
    checkpoints: int = 0
    # The last thing that a runner was told to do, by session.
    jobs: dict[str, threading.Thread] = field(default_factory=dict)

    def start(self, studio: Studio) -> None:
        script = self.next_start or self.outcomes.get(studio.image) or self.usual_start
        self.next_start = None
        self.began(studio, script)
        if self.runner and isinstance(script, life.Started):
            studio.in_runner, studio.ending, studio.address = True, False, None
            self._then(studio, self._run)

    def began(self, studio: Studio, script: life.Script) -> None:
        """Put a Studio on its way, with a checkpoint for what its disk will hold."""
        self.act(studio, script)
        studio.started_at = self.house.now()
        self.checkpoints += 1
        name = f"{studio.name}_{self.checkpoints}"
        studio.checkpoints.append(Checkpoint(self.checkpoints, name, self.house.now()))

    def stop(self, studio: Studio) -> None:
        self.act(studio, self.usual_stop)
        if studio.in_runner:
            self._end(studio)

    def _end(self, studio: Studio) -> None:
        studio.ending = True
        self._then(studio, self._halt)

    def _then(self, studio: Studio, job: Callable[[Studio], None]) -> None:
        """Do something behind the answer's back, after what was begun before."""
        before = self.jobs.get(studio.id)

        def work() -> None:
            if before:
                before.join()
            job(studio)

        self.jobs[studio.id] = threading.Thread(target=work, daemon=True)
        self.jobs[studio.id].start()

    def _run(self, studio: Studio) -> None:
        assert self.runner
        try:
            studio.address = self.runner.start(studio, self.mounted(studio))
        except Exception as error:  # whatever a runner raises is why the session failed
            studio.in_runner = False
            self.act(studio, life.Errored(str(error), after_s=0))

    def _halt(self, studio: Studio) -> None:
        # A start that failed meanwhile has left nothing to stop.
        if self.runner and studio.in_runner:
            self.runner.stop(studio)
        studio.in_runner, studio.address = False, None

    def settle(self, limit_s: float = 60) -> None:
        """Wait for what runners are at."""
        for job in self.jobs.values():
            job.join(limit_s)

    def act(self, studio: Studio, script: life.Script) -> None:
        studio.script, studio.acted_at, studio.extended_s = script, self.house.now(), 0
        studio.changed_at = studio.acted_at

    def lifespan_h(self, studio: Studio) -> int:
        """Give the hours that a session may run: the workspace's word beats the Studio's."""
        workspaces = {each.id: each for each in (self.house.own, *self.house.workspaces)}
        workspace = workspaces[studio.workspace]
        if workspace.lifespan_h is not None:
            return workspace.lifespan_h
        own = studio.configuration.get("lifespanHours")
        return USUAL_LIFESPAN_H if own is None else int(own)

    def moment(self, studio: Studio) -> life.Moment:
        """Tell how a Studio is now."""
        seconds = self.house.now() - studio.acted_at
        moment = self._ended(studio, seconds, studio.script.at(seconds))
        return self._fitted(studio, moment) if studio.in_runner else moment

    def _fitted(self, studio: Studio, moment: life.Moment) -> life.Moment:
        """Let the real session have its say."""
        assert self.runner
        if moment.status in ("stopping", "stopped"):
            if not studio.ending:
                self._end(studio)
            return replace(moment, status="stopping", since_s=0)
        if moment.status != "running":
            return moment
        if studio.address is None:
            return replace(moment, status="starting", since_s=0)
        if not self.runner.runs(studio):
            studio.in_runner, studio.address = False, None
            self.act(studio, life.Errored("Essential container in task exited", after_s=0))
            return studio.script.at(0)
        return moment

    def _ended(self, studio: Studio, seconds: float, moment: life.Moment) -> life.Moment:
        """End a session whose lifespan is over."""
        hours = self.lifespan_h(studio)
        ends_s = moment.since_s + hours * HOUR_S + studio.extended_s
        if moment.status != "running" or not hours or seconds < ends_s:
            return moment
        stopping = life.Stopping(self.usual_stop.takes_s, life.LIFESPAN)
        return life.shifted(stopping.at(seconds - ends_s), ends_s)
