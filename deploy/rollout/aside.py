"""Put a Studio aside, stopped and under another name, and put it back as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.planning import previous
from deploy.planning.desired import OURS, STATE, label_value
from deploy.planning.plan import Seen
from deploy.rollout import bodies, states
from deploy.rollout.acts import UNDER_WAY

if TYPE_CHECKING:
    from deploy.rollout.acts import Acts
    from deploy.seqera.models import Studio


@dataclass(slots=True)
class Aside:
    """A Studio that makes room for another; `studio` is as it was when the plan was made.

    `seen` is what is expected to be there, renewed by each act. `state` is what it has published
    last. `resigned` tells that somebody else has taken the matter over: then nothing is put back.
    """

    acts: Acts
    studio: Studio
    seen: Seen
    state: str | None = None
    away: str = ""
    stopping: bool = False
    resigned: bool = False

    @property
    def ran(self) -> bool:
        """Tell whether it has to run again if it is put back."""
        return self.studio.status in UNDER_WAY

    def stop(self) -> None:
        """Stop it, if it runs."""
        now = self.acts.unchanged(self.seen)
        if not now.idle:
            self.stopping = True
            self.seen = Seen.of(self.acts.halted(now))

    def rename(self) -> None:
        """Give its name away, and note what it has published last."""
        now = self.acts.unchanged(self.seen)
        published = self.acts.means.published()
        self.state = states.last_of(now, published)
        if published and self.state is None:
            self.acts.journal.say(
                "which of the published states is its last one cannot be told: several sessions"
                " have written to the data link"
            )
        marks = {OURS: label_value(self.studio.name)}
        if self.state is not None:
            marks[STATE] = states.as_label(self.state)
        kept = [label.id for label in now.labels if label.name not in marks]
        labels = [*kept, *self.acts.means.studios.label_ids(marks, known=now.labels)]
        self.away = previous.name_of(self.studio.name, self.acts.means.clock.now())
        body = bodies.as_it_is(now, self.away, labels)
        what = f'renamed "{now.name}" to "{self.away}" ({now.id})'
        self.seen = Seen.of(self.acts.write(now, body, what))

    def back(self) -> None:
        """Give it its name and its labels back, if they were taken."""
        now = self.acts.described(self.studio.id)
        if now.name == self.studio.name:
            return
        holder = self.acts.means.studios.named(self.studio.name)
        if now.name != self.away or (holder is not None and holder.id != now.id):
            self.resigned = True
            self.acts.journal.note(
                f'left "{now.name}" ({now.id}) as it is: somebody else works on it, too'
            )
            return
        how = states.returning(self.state, self.acts.means.published())
        environment = {states.RESTORE: how.restore_from} if how.restore_from else {}
        body = bodies.as_it_is(now, self.studio.name, bodies.ids(self.studio.labels), environment)
        self.acts.write(now, body, f'renamed "{now.name}" back to "{self.studio.name}" ({now.id})')
        for line in how.words:
            self.acts.journal.note(line)

    def again(self) -> None:
        """Let it run again, if it did; what somebody else has made of it meanwhile stays."""
        if not (self.ran and self.stopping) or self.resigned:
            return
        now = self.acts.described(self.studio.id)
        if now.name == self.studio.name and now.status != "running":
            self.acts.revive(now)
