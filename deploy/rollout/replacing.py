"""Replace a Studio by a new one of the same name: what cannot be changed in one takes another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.errors import StudioctlError
from deploy.rollout.aside import Aside
from deploy.rollout.creating import Creation
from deploy.rollout.steps import Step
from deploy.studios import explain

if TYPE_CHECKING:
    from deploy.rollout.acts import Acts


@dataclass(slots=True)
class Replacement:
    """The old Studio, which makes room, and the new one. They never run at the same time.

    Workspaces may be limited to one session, and two servers on one data link write apart.
    """

    acts: Acts
    old: Aside
    new: Creation

    def steps(self) -> list[Step]:
        """List what is done, in this order, and how each of it is undone."""
        return [
            Step("stopping the old Studio", self.old.stop, self.old.again),
            Step("renaming the old Studio", self.old.rename, self.old.back),
            Step("creating the new Studio", self.new.create, self.new.remove),
            Step("waiting for the new Studio", self.new.wait),
            Step("asking the new Studio", self.new.verify),
        ]

    def settle(self) -> None:
        """Keep the old Studio, or delete it once the new one runs; what fails here is a warning."""
        old, away = self.old.studio, self.old.away
        if not self.acts.means.delete_previous:
            self.acts.journal.note(
                f'kept the old Studio as "{away}" ({old.id}), stopped; studioctl rollback goes'
                " back to it"
            )
            return
        if self.new.studio is None or self.new.studio.status != "running":
            workspace = self.acts.means.studios.workspace_id
            self.acts.journal.warn(
                f'the old Studio is kept as "{away}" ({old.id}): nobody has seen the new one run.'
                f" To delete it: {explain.command('delete', away, workspace)}"
            )
            return
        try:
            self.acts.delete(old.id)
        except StudioctlError as error:
            self.acts.journal.warn(f'the old Studio "{away}" ({old.id}) was not deleted: {error}')

    def where(self) -> list[str]:
        """Say what is where, from what is known without asking."""
        old, away = self.old.studio, self.old.away
        lines = [f'the old Studio ({old.id}) is called "{old.name}"']
        if away:
            lines[0] += f' or "{away}"'
        if self.new.id is not None:
            lines.append(f'the new Studio ({self.new.id}) is called "{old.name}"')
        return lines

    def by_hand(self) -> list[str]:
        """Give the commands that go back, or on."""
        return [
            self.acts.command("list", "what is there now"),
            self.acts.command("rollback" if self.old.away else "start", "back to the old one"),
            self.acts.command("deploy", "or on with the new one"),
        ]
