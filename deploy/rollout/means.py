"""What a plan is carried out with: the Platform, a clock, and what the user wishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deploy.wait import Clock

if TYPE_CHECKING:
    from deploy.seqera.explorer import Published
    from deploy.seqera.studios import Studios
    from deploy.seqera.ways import Way
    from deploy.web import Web


@dataclass(frozen=True, slots=True)
class Means:
    """All that is given from outside.

    `published` gives the newest state of each session on the Studio's data link, None where that
    cannot be read; `replan` gives the text of the plan as it would be now. `limit_s` is the longest
    wait that the user wants, None for the usual ones. `secrets` are values that are never shown.
    """

    studios: Studios
    way: Way
    reach: Callable[[str], Web]
    clock: Clock = field(default_factory=Clock)
    published: Callable[[], Sequence[Published] | None] = lambda: None
    replan: Callable[[], str] = lambda: ""
    limit_s: float | None = None
    secrets: tuple[str, ...] = ()
    wait: bool = True
    delete_previous: bool = False
