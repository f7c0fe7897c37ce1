"""Start a Studio that is there: told to, waited for, asked whether it can do its work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deploy.rollout.creating import NOT_AWAITED, NOT_STARTED
from deploy.rollout.steps import Step
from deploy.seqera.models import UNDER_WAY

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.planning.plan import Seen
    from deploy.rollout.acts import Acts
    from deploy.seqera.models import Studio
    from deploy.studios.readiness import Readiness


@dataclass(slots=True)
class Start:
    """A Studio that is there: started, waited for, asked.

    `desired` brings what can only be said at the start. Unless it is `wanted`, it stays as it is.
    """

    acts: Acts
    seen: Seen
    desired: Desired | None = None
    wanted: bool = True
    readiness: Readiness = NOT_STARTED
    studio: Studio | None = None
    begun: bool = False
    _before: Studio | None = None

    def run(self) -> None:
        """Start it unless it is under way already, wait for it, and ask it.

        Ctrl-C leaves it going on by itself, and says so.
        """
        under_way = self.seen.status in UNDER_WAY
        try:
            if under_way:
                self.wait()
                self.verify()
            else:
                self.acts.journal.run(self.steps())
        except KeyboardInterrupt:
            if under_way or self.begun:
                self.acts.leave(f'"{self.acts.name}" ({self.seen.id}) goes on by itself')
            raise

    def start(self) -> None:
        """Start it."""
        now = self.acts.unchanged(self.seen)
        if self.wanted:
            self.begun = True
            now = self.acts.stop(now) if now.status == "stopping" else now
            self.acts.start(now, self.desired)
        self.studio = self._before = now

    def wait(self) -> None:
        """Wait until it runs, if anybody waits."""
        if not self.wanted:
            return
        if self.acts.means.wait:
            self.studio = self.acts.awake(self.seen.id, before=self._before)
        else:
            self.readiness = NOT_AWAITED

    def verify(self) -> None:
        """Ask it whether it can do its work, if it runs."""
        if self.studio is not None and self.studio.status == "running" and self.acts.means.wait:
            self.readiness = self.acts.ready(self.studio)

    def halt(self) -> None:
        """Stop it again: only then can it be changed back."""
        if self.begun:
            self.acts.stop(self.acts.described(self.seen.id))

    def steps(self, *, undone: bool = False) -> list[Step]:
        """List what is done. By itself a start is not undone: it stays for a look at it."""
        starting = Step("starting the Studio", self.start)
        return [
            replace(starting, undo=self.halt) if undone else starting,
            Step("waiting for the Studio", self.wait),
            Step("asking the Studio", self.verify),
        ]
