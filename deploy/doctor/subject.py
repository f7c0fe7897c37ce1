"""What is examined: a profile, an environment, and the servers that they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.secret import Secret
from deploy.wait import Clock
from deploy.web import Patience, Web

if TYPE_CHECKING:
    from deploy.profile import Loaded

CONNECT_S, READ_S = 4, 6


@dataclass(frozen=True, slots=True)
class Subject:
    """All that the checks look at; `profile` is None where there is none that can be read."""

    env: Mapping[str, str] = field(repr=False)
    file: Path | None = None
    stage: str | None = None
    workspace: str | None = None
    clock: Clock = field(default_factory=Clock)
    patience: Patience = field(default_factory=Patience)
    profile: Loaded | None = None

    def reach(self, base: str, token: Secret | None = None) -> Web:
        """Give a door to a server that is not waited for, and not asked twice."""
        patience = replace(
            self.patience,
            connect_s=min(self.patience.connect_s, CONNECT_S),
            read_s=min(self.patience.read_s, READ_S),
            answer_s=min(self.patience.answer_s, READ_S),
            repeat_s=0,
            lost_s=0,
            errors_repeated=0,
        )
        return Web(
            base,
            self.env,
            bearer=token,
            clock=self.clock,
            patience=patience,
            explain=lambda _: None,
        )
