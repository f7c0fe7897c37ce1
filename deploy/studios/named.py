"""The Studio that a command is about: named by an argument, or by the profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.errors import StudioGone
from deploy.resolve import workspace
from deploy.seqera import entry, surroundings
from deploy.seqera.studios import Studios

if TYPE_CHECKING:
    from deploy.build import Options
    from deploy.profile.loading import Loaded
    from deploy.seqera.models import Studio


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say of the Studio; None means that an option was not given."""

    name: str | None = None
    file: Path | None = None
    stage: str | None = None
    workspace: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A Studio's name, and the workspace in which it is looked for."""

    name: str
    studios: Studios

    def read(self) -> Studio | None:
        """Describe it as it is now, None if there is none."""
        return self.studios.named(self.name)

    def needed(self) -> Studio:
        """Describe it; raise if there is none."""
        studio = self.read()
        if studio is None:
            raise StudioGone(f'"{self.name}"')
        return studio


def find(asked: Asked, options: Options, env: Mapping[str, str]) -> Named:
    """Settle which Studio is meant.

    The profile is only read where it has to say something: it may need variables that are set where
    it is deployed, and not here.
    """
    from deploy import profile

    loaded = None
    if asked.name is None:
        loaded = profile.load(asked.file or profile.DEFAULT_FILE, asked.stage, env)
    studios = everything(asked, options, env, loaded)
    return Named(asked.name or (loaded.profile.name if loaded else ""), studios)


def everything(
    asked: Asked, options: Options, env: Mapping[str, str], loaded: Loaded | None = None
) -> Studios:
    """Give the Studios of the workspace that is meant."""
    from deploy import profile

    place = workspace(loaded, asked.workspace, env).value
    if place is None and loaded is None:
        loaded = profile.load_if_there(asked.file, asked.stage, env)
        place = workspace(loaded, None, env).value
    web = entry.enter(env, options.clock, options.patience)
    return Studios(web, surroundings.workspace_id(web, place))
