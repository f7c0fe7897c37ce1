"""Change a Studio in place: stop, change, start; one that does not come up is changed back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.planning.desired import SPEC
from deploy.planning.plan import Seen
from deploy.rollout import bodies
from deploy.rollout.halting import Halt
from deploy.rollout.steps import Step

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.rollout.starting import Start


@dataclass(slots=True, kw_only=True)
class Update(Halt):
    """A Studio that is changed."""

    desired: Desired
    start: Start
    sent: bool = False

    def steps(self) -> list[Step]:
        """List what is done, in this order, and how each of it is undone."""
        return [
            Step("stopping the Studio", self.stop, self.again),
            Step("changing the Studio", self.change, self.restore),
            *self.start.steps(undone=True),
        ]

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
