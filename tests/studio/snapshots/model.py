"""Any sequence of what can happen to Studios on one link, with the ledger of commits as the judge.

Two homes share a link. Their Studios commit, publish, fail to publish, are killed, stopped,
cloned, put back to an old checkpoint, lose their disks; files on the link get lost or torn; clocks
are an hour wrong; time passes and retention sweeps. Whenever one starts, it must begin with a
prefix of what was acknowledged, and with the newest there is.
"""

import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from studio.snapshots import drill, start
from studio.snapshots.decide import Wishes
from studio.snapshots.layout import State
from studio.snapshots.start import Start
from tests.studio.snapshots import ledger
from tests.studio.snapshots.published import Content, Link, Steps
from tests.studio.snapshots.simulation import HOUR, Clock, Studio

HOMES = st.sampled_from([0, 0, 1])
WRONG_BY = st.sampled_from([0.0, 0.0, HOUR, -HOUR])


class Studios(RuleBasedStateMachine):
    """The model; hypothesis calls its rules in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.link = Link(self.folder / "link")
        self.link.folder.mkdir()
        self.clock = Clock()
        self.studios = [
            Studio(self.link.folder, self.folder / str(number), self.clock) for number in range(2)
        ]
        self.contents = [Content(), Content()]
        self.checkpoints: dict[int, Content] = {}
        self.steps = 0

    def teardown(self) -> None:
        for studio in self.studios:
            if studio.publisher:
                studio.publisher.close()
        shutil.rmtree(self.folder)

    @initialize()
    def one_is_in_use(self) -> None:
        self.start(0, 0.0)
        self.commit_and_publish(0)

    # --- a Studio starts

    @rule(number=HOMES, wrong_by=WRONG_BY)
    def start(self, number: int, wrong_by: float) -> None:
        studio = self.studios[number]
        if studio.publisher:
            return
        studio.wrong_by = wrong_by
        self.clock.pass_by(1)  # no two sessions of one model begin in the same second
        had, intact = self.contents[number], self.link.intact()
        was_there = studio.db.exists()
        begun = self._begin(studio)
        if begun.choice.kind == "refuse":
            assert begun.choice.exit_code == 78
            assert not intact
            assert not was_there
            begun = self._begin(studio, Wishes(allow_empty=True))
        if begun.choice.kind == "fresh":
            assert not intact
            assert not was_there
            ledger.create(studio.db)
        has = frozenset(ledger.steps(studio.db))
        if begun.choice.kind == "local":
            assert has == had.steps
            self._check_that_nothing_is_ahead(has, had, intact)
        if begun.choice.kind == "restore":
            self._check_what_was_restored(begun, has, intact)
            self._check_what_gave_way(begun, was_there, has, had)
            self.contents[number] = Content(has)
        studio.publish_with(fresh=True)

    def _begin(self, studio: Studio, wishes: Wishes | None = None) -> Start:
        wishes = wishes or Wishes()
        return start.begin(studio.link, studio.db, studio.home, wishes, studio.wall())

    def _check_that_nothing_is_ahead(
        self, has: Steps, had: Content, intact: dict[State, Steps]
    ) -> None:
        """No state that this very file became is newer than the file."""
        for state, steps in intact.items():
            assert state.sid not in had.sessions or steps <= has, state

    def _check_what_was_restored(
        self, begun: Start, has: Steps, intact: dict[State, Steps]
    ) -> None:
        taken = begun.choice.state
        assert taken is not None
        assert intact[taken] == has
        rejected = {r.state for r in begun.rejections}
        assert not rejected & intact.keys()
        if not rejected:
            assert not [state for state, steps in intact.items() if steps > has]

    def _check_what_gave_way(self, begun: Start, was_there: bool, has: Steps, had: Content) -> None:
        assert (begun.set_aside is not None) == was_there
        if begun.set_aside is not None:
            assert frozenset(ledger.steps(begun.set_aside)) == had.steps
            assert begun.set_aside.parent.name == "diverged" or had.steps <= has

    # --- it runs

    @rule(number=HOMES)
    def commit(self, number: int) -> None:
        studio, content = self.studios[number], self.contents[number]
        if studio.publisher:
            self.steps += 1
            ledger.commit(studio.db, self.steps)
            self.contents[number] = Content(content.steps | {self.steps}, content.sessions)

    @rule(number=HOMES)
    def commit_and_publish(self, number: int) -> None:
        self.commit(number)
        self._publish(number)

    @rule(
        number=HOMES,
        puts=st.integers(0, 2),
        left=st.sampled_from(["nothing", "half", "all"]),
    )
    def fail_to_publish(self, number: int, puts: int, left: str) -> None:
        """The link fails at one of the next writes, and may leave half a file or all of it."""
        with self.link.failing(puts, left, self.contents[number].steps):
            self._publish(number)

    def _publish(self, number: int) -> None:
        studio = self.studios[number]
        if studio.publisher is None:
            return
        self.clock.pass_by(15)
        try:
            published = studio.publisher.cycle()
        except OSError:
            published = None
            assert studio.publisher.dirty()
        content = self.contents[number]
        sessions = content.sessions | {studio.publisher.session}
        self.contents[number] = Content(content.steps, sessions)
        if published is not None:
            self.link.add(published.state, content.steps)

    @rule(number=HOMES)
    def rehearse(self, number: int) -> None:
        studio = self.studios[number]
        if studio.publisher and studio.publisher.published:
            state = studio.publisher.published.state
            reason = drill.rehearse(studio.publisher)
            assert (reason is None) == (state in self.link.intact()), reason
            studio.rehearsed(reason is None)

    @rule(hours=st.sampled_from([1.0, 9.0, 30.0, 400.0]))
    def time_passes(self, hours: float) -> None:
        self.clock.pass_by(hours * HOUR)
        for studio in self.studios:
            if studio.publisher:
                before = self.link.intact()
                studio.sweep(40)
                after = self.link.intact()
                for state in before.keys() - after.keys():
                    assert any(before[state] <= steps for steps in after.values()), state

    # --- it ends

    @rule(number=HOMES)
    def publisher_is_killed(self, number: int) -> None:
        studio = self.studios[number]
        if studio.publisher:
            studio.publisher.close()
            self.clock.pass_by(1)
            studio.publish_with(fresh=False)

    def kill(self, number: int) -> None:
        """End a Studio without a word."""
        if self.studios[number].publisher:
            self.studios[number].end(cleanly=False)

    @rule(number=HOMES, wrong_by=WRONG_BY)
    def lose_the_machine_and_start_again(self, number: int, wrong_by: float) -> None:
        self.kill(number)
        self.lose_the_home(number)
        self.start(number, wrong_by)

    @rule(number=HOMES)
    def stop(self, number: int) -> None:
        self._publish(number)
        if self.studios[number].publisher:
            self.studios[number].end()

    # --- disks

    def lose_the_home(self, number: int) -> None:
        """Forget the local disk."""
        studio = self.studios[number]
        if not studio.publisher:
            shutil.rmtree(studio.home, ignore_errors=True)
            self.contents[number] = Content()

    @rule(number=HOMES)
    def take_a_checkpoint(self, number: int) -> None:
        studio, kept = self.studios[number], self.folder / f"checkpoint-{number}"
        if studio.db.exists():
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(studio.home, kept)
            self.checkpoints[number] = self.contents[number]

    @precondition(lambda self: self.checkpoints)
    @rule(number=HOMES, of=HOMES, wrong_by=WRONG_BY)
    def start_from_a_checkpoint(self, number: int, of: int, wrong_by: float) -> None:
        """A home goes back in time, or becomes a clone of another."""
        of = of if of in self.checkpoints else min(self.checkpoints)
        self.kill(number)
        studio = self.studios[number]
        shutil.rmtree(studio.home, ignore_errors=True)
        shutil.copytree(self.folder / f"checkpoint-{of}", studio.home)
        self.contents[number] = self.checkpoints[of]
        self.start(number, wrong_by)

    @rule(number=HOMES, wrong_by=WRONG_BY)
    def crash_and_start_again(self, number: int, wrong_by: float) -> None:
        self.kill(number)
        self.start(number, wrong_by)

    @precondition(lambda self: self.link.published)
    @rule(which=st.integers(0, 9), manifest=st.booleans(), lost=st.booleans())
    def a_newest_file_is_damaged(self, which: int, manifest: bool, lost: bool) -> None:
        intact = self.link.intact()
        newest = {state.sid: state for state in sorted(intact)}
        if len(intact) > 3:
            state = list(newest.values())[which % len(newest)]
            path = self.link.files[state][0 if manifest else -1]
            self.link.torn.add(path)
            if lost:
                path.unlink()
            else:
                path.write_bytes(path.read_bytes()[:-7])
