"""Go back to the Studio that the last replacement put aside, and put the present one aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.planning.desired import STATE
from deploy.planning.plan import Seen
from deploy.rollout import bodies, states
from deploy.rollout.aside import Aside
from deploy.rollout.halting import Halt
from deploy.rollout.starting import Start
from deploy.rollout.steps import Step

if TYPE_CHECKING:
    from deploy.rollout.acts import Acts


@dataclass(slots=True)
class GoingBack:
    """The present Studio, None if there is none, and the one that comes back."""

    acts: Acts
    name: str
    present: Aside | None
    kept: Halt
    start: Start
    sent: bool = False

    def steps(self) -> list[Step]:
        """List what is done, in this order, and how each of it is undone."""
        away = (
            [
                Step("stopping the present Studio", self.present.stop, self.present.again),
                Step("renaming the present Studio", self.present.rename, self.present.back),
            ]
            if self.present
            else []
        )
        return [
            # Somebody may have started it by hand.
            Step("stopping the old Studio", self.kept.stop, self.kept.again),
            *away,
            Step("renaming the old Studio", self.take_back, self.give_up),
            *self.start.steps(undone=True),
        ]

    def take_back(self) -> None:
        """Give the old one its name, and the state to start from if it cannot read a newer one."""
        now = self.acts.unchanged(self.kept.seen)
        published = self.acts.means.published()
        how = states.returning(states.from_label(now.label(STATE)), published)
        labels = [label.id for label in now.labels if label.name != STATE]
        environment = {states.RESTORE: how.restore_from} if how.restore_from else {}
        body = bodies.as_it_is(now, self.name, labels, environment)
        self.sent = True
        what = f'renamed "{now.name}" to "{self.name}" ({now.id})'
        self.start.seen = Seen.of(self.acts.write(now, body, what))
        for line in how.words:
            self.acts.journal.note(line)
        if published is None:
            self.acts.journal.say(
                "what newer sessions have published cannot be read from here; if the old Studio"
                " finds a newer schema, it refuses to start and names the state to start from"
            )

    def give_up(self) -> None:
        """Put it aside again, as it was."""
        kept = self.kept.studio
        now, before = self.acts.described(kept.id), bodies.as_it_is(kept)
        if self.sent and bodies.as_it_is(now) != before:
            self.acts.write(now, before, f'renamed "{now.name}" to "{kept.name}" ({now.id})')

    def where(self) -> list[str]:
        """Say what is where, from what is known without asking."""
        kept = self.kept.studio
        lines = [f'the old Studio ({kept.id}) is called "{kept.name}" or "{self.name}"']
        if self.present is not None:
            other = f' or "{self.present.away}"' if self.present.away else ""
            lines.append(
                f'the other Studio ({self.present.studio.id}) is called "{self.name}"{other}'
            )
        return lines

    def by_hand(self) -> list[str]:
        """Give the commands that go on."""
        return [
            self.acts.command("list", "what is there now"),
            self.acts.command("rollback", "once more"),
            self.acts.command("deploy", "or what the profile says"),
        ]
