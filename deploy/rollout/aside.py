"""Put a Studio aside, stopped and under another name, and put it back as it was."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.planning import previous
from deploy.planning.desired import OURS, STATE, label_value
from deploy.planning.plan import Seen
from deploy.rollout import bodies, states
from deploy.rollout.halting import Halt


@dataclass(slots=True)
class Aside(Halt):
    """A Studio that makes room for another. `state` is what it has published last."""

    state: str | None = None
    away: str = ""

    def rename(self) -> None:
        """Give its name away, and note what it has published last."""
        now = self.acts.unchanged(self.seen)
        published = self.acts.means.published()
        self.state = states.last_of(now, published)
        if published and self.state is None:
            self.acts.journal.say(
                "which of the states on the data link is its last one cannot be told"
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
