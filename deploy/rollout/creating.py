"""Create a Studio exactly once, whatever becomes of the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deploy.errors import NameTaken, Unreachable
from deploy.planning.desired import SPEC
from deploy.rollout.steps import Step
from deploy.studios.readiness import Readiness

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.rollout.acts import Acts
    from deploy.seqera.models import Studio

PAUSES_S = (2, 5, 15)
# A create whose answer was lost may still be at work.
LATE_S = 3
NOT_STARTED = Readiness("not checked", "it is not started")
NOT_AWAITED = Readiness("not checked", "it was not waited for")


@dataclass(slots=True)
class Creation:
    """A new Studio: made, waited for, asked.

    `id` is known once it is there; `ours` tells that nobody else has made it. `others` are the ids
    of Studios that had the name before.
    """

    acts: Acts
    desired: Desired
    inherited: Mapping[str, str] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    id: str | None = None
    ours: bool = True
    readiness: Readiness = NOT_STARTED
    studio: Studio | None = None
    _sent: bool = False

    def run(self) -> None:
        """Make it. That is not undone: one that does not come up is there for a look at it."""
        try:
            self.acts.journal.run(self.steps())
        except KeyboardInterrupt:
            name = self.desired.name
            known = f'"{name}" ({self.id}) is there and goes on by itself'
            self.acts.leave(known if self.id else f'whether "{name}" was created is not known')
            raise

    def steps(self) -> list[Step]:
        """List what is done."""
        return [
            Step("creating the Studio", self.create),
            Step("waiting for the Studio", self.wait),
            Step("asking the Studio", self.verify),
        ]

    def create(self) -> None:
        """Create it; one that another has made of the same specification meanwhile is as good."""
        labels = {**self.inherited, **self.desired.all_labels}
        name = self.desired.name
        for pause_s in (*PAUSES_S, None):
            again, self._sent = self._sent, True
            try:
                self.id = self.acts.means.way.create(self.desired, labels)
            except NameTaken:
                # After a lost answer it is most likely our own.
                self.id, self.ours = self._same_there(), again
                if not self.ours:
                    self.acts.journal.say(f'somebody else has made "{name}" just so: going on')
            except Unreachable as error:
                self._sent = again or error.sent
                if self._looked_up():
                    self.acts.journal.say(f'the answer was lost, but "{name}" is there: going on')
                elif pause_s is None:
                    raise
                else:
                    self.acts.journal.say(f"{error.short}; trying again in {pause_s} s")
                    self.acts.means.clock.sleep(pause_s)
                    self._looked_up()
            else:
                break
            if self.id is not None:
                self._see_to_its_start(self.id)
                break
        if self.ours:
            self.acts.journal.note(f'created "{name}" ({self.id})')

    def wait(self) -> None:
        """Wait until it runs, if it is to run and anybody waits."""
        if self.id is None:
            return
        if not self.desired.auto_start:
            self.studio = self.acts.described(self.id)
        elif not self.acts.means.wait:
            self.studio, self.readiness = self.acts.described(self.id), NOT_AWAITED
        else:
            self.studio = self.acts.awake(self.id)

    def verify(self) -> None:
        """Ask it whether it can do its work, if it runs."""
        if self.studio is not None and self.studio.status == "running" and self.acts.means.wait:
            self.readiness = self.acts.ready(self.studio)

    def remove(self) -> None:
        """Delete what was made, if anything was, and not by somebody else."""
        if self.id is None and self._sent and not self._looked_up():
            self.acts.means.clock.sleep(LATE_S)
            self._looked_up()
        if self.id is not None and self.ours:
            self.acts.delete(self.id)

    def _looked_up(self) -> bool:
        there = self._there()
        if there is not None and there.label(SPEC) == self.desired.spec:
            self.id = there.id
        return self.id is not None

    def _see_to_its_start(self, id_: str) -> None:
        """Start a Studio that is there, but was made by a call that came to no end."""
        there = self.acts.described(id_)
        if self.ours and self.desired.auto_start and there.status == "stopped":
            self.acts.start(there, self.desired)

    def _there(self) -> Studio | None:
        found = self.acts.means.studios.named(self.desired.name)
        return None if found is None or found.id in self.others else found

    def _same_there(self) -> str:
        """Give the id of the one that has the name, if it is what is wanted."""
        there = self.acts.means.studios.named(self.desired.name)
        name = self.desired.name
        if there is None:
            raise NameTaken(name)
        if there.id in self.others or there.label(SPEC) != self.desired.spec:
            by = f" by {there.creator}" if there.creator else ""
            raise self.acts.conflict(f"another Studio of this name ({there.id}) was made{by}")
        return there.id
