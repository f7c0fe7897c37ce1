"""Change a Studio in place: stop, change, start; one that does not come up is changed back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.planning.desired import SPEC
from deploy.planning.plan import Seen
from deploy.rollout import bodies
from deploy.rollout.acts import UNDER_WAY
from deploy.rollout.steps import Step

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.rollout.acts import Acts
    from deploy.rollout.starting import Start
    from deploy.seqera.models import Studio


@dataclass(slots=True)
class Update:
    """A Studio that is changed; `studio` is as it was when the plan was made."""

    acts: Acts
    desired: Desired
    studio: Studio
    seen: Seen
    start: Start
    stopping: bool = False
    sent: bool = False

    @property
    def ran(self) -> bool:
        """Tell whether it has to run again if the change is undone."""
        return self.studio.status in UNDER_WAY

    def steps(self) -> list[Step]:
        """List what is done, in this order, and how each of it is undone."""
        starting, waiting, asking = self.start.steps()
        return [
            Step("stopping the Studio", self.stop, self.again),
            Step("changing the Studio", self.change, self.restore),
            Step(starting.name, starting.do, self.halt),
            waiting,
            asking,
        ]

    def stop(self) -> None:
        """Stop it, if it runs."""
        now = self.acts.unchanged(self.seen)
        if not now.idle:
            self.stopping = True
            self.seen = Seen.of(self.acts.halted(now))

    def change(self) -> None:
        """Make it what it should be."""
        now = self.acts.unchanged(self.seen)
        labels = [
            *self.desired.kept_label_ids(now),
            *self.acts.means.studios.label_ids(
                {**self.desired.labels, **self.desired.own_labels}, known=now.labels
            ),
        ]
        body = self.desired.update_body(labels, now)
        self.sent = True
        changed = self.acts.write(now, body, f'changed "{now.name}" ({now.id})')
        self.start.seen = Seen.of(changed)

    def halt(self) -> None:
        """Stop it again: only then can it be changed back."""
        if self.start.begun:
            self.acts.stop(self.acts.described(self.studio.id))

    def restore(self) -> None:
        """Give it back what it was."""
        now = self.acts.described(self.studio.id)
        if not self.sent or bodies.as_it_is(now) == bodies.as_it_is(self.studio):
            return
        if now.label(SPEC) != self.desired.spec:
            self.acts.journal.note(f'left "{now.name}" ({now.id}) as somebody else has changed it')
            return
        body = bodies.as_it_is(self.studio)
        if now.compute_env_id != self.studio.compute_env_id:
            body["computeEnvId"] = self.studio.compute_env_id
        self.acts.write(now, body, f'changed "{now.name}" ({now.id}) back to what it was')

    def again(self) -> None:
        """Let it run again, if it did."""
        if not (self.ran and self.stopping):
            return
        now = self.acts.described(self.studio.id)
        # Whoever else has changed it meanwhile wants it to run, too.
        if now.name == self.studio.name and now.status != "running":
            self.acts.revive(now)

    def where(self) -> list[str]:
        """Say what is where, from what is known without asking."""
        state = "with its new settings" if self.sent else "with its old settings"
        return [f'the Studio "{self.studio.name}" ({self.studio.id}), {state}']

    def by_hand(self) -> list[str]:
        """Give the commands that go back, or on."""
        return [
            self.acts.command("status", "what it does now"),
            self.acts.command("start", "as it is now"),
            self.acts.command("deploy", "or again, with the settings that you want"),
        ]
