"""Which packs make a state, and of which kind the next one is: pure.

A *base* holds every page, a *delta* those that changed since the state before, a *differential*
those that changed since the base. Deltas are small. Now and then a differential takes their place,
so that few packs are needed and one that got lost spoils a few minutes only. A new base comes when
all that was written since the last one weighs as much: then it costs no more than twice its size.
"""

from dataclasses import dataclass
from typing import Literal

from studio.snapshots.manifest import Pack

Kind = Literal["base", "delta", "differential"]
LONGEST_USE_S = 24 * 3600.0
_MOST_DELTAS = 20
_SMALL = 1 << 20


@dataclass(frozen=True, slots=True)
class Chain:
    """The packs of the newest state, and how many bytes came after its base, replaced ones too."""

    base: Pack
    deltas: tuple[Pack, ...] = ()
    added: int = 0

    @property
    def packs(self) -> tuple[Pack, ...]:
        """All packs, in the order in which they are applied."""
        return (self.base, *self.deltas)

    @property
    def room(self) -> int:
        """How long the next pack may be; beyond that a new base is the better choice.

        A base of a few kilobytes is followed by deltas up to 1 MiB in all, but by none that is half
        as long as the base itself.
        """
        return min(self.base.len // 2, max(self.base.len, _SMALL) - self.added)

    def then(self, kind: Kind, part: Pack) -> "Chain":
        """The chain of the next state, which adds this pack."""
        if kind == "base":
            return Chain(part)
        before = self.deltas if kind == "delta" else ()
        return Chain(self.base, (*before, part), self.added + part.len)


def next_kind(chain: Chain | None, *, comparable: bool, age_s: float, final: bool) -> Kind:
    """What to write next, unless it turns out longer than the chain's `room`.

    `comparable`: the pages are those of the same page size. `age_s` is the base's: retention counts
    on it that no state needs packs older than a day. `final`: there are seconds left, so a delta it
    is wherever one can be made.
    """
    if chain is None or not comparable or age_s > LONGEST_USE_S:
        return "base"
    if len(chain.deltas) >= _MOST_DELTAS and not final:
        return "differential"
    return "delta"
