"""Single acts on one Studio, each done surely: look before, and look again where an answer is lost.

What the Platform has is read anew before every write: somebody else may be at work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deploy.errors import (
    ChangedMeanwhile,
    CredentialMissing,
    GaveUpWaiting,
    NotAllowed,
    NotReady,
    StudioBuildFailed,
    StudioctlError,
    StudioFailed,
    StudioGone,
    Unreachable,
)
from deploy.planning.desired import is_ours
from deploy.planning.plan import Seen
from deploy.rollout import bodies
from deploy.seqera.models import UNDER_WAY
from deploy.studios import explain, readiness, waiting
from deploy.studios.readiness import Readiness
from deploy.wait import spelt

if TYPE_CHECKING:
    from deploy.planning.desired import Desired
    from deploy.rollout.means import Means
    from deploy.rollout.steps import Journal
    from deploy.seqera.models import Label, Studio

PAUSES_S = (2, 5, 10)
# What a status becomes by itself, and nobody has been at work.
COMES_NEXT = {
    "building": ("starting", "running"),
    "starting": ("running",),
    "stopping": ("stopped",),
}


@dataclass(slots=True)
class Acts:
    """The acts; what they do is said, and noted in the journal.

    `labels` collects labels of ours that may be of no use any more.
    """

    means: Means
    journal: Journal
    name: str
    labels: dict[int, Label] = field(default_factory=dict)

    def command(self, verb: str, meaning: str = "") -> str:
        """Write a command on this Studio for people; `list` and `deploy` take no name."""
        name = None if verb in ("list", "deploy") else self.name
        return explain.command(verb, name, self.means.studios.workspace_id, meaning)

    def described(self, id_: str) -> Studio:
        """Read a Studio anew."""
        studio = self.means.studios.described(id_)
        self.labels |= {label.id: label for label in studio.labels if is_ours(label.name)}
        return studio

    def unchanged(self, seen: Seen) -> Studio:
        """Read a Studio anew, and refuse to go on if somebody has changed it since."""
        try:
            studio = self.described(seen.id)
        except StudioGone as error:
            raise self.conflict("it was deleted") from error
        now = Seen.of(studio)
        if now != seen and not _went_on(seen, now):
            raise self.conflict(_difference(seen, now))
        return studio

    def halted(self, studio: Studio) -> Studio:
        """Bring a Studio to rest, and refuse to go on if somebody has changed it meanwhile."""
        now = self.stop(studio)
        if bodies.as_it_is(now) != bodies.as_it_is(studio):
            raise self.conflict("it was changed while it stopped")
        return now

    def conflict(self, what: str) -> ChangedMeanwhile:
        """Say that somebody else is at work, and what the plan would be now."""
        return ChangedMeanwhile(self.name, what, self.means.replan())

    def stop(self, studio: Studio) -> Studio:
        """Bring a Studio to rest, whatever it does; give it as it is then."""
        while not studio.idle:
            if studio.status == "stopping" or self._told_to_stop(studio):
                limit_s = self._limit_s(waiting.STOP_LIMIT_S)
                studio = waiting.wait(
                    self.means.studios, studio.id, "stopped", limit_s, self.means.clock
                )
                self.journal.note(f"stopped {_known(studio)}")
            else:
                studio = self._settled(studio)
        return studio

    def start(self, studio: Studio, desired: Desired | None = None) -> None:
        """Tell a Studio to start; it is not waited for."""
        self._surely(
            studio.id,
            lambda: self.means.way.start(studio.id, studio.name, desired),
            lambda now: now.status in UNDER_WAY,
        )
        self.journal.note(f"started {_known(studio)}")

    def write(self, studio: Studio, body: Mapping[str, Any], what: str) -> Studio:
        """Change a Studio that is idle, and give it as it is then.

        What is read back is compared with what was sent: who writes last, wins.
        """

        def is_done(now: Studio) -> bool:
            return now.name == body["name"] and set(bodies.ids(now.labels)) == set(body["labelIds"])

        self._surely(studio.id, lambda: self.means.studios.update(studio.id, body), is_done)
        now = self.described(studio.id)
        if not is_done(now):
            raise self.conflict("somebody has written to it at the same moment")
        self.journal.note(what)
        return now

    def delete(self, id_: str) -> None:
        """Stop and delete a Studio; one that is gone already is all that is wanted."""
        done = ""
        try:
            studio = self.stop(self.described(id_))
            done = f"deleted {_known(studio)}"
            self._surely(id_, lambda: self.means.studios.delete(id_), lambda now: False)
        except StudioGone:
            if self._is_there(id_):
                raise
        if done:
            self.journal.note(done)

    def _is_there(self, id_: str) -> bool:
        try:
            self.described(id_)
        except StudioGone:
            return False
        return True

    def awake(self, id_: str, before: Studio | None = None, verb: str = "") -> Studio:
        """Wait until a Studio runs; for `verb` see `waiting.wait`."""
        return waiting.wait(
            self.means.studios,
            id_,
            "running",
            self._limit_s(waiting.START_LIMIT_S),
            self.means.clock,
            before=before,
            verb=verb,
        )

    def revive(self, studio: Studio) -> None:
        """Let a Studio run again that was stopped for something that did not work out."""
        before = self.stop(studio) if studio.status == "stopping" else studio
        if before.idle:
            self.start(before)
        self.awake(before.id, before=before if before.idle else None)
        self.journal.note(f"{_known(before)} runs again")

    def ready(self, studio: Studio) -> Readiness:
        """Ask a running Studio whether it can do its work, and insist on it."""
        limit_s = min(self.means.limit_s or readiness.READY_LIMIT_S, readiness.READY_LIMIT_S)
        found = readiness.ready(studio, self.means.reach, self.means.clock, limit_s)
        if found.state == "not ready":
            raise NotReady(self.name, spelt(limit_s), found.why, self.command("status"))
        return found

    def leave(self, known: str) -> None:
        """Say, after Ctrl-C, what goes on by itself, and how to look at it and to stop it."""
        self.journal.say(known)
        self.journal.say(self.command("status", "to look at it"))
        self.journal.say(self.command("stop", "to stop it"))

    def tidy(self) -> None:
        """Delete labels of ours that no Studio has any more, as far as that can be done."""
        self.means.studios.drop_labels(self.labels.values())

    def _limit_s(self, usual_s: float) -> float:
        """Give the longest wait; going back is not cut short, whatever hurry the user is in."""
        wanted_s = self.means.limit_s or usual_s
        return max(wanted_s, usual_s) if self.journal.undoing else wanted_s

    def _told_to_stop(self, studio: Studio) -> bool:
        """Tell it to stop. While it starts, the Platform may refuse that."""
        try:
            self._surely(
                studio.id,
                lambda: self.means.way.stop(studio.id, studio.name),
                lambda now: now.idle or now.status == "stopping",
            )
        except (CredentialMissing, NotAllowed, Unreachable, StudioGone):
            raise
        except StudioctlError:
            if studio.status not in ("starting", "building"):
                raise
            return False
        return True

    def _settled(self, studio: Studio) -> Studio:
        """Wait until it has started, or takes so long that the Platform lets it be stopped."""
        self.journal.say(f"{_known(studio)} is {studio.status}; it can be stopped after that")
        try:
            return self.awake(studio.id, verb="stop")
        except (StudioFailed, StudioBuildFailed):
            return self.described(studio.id)
        except GaveUpWaiting:
            if not self._told_to_stop(studio):
                raise
            return self.described(studio.id)

    def _surely(
        self, id_: str, act: Callable[[], object], is_done: Callable[[Studio], bool]
    ) -> None:
        """Send; where nobody knows whether it was done, look, and send again what was not."""
        failure: Unreachable | None = None
        for pause_s in PAUSES_S:
            try:
                act()
            except Unreachable as error:
                failure = error
            except (CredentialMissing, StudioGone):
                raise
            except StudioctlError:
                # A refusal is none if it is as it should be: somebody else may have done it.
                if is_done(self.described(id_)):
                    return
                raise
            else:
                return
            self.journal.say(f"{failure.short}; looking whether it was done")
            self.means.clock.sleep(pause_s)
            if is_done(self.described(id_)):
                return
        assert failure is not None
        raise failure


def _went_on(seen: Seen, now: Seen) -> bool:
    """Tell whether nothing but time has passed: a start and a stop come to their ends alone.

    >>> _went_on(Seen("a", "starting", "s", 1), Seen("a", "running", "s", 2))
    True
    """
    return now.spec == seen.spec and now.status in COMES_NEXT.get(seen.status, ())


def _difference(seen: Seen, now: Seen) -> str:
    """Say what differs, the most telling first.

    >>> _difference(Seen("a", "running", "s", 1), Seen("a", "stopped", "s", 2))
    'it is stopped now, and was running'
    """
    if now.status != seen.status:
        return f"it is {now.status} now, and was {seen.status}"
    if now.spec != seen.spec:
        return (
            f"its label studioctl-spec is {now.spec or 'gone'} now, and was {seen.spec or 'none'}"
        )
    return "it was changed after the plan was made"


def _known(studio: Studio) -> str:
    return f'"{studio.name}" ({studio.id})'
