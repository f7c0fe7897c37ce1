"""Stop a Studio for a change, and let it run again if the change is undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.planning.plan import Seen
from deploy.seqera.models import UNDER_WAY

if TYPE_CHECKING:
    from deploy.rollout.acts import Acts
    from deploy.seqera.models import Studio


@dataclass(slots=True)
class Halt:
    """A Studio that rests while it is changed; `studio` is as it was when the plan was made.

    `seen` is what is expected to be there, renewed by each act. `resigned` tells that somebody else
    has taken the matter over: then it is not started any more.
    """

    acts: Acts
    studio: Studio
    seen: Seen
    stopping: bool = False
    resigned: bool = False

    def stop(self) -> None:
        """Stop it, if it runs."""
        now = self.acts.unchanged(self.seen)
        if not now.idle:
            self.stopping = True
            self.seen = Seen.of(self.acts.halted(now))

    def again(self) -> None:
        """Let it run again, if it did; what somebody else has made of it meanwhile stays."""
        if not self.stopping or self.resigned or self.studio.status not in UNDER_WAY:
            return
        now = self.acts.described(self.studio.id)
        if now.name == self.studio.name and now.status != "running":
            self.acts.revive(now)
