"""Read all that a plan needs: the profile, the Platform, and which image there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy import __version__, image_labels, preflight, profile, registry
from deploy.docker.naming import commit_of
from deploy.formats import DEFAULT_PLATFORM
from deploy.planning import choosing
from deploy.planning.desired import Desired, Origin
from deploy.registry import Unknown
from deploy.resolve import workspace
from deploy.seqera import entry
from deploy.seqera.studios import Studios

if TYPE_CHECKING:
    from deploy.build import Options
    from deploy.planning.choosing import Choice
    from deploy.preflight import Resolved
    from deploy.profile.loading import Loaded
    from deploy.registry import Inspected
    from deploy.seqera.models import Studio
    from deploy.seqera.ways import Via


@dataclass(frozen=True, slots=True)
class Request:
    """What the options say; None means that an option was not given."""

    file: Path | None = None
    stage: str | None = None
    workspace: str | None = None
    image: str | None = None
    via: Via = "auto"
    secret_arguments: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """What was read for a plan: the profile, the Platform, and which image there is.

    `image` is what the registry says, also of one that is chosen no more because it is not there.
    """

    loaded: Loaded
    resolved: Resolved
    studios: Studios
    actual: Studio | None
    choice: Choice
    image: Inspected | Unknown | None = None

    @property
    def labels(self) -> Mapping[str, str]:
        """Those of the image, as far as anybody could look into it."""
        return getattr(self.image, "labels", {})

    @property
    def ours(self) -> bool:
        """Tell whether the image has our runtime in it; one not looked into counts so."""
        return self.choice.ours and image_labels.is_ours(self.labels, otherwise=True)

    @property
    def same_release(self) -> bool:
        """Tell whether that runtime is of this very release, so that its rules are known."""
        built = self.choice.settings.image is None or self.choice.content is not None
        return built or self.labels.get(image_labels.VERSION) == __version__


def look(
    request: Request, options: Options, env: Mapping[str, str], *, inspect: bool = True
) -> Survey:
    """Read all that a plan needs; with `inspect` the image's registry is asked, too."""
    loaded = profile.load(request.file or profile.DEFAULT_FILE, request.stage, env)
    asked = workspace(loaded, request.workspace, env).value
    settings = choosing.settled(loaded, request.image, request.workspace, env)
    web = entry.door(env, options.clock, options.patience)
    resolved = preflight.resolve(loaded.profile, asked, loaded.environment, web)
    around = resolved.surroundings
    studios = Studios(web, around.workspace_id if around else None)
    actual = studios.named(loaded.profile.name, resolved.studios)
    choice = choosing.choose(settings, actual, options, env)
    found = None
    if inspect and choice.reference is not None:
        machines = resolved.compute_env.machines if resolved.compute_env else DEFAULT_PLATFORM
        found = registry.inspect(
            choice.reference,
            env,
            clock=options.clock,
            patience=options.patience,
            platform=machines,
        )
        # Nobody has named it: it was remembered, and what is remembered can be made again.
        gone = isinstance(found, Unknown) and found.reason == "no such image"
        if gone and settings.image is None:
            choice = choosing.without(choice, actual)
    return Survey(loaded, resolved, studios, actual, choice, found)


def wanted(found: Survey, env: Mapping[str, str]) -> Desired:
    """Give the Studio as it should be. An image that is not there yet has no name."""
    loaded, choice, resolved = found.loaded, found.choice, found.resolved
    said, around = loaded.profile, resolved.surroundings
    assert resolved.compute_env is not None, "without one there is a finding that forbids all"
    commit = commit_of(loaded.file.absolute().parent, env)
    return Desired(
        name=said.name,
        description=said.description,
        workspace_id=around.workspace_id if around else None,
        compute_env=resolved.compute_env,
        image=choice.reference or choice.expired or "",
        context_digest=choice.content,
        cpu=said.resources.cpu,
        memory=said.resources.memory,
        gpu=said.resources.gpu,
        lifespan_h=said.session.lifespan,
        private=said.session.private,
        spot=said.session.spot,
        ssh=said.session.ssh,
        auto_start=said.session.auto_start,
        mounts=resolved.links,
        writable=resolved.writable,
        environment=loaded.environment,
        labels=said.labels,
        origin=Origin(str(loaded.file), loaded.stage, commit),
    )
